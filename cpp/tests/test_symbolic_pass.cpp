#include <doctest/doctest.h>

#include <cmath>

#include "evaluations.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Evaluator;
using kan::Function;
using kan::Loss;
using kan::Network;
using kan::Purpose;

/// Large enough for every loop to open a parallel region, with a layer of symbolic edges alone.
template <class T>
Network<T> large_network() {
  Architecture architecture;
  architecture.layers = {{8, 24, {2}, 6, 3}, {25, 7, {}, 5, 3}, {7, 16, {}, 5, 2}};
  architecture.tables = {some_table()};
  for (kan::Layer& layer : architecture.layers) {
    for (int i = 0; i < layer.inputs; ++i) {
      layer.symbolic.push_back({i, i % 5, Function::sine});
      layer.symbolic.push_back({i, 5 + i % 2, Function::table, 0});
    }
  }
  auto network = random_network<T>(architecture);
  network.set_edge_mask(1, std::vector<std::uint8_t>(network.edge_mask(1).size(), 0));
  return network;
}

TEST_CASE("symbolic edges are predicted as by hand, beside splines and alone") {
  // Degree 0 and one interval: every spline is a constant, its only coefficient.
  Architecture architecture;
  architecture.layers = {{2, 2, {}, 1, 0}};
  architecture.base = kan::Base::zero;
  architecture.layers[0].symbolic = {
      {0, 0, Function::square}, {1, 0, Function::inverse}, {1, 1, Function::absolute}};
  Network<double> network(architecture);
  const std::vector<double> parameters = {
      10, 20, 0, 0,  30, 40, 0, 0,  // coefficients and base weights of both inputs
      2,  1,  3, -1,                // 3 (2 x + 1)^2 - 1
      1,  0,  4, 0,                 // 4 / x
      -3, 0,  1, 0.5};              // |-3 x| + 0.5
  network.set_parameters(parameters.data());
  // x = (1, 2): 27 - 1 + 4 / 2 = 28 and 6.5; the splines add 10 + 30 and 20 + 40.
  CHECK(predict(network, {1.0, 2.0}) == std::vector<double>{68, 66.5});
  network.set_edge_mask(0, {0, 0, 0, 0});
  CHECK(predict(network, {1.0, 2.0, -0.5, -4.0}) == std::vector<double>{28, 6.5, -2, 12.5});
}

TEST_CASE("a new symbolic edge is its function") {
  Architecture architecture;
  architecture.layers = {{1, 1, {}, 3, 3}};
  architecture.layers[0].symbolic = {{0, 0, Function::cube}};
  CHECK(predict(Network<double>(architecture), {-2.0, 0.5}) == std::vector<double>{-8, 0.125});
}

void check_parameter_gradient(Network<double> network, std::size_t rows, std::size_t probes) {
  const Data<double> data(network.architecture(), rows, 5);
  Evaluator<double> evaluator(network, Purpose::gradient);
  std::vector<double> gradient(network.parameter_count(), 1e9);
  evaluator.loss_and_gradient(data.samples(), Loss::mse, gradient.data());
  std::vector<double> parameters(network.parameters(),
                                 network.parameters() + network.parameter_count());
  const auto value = [&] {
    network.set_parameters(parameters.data());
    return evaluator.loss(data.samples(), Loss::mse);
  };
  check_gradient(parameters, gradient, value, probes);
}

TEST_CASE("gradients of symbolic edges, and through them, are central differences") {
  for (const bool affine : {true, false}) {
    INFO("affine " << affine);
    const auto network = random_network<double>(symbolic_architecture(affine));
    check_parameter_gradient(network, 65, 1000);
    check_parameter_gradient(network, 1, 1000);
    check_parameter_gradient(network, 1500, 20);
    check_parameter_gradient(without_splines(network), 65, 1000);
  }
}

TEST_CASE("gradients of the inputs go through symbolic edges") {
  for (const bool splines : {true, false}) {
    auto network = random_network<double>(symbolic_architecture());
    if (!splines) network = without_splines(network);
    Data<double> data(network.architecture(), 65, 5);
    std::vector<double> grad_x(data.x.size(), 1e9);
    Evaluator<double>(network, Purpose::gradient)
        .pullback(data.x.data(), data.rows, data.y.data(), nullptr, grad_x.data());
    const auto value = [&] {
      const auto y = predict(network, data.x);
      double sum = 0.0;
      for (std::size_t j = 0; j < y.size(); ++j) sum += data.y[j] * y[j];
      return sum;
    };
    INFO("splines " << splines);
    check_gradient(data.x, grad_x, value, data.x.size());
  }
}

