#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "jets.hpp"
#include "kan/errors.hpp"
#include "kernels/kernels.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Derivative;
using kan::JetEvaluator;
using kan::JetShape;
using kan::Network;

constexpr std::size_t few_rows = 7;

std::vector<double> points(const Network<double>& network, std::size_t rows) {
  return Data<double>(network.architecture(), rows, 5).x;
}

std::vector<double> seeds(const Network<double>& network, int order, std::size_t rows) {
  const JetShape shape(network.architecture().inputs(), order);
  return Random(rows + 1).values<double>(shape.size() * rows *
                                         size(network.architecture().outputs()));
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
  return sum;
}

/// The central difference along input i of what is at `place`.
std::vector<double> difference(const Network<double>& network, int order, std::vector<double> x,
                               std::size_t i, std::size_t place) {
  constexpr double h = 1e-5;
  const std::size_t inputs = size(network.architecture().inputs());
  const std::size_t count = x.size() / inputs * size(network.architecture().outputs());
  const auto moved = [&](double step) {
    for (std::size_t n = i; n < x.size(); n += inputs) x[n] += step;
    const auto all = jets_of(network, order, x);
    const double* own = all.data() + place * count;
    return std::vector<double>(own, own + count);
  };
  const auto above = moved(h);
  const auto below = moved(-2 * h);
  std::vector<double> slopes(count);
  for (std::size_t j = 0; j < count; ++j) slopes[j] = (above[j] - below[j]) / (2 * h);
  return slopes;
}

/// Tolerances as in `check_gradient`.
void check_jets(const Network<double>& network, int order) {
  const auto x = points(network, few_rows);
  const auto jets = jets_of(network, order, x);
  const JetShape shape(network.architecture().inputs(), order);
  const std::size_t count = jets.size() / shape.size();
  for (std::size_t p = 1; p < shape.size(); ++p) {
    Derivative lower = shape[p];
    const int along = lower.inputs[size(--lower.order)];
    const auto expected = difference(network, order, x, size(along), shape.place(lower));
    double scale = 1.0;
    double worst = 0.0;
    for (std::size_t j = 0; j < count; ++j) {
      scale = std::max(scale, std::abs(expected[j]));
      const double error = std::abs(jets[p * count + j] - expected[j]);
      worst = error <= worst ? worst : std::isnan(error) ? 1e300 : error;
    }
    INFO("place " << p);
    CHECK(worst <= 2e-6 * scale);
  }
}

/// Both gradients of sum g jets, where `probes` of the variables move.
void check_pullback(const Network<double>& network, int order, std::size_t rows,
                    std::size_t probes) {
  auto x = points(network, rows);
  const auto g = seeds(network, order, rows);
  const auto [by_parameters, by_x] = pulled_back(network, order, x, g);
  auto parameters = parameters_of(network);
  const auto value = [&] { return product(jets_of(network, order, x, parameters.data()), g); };
  check_gradient(parameters, by_parameters, value, probes);
  check_gradient(x, by_x, value, probes);
}

TEST_CASE("the jet of x^3 y^3 is as by hand") {
  // Degree 3 and one interval, [0, 1]: x^3 has the products of three inner knots as coefficients.
  Architecture architecture;
  architecture.layers = {{2, 0, {2}, 1, 3}};
  architecture.base = kan::Base::zero;
  Network<double> network(architecture);
  network.set_knots(0, {-3, -2, -1, 0, 1, 2, 3, 4, -3, -2, -1, 0, 1, 2, 3, 4});
  network.set_parameters(
      std::vector<double>{0, 0, 0, 0, 0, 0, 6, 0, 0, 0,  // of input 0 in the first
                          0, 0, 0, 0, 0, 0, 0, 6, 0, 0}  // of input 1 in the second
          .data());
  const double a = 0.5;
  const double b = 0.25;
  const double a3 = a * a * a;
  const double b3 = b * b * b;
  const std::vector<double> expected = {
      a3 * b3,    3 * a * a * b3, a3 * 3 * b * b, 6 * a * b3,     9 * a * a * b * b,
      a3 * 6 * b, 6 * b3,         18 * a * b * b, 18 * a * a * b, a3 * 6};
  const auto got = jets_of(network, 3, {a, b});
  REQUIRE(got.size() == expected.size());
  for (std::size_t p = 0; p < got.size(); ++p) {
    INFO("place " << p);
    CHECK(std::abs(got[p] - expected[p]) <= 100 * epsilon<double>);
  }
}

