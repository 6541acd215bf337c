#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "jets.hpp"
#include "kan/errors.hpp"
#include "quadratic_models.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::JetEvaluator;
using kan::Network;
using kan::QuadraticModel;
using kan::Residual;
using kan::ResidualModel;

/// A residual with arrays of its own, and the evaluator that its jets need.
struct Condition {
  JetEvaluator<double> evaluator;
  std::vector<double> x, values, seeds, unknown_seeds;
  std::size_t rows;
  double weight;

  Condition(const Network<double>& network, int order, std::size_t rows_, std::size_t unknowns,
            double weight_)
      : evaluator(network, order), rows(rows_), weight(weight_) {
    Random random(rows + size(order));
    const std::size_t outputs = size(network.architecture().outputs());
    x = random.values<double>(rows * size(network.architecture().inputs()), -1.2, 1.2);
    values = random.values<double>(rows);
    seeds = random.values<double>(evaluator.shape().size() * rows * outputs);
    unknown_seeds = random.values<double>(rows * unknowns);
  }

  Residual<double> residual() const {
    return {x.data(),
            rows,
            values.data(),
            seeds.data(),
            unknown_seeds.empty() ? nullptr : unknown_seeds.data(),
            weight};
  }
};

QuadraticModel model_of(const Network<double>& network, std::size_t unknowns,
                        std::vector<Condition>& conditions) {
  QuadraticModel model;
  ResidualModel<double> sums(network, unknowns);
  sums.begin(model);
  for (Condition& one : conditions) {
    sums.add(one.evaluator, one.residual(), network.parameters(), model);
  }
  sums.finish(model);
  return model;
}

/// The derivatives of residual n by parameters and unknowns, 0 where nothing may move.
std::vector<double> jacobian_row(const Network<double>& network, Condition& of, std::size_t n) {
  const std::size_t inputs = size(network.architecture().inputs());
  const std::size_t outputs = size(network.architecture().outputs());
  std::vector<double> seeds;
  for (std::size_t at = n * outputs; at < of.seeds.size(); at += of.rows * outputs) {
    seeds.insert(seeds.end(), &of.seeds[at], &of.seeds[at] + outputs);
  }
  std::vector<double> row(network.parameter_count());
  of.evaluator.pullback(&of.x[n * inputs], 1, seeds.data(), row.data(), nullptr);
  network.clear_fixed(row.data());
  const std::size_t unknowns = of.unknown_seeds.size() / of.rows;
  for (std::size_t u = 0; u < unknowns; ++u) row.push_back(of.unknown_seeds[n * unknowns + u]);
  return row;
}

/// Value, gradient [P + unknowns] and curvature of a sum of squares from its rows.
struct Expected {
  double value = 0.0;
  std::vector<double> gradient, curvature;

  Expected(const Network<double>& network, std::size_t unknowns, std::vector<Condition>& conditions)
      : gradient(network.parameter_count() + unknowns),
        curvature(gradient.size() * gradient.size()) {
    for (Condition& one : conditions) {
      for (std::size_t n = 0; n < one.rows; ++n) {
        add(jacobian_row(network, one, n), one.values[n], one.weight);
      }
    }
  }

 private:
  void add(const std::vector<double>& row, double residual, double weight) {
    value += weight * residual * residual;
    for (std::size_t p = 0; p < row.size(); ++p) {
      if (row[p] == 0.0) continue;
      gradient[p] += 2 * weight * residual * row[p];
      for (std::size_t q = 0; q < row.size(); ++q) {
        curvature[p * row.size() + q] += 2 * weight * row[p] * row[q];
      }
    }
  }
};