TEST_CASE("numbers of symbolic edges that do not train have no gradient") {
  auto network = random_network<double>(symbolic_architecture());
  network.set_symbolic_trainable(0, {1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1});
  const Data<double> data(network.architecture(), 50, 5);
  std::vector<double> gradient(network.parameter_count(), 1.0);
  Evaluator<double>(network, Purpose::gradient)
      .loss_and_gradient(data.samples(), Loss::mse, gradient.data());
  const double* own = gradient.data() + network.offsets(0).symbolic;
  for (std::size_t p = 0; p < network.symbolic_trainable(0).size(); ++p) {
    CHECK((own[p] != 0.0) == (network.symbolic_trainable(0)[p] == 1));
  }
}

TEST_CASE_TEMPLATE("one, two or three threads give the same bits with symbolic edges", T, float,
                   double) {
  const auto network = large_network<T>();
  const Data<T> data(network.architecture(), 2500, 5);
  std::vector<std::vector<T>> expected;
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    std::vector<T> gradient(network.parameter_count());
    std::vector<T> grad_parameters(network.parameter_count());
    std::vector<T> grad_x(data.x.size());
    Evaluator<T> evaluator(network, Purpose::gradient);
    evaluator.loss_and_gradient(data.samples(), Loss::mse, gradient.data());
    evaluator.pullback(data.x.data(), data.rows, data.y.data(), grad_parameters.data(),
                       grad_x.data());
    const std::vector<std::vector<T>> got = {predict(network, data.x), gradient, grad_parameters,
                                             grad_x};
    if (threads == 1) expected = got;
    for (std::size_t j = 0; j < got.size(); ++j) {
      INFO("threads " << threads << ", result " << j);
      CHECK(same_bits(got[j], expected[j]));
    }
  }
}

TEST_CASE_TEMPLATE("a row alone gives the same bits as in a batch with symbolic edges", T, float,
                   double) {
  for (const auto& network : {random_network<T>(symbolic_architecture()), large_network<T>()}) {
    const std::size_t inputs = size(network.architecture().inputs());
    const std::size_t outputs = size(network.architecture().outputs());
    const Data<T> data(network.architecture(), 1300, 5);
    const auto all = predict(network, data.x);
    for (std::size_t n = 0; n < data.rows; n += 37) {
      const std::vector<T> x(&data.x[n * inputs], &data.x[n * inputs] + inputs);
      const std::vector<T> y(&all[n * outputs], &all[n * outputs] + outputs);
      INFO("row " << n);
      CHECK(same_bits(predict(network, x), y));
    }
  }
}

TEST_CASE_TEMPLATE("layers without splines are what kernels make of splines of 0", T, float,
                   double) {
  const auto bare = without_splines(random_network<T>(symbolic_architecture()));
  Network<T> full(symbolic_architecture());
  full.set_parameters(bare.parameters());
  CHECK(full.has_splines(0));
  CHECK_FALSE(bare.has_splines(0));
  const Data<T> data(bare.architecture(), 300, 5);
  CHECK(same_bits(predict(bare, data.x), predict(full, data.x)));

  const auto pullback = [&](const Network<T>& network) {
    std::pair<std::vector<T>, std::vector<T>> gradients(network.parameter_count(), data.x.size());
    Evaluator<T>(network, Purpose::gradient)
        .pullback(data.x.data(), data.rows, data.y.data(), gradients.first.data(),
                  gradients.second.data());
    bare.clear_fixed(gradients.first.data());
    return gradients;
  };
  const auto expected = pullback(full);
  const auto got = pullback(bare);
  CHECK(same_bits(got.first, expected.first));
  CHECK(same_bits(got.second, expected.second));
}

TEST_CASE("a mask that is lifted brings the kernels back") {
  auto network = without_splines(random_network<double>(symbolic_architecture()));
  const Data<double> data(network.architecture(), 20, 5);
  const auto before = predict(network, data.x);
  std::vector<std::uint8_t> mask(network.edge_mask(0).size(), 0);
  mask[1] = 1;  // to a sum that the next layer reads
  network.set_edge_mask(0, mask);
  CHECK(network.has_splines(0));
  CHECK(same_bits(predict(network, data.x), before));
  network.mutable_parameters()[network.offsets(0).coefficients + 1] = 3.0;
  CHECK_FALSE(same_bits(predict(network, data.x), before));
}

}  // namespace
