#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "kan/evaluator.hpp"
#include "kan/system.hpp"
#include "quadratic_models.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Evaluator;
using kan::Loss;
using kan::Network;
using kan::Purpose;
using kan::QuadraticModel;

struct Problem {
  Network<double> network;
  std::size_t rows;
  std::vector<double> x, y, weight;
  std::vector<std::int64_t> labels;

  Problem(const Architecture& architecture, std::size_t count)
      : network(random_network<double>(architecture)), rows(count) {
    Random random(count);
    x = random.values<double>(rows * size(architecture.inputs()), -1.2, 1.2);
    y = random.values<double>(rows * size(architecture.outputs()));
    weight = random.values<double>(rows, 0.5, 2.0);
    for (std::size_t n = 0; n < rows; ++n) {
      labels.push_back(static_cast<std::int64_t>(random.between(0, architecture.outputs())));
    }
  }

  kan::Samples<double> samples() const {
    return {x.data(), y.data(), labels.data(), weight.data(), nullptr, rows};
  }

  QuadraticModel model(Loss loss) const {
    QuadraticModel made;
    Evaluator<double>(network, Purpose::curvature).model(samples(), loss, nullptr, made);
    return made;
  }
};

/// d y_o / d p of one row, by the way back of `pullback`, 0 where nothing may move.
std::vector<std::vector<double>> jacobian(const Problem& problem, std::size_t n) {
  const auto outputs = size(problem.network.architecture().outputs());
  const auto inputs = size(problem.network.architecture().inputs());
  std::vector<std::vector<double>> rows;
  Evaluator<double> evaluator(problem.network, Purpose::gradient);
  for (std::size_t o = 0; o < outputs; ++o) {
    std::vector<double> seed(outputs);
    seed[o] = 1.0;
    std::vector<double> row(problem.network.parameter_count());
    evaluator.pullback(&problem.x[n * inputs], 1, seed.data(), row.data(), nullptr);
    problem.network.clear_fixed(row.data());
    rows.push_back(row);
  }
  return rows;
}

/// Second derivative of the loss of one row by its outputs.
std::vector<std::vector<double>> loss_curvature(const Problem& problem, Loss loss, std::size_t n) {
  const auto outputs = size(problem.network.architecture().outputs());
  const auto inputs = size(problem.network.architecture().inputs());
  std::vector<std::vector<double>> h(outputs, std::vector<double>(outputs));
  std::vector<double> z(outputs);
  Evaluator<double>(problem.network, Purpose::predict).predict(&problem.x[n * inputs], 1, z.data());
  double sum = 0.0;
  for (const double value : z) sum += std::exp(value);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t c = 0; c < outputs; ++c) {
      const double p = std::exp(z[o]) / sum;
      const double q = std::exp(z[c]) / sum;
      h[o][c] =
          loss == Loss::mse ? (o == c ? 2.0 / double(outputs) : 0.0) : (o == c ? p : 0.0) - p * q;
    }
  }
  return h;
}

std::vector<double> expected_curvature(const Problem& problem, Loss loss) {
  const std::size_t count = problem.network.parameter_count();
  std::vector<double> curvature(count * count);
  double total = 0.0;
  for (const double weight : problem.weight) total += weight;
  for (std::size_t n = 0; n < problem.rows; ++n) {
    const auto rows = jacobian(problem, n);
    const auto h = loss_curvature(problem, loss, n);
    for (std::size_t o = 0; o < rows.size(); ++o) {
      for (std::size_t c = 0; c < rows.size(); ++c) {
        const double factor = problem.weight[n] / total * h[o][c];
        if (factor == 0.0) continue;
        for (std::size_t p = 0; p < count; ++p) {
          for (std::size_t q = 0; q < count; ++q) {
            curvature[p * count + q] += factor * rows[o][p] * rows[c][q];
          }
        }
      }
    }
  }
  return curvature;
}

std::size_t movable(const Network<double>& network) {
  std::size_t count = 0;
  for (const std::uint8_t one : network.trainable()) count += one;
  return count;
}

TEST_CASE("the curvature is that of the Jacobian and the loss") {
  for (const Architecture& architecture : telling_architectures()) {
    Problem problem(architecture, 23);
    for (const bool masked : {false, true}) {
      if (masked) {
        std::vector<std::uint8_t> mask(problem.network.edge_mask(0).size(), 1);
        mask[1] = 0;
        problem.network.set_edge_mask(0, mask);
        problem.network.set_trainable({true, false, true});
        std::vector<std::uint8_t> moves = problem.network.symbolic_trainable(0);
        for (std::size_t p = 0; p < moves.size(); p += 3) moves[p] = 0;
        problem.network.set_symbolic_trainable(0, moves);
      }
      for (const Loss loss : {Loss::mse, Loss::cross_entropy}) {
        const auto expected = expected_curvature(problem, loss);
        const QuadraticModel model = problem.model(loss);
        CHECK(model.parameters.size() == movable(problem.network));
        double scale = 0.0;
        for (const double value : expected) scale = std::max(scale, std::abs(value));
        const double worst = worst_difference(model, expected, problem.network.parameter_count());
        INFO("degree " << architecture.layers[0].degree << ", masked " << masked << ", loss "
                       << static_cast<int>(loss));
        // 23 samples of products of some ten roundings each.
        CHECK(worst <= 300 * epsilon<double> * scale);
      }
    }
  }
}

TEST_CASE("value and gradient of the model are those of the loss") {
  const Problem problem(telling_architectures()[3], 500);
  const QuadraticModel model = problem.model(Loss::mse);
  std::vector<double> gradient(problem.network.parameter_count());
  const double value = Evaluator<double>(problem.network, Purpose::gradient)
                           .loss_and_gradient(problem.samples(), Loss::mse, gradient.data());
  CHECK(std::abs(model.value - value) <= 100 * epsilon<double> * value);
  REQUIRE(model.parameters.size() == gradient.size());
  for (std::size_t c = 0; c < gradient.size(); ++c) {
    CHECK(std::abs(model.gradient[c] - gradient[model.parameters[c]]) <= 1e-13);
  }
}

TEST_CASE("the model has the same bits for any number of threads") {
  const Problem problem(telling_architectures()[3], 3000);
  const int before = kan::thread_count();
  QuadraticModel expected;
  for (const int threads : {1, 2, 3}) {
    kan::set_thread_count(threads);
    const QuadraticModel model = problem.model(Loss::cross_entropy);
    if (threads == 1) expected = model;
    INFO("threads " << threads);
    CHECK(model.value == expected.value);
    CHECK(same_bits(model.gradient, expected.gradient));
    CHECK(same_bits(model.curvature, expected.curvature));
  }
  kan::set_thread_count(before);
}

TEST_CASE("a model is refused where there is none") {
  Problem problem(telling_architectures()[3], 5);
  QuadraticModel model;
  CHECK_THROWS_AS(Evaluator<double>(problem.network, Purpose::gradient)
                      .model(problem.samples(), Loss::mse, nullptr, model),
                  std::logic_error);
}

}  // namespace