TEST_CASE("a derivative is the central difference of the one below it") {
  for (const auto& [label, network] : jet_networks()) {
    const std::string& name = label;  // a lambda takes no part of a binding
    for (const int order : {1, 2, 3}) {
      INFO(name << ", order " << order);
      check_jets(network, order);
    }
  }
}

TEST_CASE("gradients of jets by parameters and points are central differences") {
  for (const auto& [label, network] : jet_networks()) {
    const std::string& name = label;  // a lambda takes no part of a binding
    for (const int order : {0, 1, 2, 3}) {
      INFO(name << ", order " << order);
      check_pullback(network, order, few_rows, 40);
    }
  }
}

TEST_CASE("gradients of jets add up over chunks") {
  check_pullback(random_network<double>(symbolic_architecture()), 2, 1500, 10);
}

TEST_CASE("jets with more numbers than a chunk has rows go all the same") {
  Architecture architecture;
  architecture.layers = {{9, 3, {}, 3, 4}, {3, 9, {}, 3, 4}, {9, 1, {}, 3, 4}};
  const auto network = random_network<double>(architecture);
  REQUIRE(JetShape(9, 3).size() * kan::kernels::lane_block > kan::kernels::most_rows);
  check_jets(network, 2);
  check_pullback(network, 3, 3, 20);
}

TEST_CASE("one gradient has the same bits whether the other is wanted or not") {
  const auto network = random_network<double>(symbolic_architecture());
  const auto x = points(network, 50);
  const auto g = seeds(network, 2, 50);
  const auto both = pulled_back(network, 2, x, g);
  std::vector<double> by_parameters(network.parameter_count());
  std::vector<double> by_x(x.size());
  JetEvaluator<double> evaluator(network, 2);
  evaluator.pullback(x.data(), 50, g.data(), by_parameters.data(), nullptr);
  evaluator.pullback(x.data(), 50, g.data(), nullptr, by_x.data());
  CHECK(same_bits(by_parameters, both.first));
  CHECK(same_bits(by_x, both.second));
  evaluator.pullback(x.data(), 0, g.data(), by_parameters.data(), nullptr);
  CHECK(same_bits(by_parameters, std::vector<double>(network.parameter_count())));
}

TEST_CASE("a jet takes the network's parameters where none are given") {
  const auto network = random_network<double>(rich_architecture());
  const auto x = points(network, 3);
  const auto own = parameters_of(network);
  const std::vector<double> others(own.size(), 0.5);
  CHECK(same_bits(jets_of(network, 2, x), jets_of(network, 2, x, own.data())));
  CHECK_FALSE(same_bits(jets_of(network, 2, x), jets_of(network, 2, x, others.data())));
}

TEST_CASE_TEMPLATE("the value of a jet is the prediction, bit by bit", T, float, double) {
  for (const auto& [label, architecture] : jet_architectures()) {
    const std::string& name = label;  // a lambda takes no part of a binding
    const auto network = random_network<T>(architecture);
    const Data<T> data(architecture, 70, 5);
    const auto y = predict(network, data.x);
    for (const int order : {0, 1, 2, 3}) {
      auto jets = jets_of(network, order, data.x);
      jets.resize(y.size());
      INFO(name << ", order " << order);
      CHECK(same_bits(jets, y));
    }
  }
}

TEST_CASE("jets in float are those in double, rounded") {
  const auto network = random_network<double>(rich_architecture());
  Network<float> rounded(network.architecture());
  const auto parameters = parameters_of(network);
  rounded.set_parameters(std::vector<float>(parameters.begin(), parameters.end()).data());
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const auto& knots = network.grid(l).knots;
    rounded.set_knots(l, std::vector<float>(knots.begin(), knots.end()));
  }
  const auto x = points(network, 20);
  const auto exact = jets_of(network, 2, x);
  const auto got = jets_of(rounded, 2, std::vector<float>(x.begin(), x.end()));
  double scale = 0.0;
  for (const double one : exact) scale = std::max(scale, std::abs(one));
  // Two layers of some hundred roundings each, the first's multiplied by slopes of the second.
  for (std::size_t j = 0; j < exact.size(); ++j) {
    CHECK(std::abs(static_cast<double>(got[j]) - exact[j]) <= 1000 * epsilon<float> * scale);
  }
}