double largest(const std::vector<double>& values) {
  double most = 0.0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// Some 20 rows, whose numbers take a hundred roundings on each of the two ways.
void check_model(const Network<double>& network, std::size_t unknowns,
                 std::vector<Condition>& conditions) {
  const QuadraticModel model = model_of(network, unknowns, conditions);
  const Expected expected(network, unknowns, conditions);
  const std::vector<std::uint8_t>& moves = network.trainable();
  const auto movable = std::count(moves.begin(), moves.end(), std::uint8_t{1});
  CHECK(model.parameters.size() == std::size_t(movable) + unknowns);
  CHECK(model.scale.size() == model.parameters.size());
  CHECK(std::abs(model.value - expected.value) <= 100 * epsilon<double> * expected.value);
  const double factor = 3000 * epsilon<double>;
  for (std::size_t c = 0; c < model.parameters.size(); ++c) {
    const double error = std::abs(model.gradient[c] - expected.gradient[model.parameters[c]]);
    CHECK(error <= factor * largest(expected.gradient));
    CHECK(model.scale[c] > 0.0);
  }
  CHECK(worst_difference(model, expected.curvature, expected.gradient.size()) <=
        factor * largest(expected.curvature));
}

TEST_CASE("value, gradient and curvature are those of the rows of the Jacobian") {
  for (const auto& [label, network] : jet_networks()) {
    const std::string& name = label;  // a lambda takes no part of a binding
    for (const std::size_t unknowns : {std::size_t{0}, std::size_t{2}}) {
      INFO(name << ", unknowns " << unknowns);
      std::vector<Condition> conditions;
      conditions.emplace_back(network, 2, 17, unknowns, 0.75);
      conditions.emplace_back(network, 0, 3, unknowns, 20.0);
      check_model(network, unknowns, conditions);
    }
  }
}

TEST_CASE("jets of the third order have a model too") {
  const auto network = random_network<double>(symbolic_architecture());
  std::vector<Condition> conditions;
  conditions.emplace_back(network, 3, 9, 1, 1.0);
  check_model(network, 1, conditions);
}

TEST_CASE("rows of many chunks add up") {
  Architecture architecture;
  architecture.layers = {{2, 4, {2}, 4, 3}, {5, 1, {}, 4, 3}};
  const auto network = random_network<double>(architecture);
  std::vector<Condition> conditions;
  conditions.emplace_back(network, 2, 2000, 1, 0.5);
  check_model(network, 1, conditions);
}

TEST_CASE("what may not move is not in the model, unknowns always are") {
  auto network = random_network<double>(symbolic_architecture());
  std::vector<Condition> conditions;
  conditions.emplace_back(network, 2, 17, 2, 1.0);
  model_of(network, 2, conditions);
  ResidualModel<double> sums(network, 2);  // made before the change
  network.set_trainable({true, false, true});
  std::vector<std::uint8_t> moves = network.symbolic_trainable(0);
  for (std::size_t p = 0; p < moves.size(); p += 3) moves[p] = 0;
  network.set_symbolic_trainable(0, moves);
  check_model(network, 2, conditions);
  QuadraticModel model;
  sums.begin(model);
  sums.add(conditions[0].evaluator, conditions[0].residual(), network.parameters(), model);
  sums.finish(model);
  const QuadraticModel fresh = model_of(network, 2, conditions);
  CHECK(model.parameters == fresh.parameters);
  CHECK(same_bits(model.curvature, fresh.curvature));
}

/// r = u u_0 - a u_11 + sin(b x_0), an equation with two unknowns for the first of two outputs, and its
/// derivatives.
struct Equation {
  const Network<double>& network;
  std::vector<double> x;
  JetEvaluator<double> evaluator;
  std::size_t rows;

  Equation(const Network<double>& network_, std::size_t count)
      : network(network_),
        x(Data<double>(network_.architecture(), count, 5).x),
        evaluator(network_, 2),
        rows(count) {}

  std::size_t place(std::initializer_list<int> inputs) const {
    kan::Derivative derivative;
    for (const int i : inputs) derivative.inputs[size(derivative.order++)] = i;
    return evaluator.shape().place(derivative);
  }

  /// With all derivatives, at variables [P + 2].
  Condition linearised(const std::vector<double>& variables) {
    const double* unknowns = variables.data() + network.parameter_count();
    const std::size_t inputs = size(network.architecture().inputs());
    const std::size_t outputs = size(network.architecture().outputs());
    Condition made(network, 2, rows, 2, 0.25);
    made.x = x;
    std::fill(made.seeds.begin(), made.seeds.end(), 0.0);
    std::vector<double> jets(made.seeds.size());
    evaluator.jets(x.data(), rows, jets.data(), variables.data());
    for (std::size_t n = 0; n < rows; ++n) {
      const auto at = [&](std::size_t p) { return (p * rows + n) * outputs; };
      const std::size_t u = at(0);
      const std::size_t u_0 = at(place({0}));
      const std::size_t u_11 = at(place({1, 1}));
      const double own = x[n * inputs];
      made.values[n] = jets[u] * jets[u_0] - unknowns[0] * jets[u_11] + std::sin(unknowns[1] * own);
      made.seeds[u] = jets[u_0];
      made.seeds[u_0] = jets[u];
      made.seeds[u_11] = -unknowns[0];
      made.unknown_seeds[2 * n] = -jets[u_11];
      made.unknown_seeds[2 * n + 1] = own * std::cos(unknowns[1] * own);
    }
    return made;
  }
};

TEST_CASE("the gradient of an equation with unknowns is the central difference of its loss") {
  for (const bool affine : {false, true}) {
    const auto network = random_network<double>(symbolic_architecture(affine));
    Equation equation(network, 12);
    auto variables = parameters_of(network);
    variables.insert(variables.end(), {0.5, 1.5});
    Condition condition = equation.linearised(variables);
    QuadraticModel model;
    ResidualModel<double> sums(network, 2);
    sums.begin(model);
    sums.add(condition.evaluator, condition.residual(), variables.data(), model);
    sums.finish(model);
    const auto loss = [&] {
      const Condition here = equation.linearised(variables);
      double sum = 0.0;
      for (const double value : here.values) sum += here.weight * value * value;
      return sum;
    };
    CHECK(std::abs(model.value - loss()) <= 100 * epsilon<double> * model.value);
    REQUIRE(model.parameters.size() == variables.size());
    std::vector<double> gradient(variables.size());
    for (std::size_t c = 0; c < gradient.size(); ++c) {
      gradient[model.parameters[c]] = model.gradient[c];
    }
    INFO("affine " << affine);
    check_gradient(variables, gradient, loss, variables.size());
  }
}

TEST_CASE("the model of residuals has the same bits for any number of threads, and each time") {
  const auto network = large_jet_network<double>();
  std::vector<Condition> conditions;
  conditions.emplace_back(network, 2, 40, 1, 1.0);
  QuadraticModel expected;
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    const QuadraticModel model = model_of(network, 1, conditions);
    if (threads == 1) expected = model;
    INFO("threads " << threads);
    CHECK(model.value == expected.value);
    CHECK(same_bits(model.gradient, expected.gradient));
    CHECK(same_bits(model.scale, expected.scale));
    CHECK(same_bits(model.curvature, expected.curvature));
  }
}

TEST_CASE("an interrupt ends a model of residuals, and the next one begins at 0") {
  const auto network = random_network<double>(rich_architecture());
  std::vector<Condition> conditions;
  conditions.emplace_back(network, 2, 500, 1, 1.0);
  const QuadraticModel expected = model_of(network, 1, conditions);
  QuadraticModel model;
  ResidualModel<double> sums(network, 1);
  const auto add = [&] {
    sums.begin(model);
    sums.add(conditions[0].evaluator, conditions[0].residual(), network.parameters(), model);
    sums.finish(model);
  };
  int asked = 0;
  conditions[0].evaluator.set_interrupt([&] { return ++asked == 2; });
  CHECK_THROWS_AS(add(), kan::Interrupted);
  CHECK(asked == 2);
  conditions[0].evaluator.set_interrupt({});
  add();
  CHECK(model.value == expected.value);
  CHECK(same_bits(model.gradient, expected.gradient));
  CHECK(same_bits(model.curvature, expected.curvature));
}

}  // namespace