TEST_CASE_TEMPLATE("one, two or three threads give the same bits of jets", T, float, double) {
  const auto network = large_jet_network<T>();
  const Data<T> data(network.architecture(), 400, 5);
  const auto g = Random(3).values<T>(JetShape(8, 2).size() * data.rows * 3);
  std::vector<std::vector<T>> expected;
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    const auto [by_parameters, by_x] = pulled_back(network, 2, data.x, g);
    const std::vector<std::vector<T>> got = {jets_of(network, 2, data.x), by_parameters, by_x};
    if (threads == 1) expected = got;
    for (std::size_t j = 0; j < got.size(); ++j) {
      INFO("threads " << threads << ", result " << j);
      CHECK(same_bits(got[j], expected[j]));
    }
  }
}

TEST_CASE_TEMPLATE("a row alone gives the same bits of jets as in a batch", T, float, double) {
  for (const auto& network : {random_network<T>(symbolic_architecture()), large_jet_network<T>()}) {
    const std::size_t inputs = size(network.architecture().inputs());
    const std::size_t outputs = size(network.architecture().outputs());
    const Data<T> data(network.architecture(), 300, 5);
    const auto all = jets_of(network, 2, data.x);
    const auto g = Random(3).values<T>(all.size());
    const auto by_x = pulled_back(network, 2, data.x, g).second;
    for (std::size_t n = 0; n < data.rows; n += 23) {
      const std::vector<T> x(&data.x[n * inputs], &data.x[n * inputs] + inputs);
      std::vector<T> own_jets, own_g;
      for (std::size_t at = n * outputs; at < all.size(); at += data.rows * outputs) {
        own_jets.insert(own_jets.end(), &all[at], &all[at] + outputs);
        own_g.insert(own_g.end(), &g[at], &g[at] + outputs);
      }
      const std::vector<T> own_by_x(&by_x[n * inputs], &by_x[n * inputs] + inputs);
      INFO("row " << n);
      CHECK(same_bits(jets_of(network, 2, x), own_jets));
      CHECK(same_bits(pulled_back(network, 2, x, own_g).second, own_by_x));
    }
  }
}

TEST_CASE("no points have no jets, and a gradient of 0") {
  const auto network = random_network<double>(rich_architecture());
  CHECK(jets_of(network, 2, {}).empty());
  const auto [by_parameters, by_x] = pulled_back(network, 2, {}, {});
  CHECK(by_parameters == std::vector<double>(network.parameter_count()));
  CHECK(by_x.empty());
}

TEST_CASE("an interrupt ends any call about jets, and the next one starts afresh") {
  const auto network = random_network<double>(rich_architecture());
  const std::size_t rows = 6000;  // more than one group of chunks, however they are divided
  const auto x = points(network, rows);
  const auto g = seeds(network, 2, rows);
  std::vector<double> jets(g.size());
  std::vector<double> gradient(network.parameter_count());
  JetEvaluator<double> evaluator(network, 2);
  int asked = 0;
  evaluator.set_interrupt([&] { return ++asked == 2; });
  CHECK_THROWS_AS(evaluator.jets(x.data(), rows, jets.data()), kan::Interrupted);
  CHECK(asked == 2);
  asked = 0;
  CHECK_THROWS_AS(evaluator.pullback(x.data(), rows, g.data(), gradient.data(), nullptr),
                  kan::Interrupted);
  CHECK(asked == 2);
  evaluator.set_interrupt({});
  evaluator.jets(x.data(), rows, jets.data());
  CHECK(same_bits(jets, jets_of(network, 2, x)));
  evaluator.pullback(x.data(), rows, g.data(), gradient.data(), nullptr);
  CHECK(same_bits(gradient, pulled_back(network, 2, x, g).first));
}

}  // namespace
