#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "loss.hpp"
#include "networks.hpp"
#include "nodes.hpp"

namespace {

using namespace kan::test;
using kan::Loss;
using kan::Network;
using kan::NodeBuffers;
using kan::Samples;

/// One sum and a product of three, for samples side by side.
Network<double> sum_and_product(bool affine) {
  kan::Architecture architecture;
  architecture.layers = {{1, 1, {3}, 1, 0}};
  architecture.affine = affine;
  return Network<double>(architecture);
}

// The samples: no zero among the factors, one, two, three.
const std::vector<double> sums = {7,  8, 9, 10,  //
                                  2,  0, 0, 0,   //
                                  -3, 4, 0, 0,   //
                                  5,  6, 3, 0};

TEST_CASE("products are those of their factors, zeros included") {
  const auto network = sum_and_product(false);
  std::vector<double> factors = sums;
  std::vector<double> outputs(8);
  kan::nodes_forward<double>(
      network, 0, network.parameters(),
      {factors.data(), factors.data(), outputs.data(), outputs.data(), nullptr}, 4, 4);
  CHECK(outputs == std::vector<double>{7, 8, 9, 10, -30, 0, 0, 0});
}

TEST_CASE("the derivative of a product is the product of the others, zeros included") {
  const auto network = sum_and_product(false);
  std::vector<double> factors = sums;
  std::vector<double> outputs(8);
  const NodeBuffers<double> buffers{factors.data(), factors.data(), outputs.data(), outputs.data(),
                                    nullptr};
  kan::nodes_forward(network, 0, network.parameters(), buffers, 4, 4);
  const std::vector<double> grad_outputs = {1, 2, 3, 4, 10, 100, 1000, 1};
  std::vector<double> grad_sums(16, -1.0);
  kan::nodes_backward<double>(network, 0, network.parameters(), buffers, 4, 4, grad_outputs.data(),
                              grad_sums.data(), nullptr);
  CHECK(grad_sums == std::vector<double>{1, 2, 3, 4,        //
                                         -150, 2400, 0, 0,  //
                                         100, 0, 0, 0,      //
                                         -60, 0, 0, 0});
}

TEST_CASE("affines scale and shift before and behind the products, forwards and backwards") {
  auto network = sum_and_product(true);
  std::vector<double> parameters(network.parameter_count(), 0.0);
  const kan::LayerOffsets& at = network.offsets(0);
  const std::vector<double> affine = {2,
                                      1,
                                      1,
                                      3,
                                      /* biases */ 1,
                                      0,
                                      -4,
                                      1,
                                      /* nodes */ 10,
                                      2,
                                      /* biases */ 0,
                                      5};
  std::copy(affine.begin(), affine.end(), parameters.begin() + std::ptrdiff_t(at.subnode_scale));
  network.set_parameters(parameters.data());

  std::vector<double> x = sums;
  std::vector<double> factors(16);
  std::vector<double> products(8);
  std::vector<double> outputs(8);
  const NodeBuffers<double> buffers{x.data(), factors.data(), products.data(), outputs.data(),
                                    products.data()};
  kan::nodes_forward(network, 0, network.parameters(), buffers, 4, 4);
  // Sample 0: factors 15, 2, -7, 16; products 15, -224. Sample 1: 17; 0, 0, 19.
  // Sample 2: 19; 0, -4, 10. Sample 3: 21; 0, -4, 1.
  CHECK(outputs == std::vector<double>{150, 170, 190, 210, -443, 5, 5, 5});

  const std::vector<double> grad_outputs = {1, 0, 0, 0, 1, 1, 1, 0};
  std::vector<double> grad_sums(16);
  std::vector<double> gradient(network.parameter_count(), 100.0);
  kan::nodes_backward(network, 0, network.parameters(), buffers, 4, 4, grad_outputs.data(),
                      grad_sums.data(), gradient.data());
  // grad products: 10, 0, 0, 0 and 2, 2, 2, 0; of the factors of the product: (-224, 0, -80),
  // (64, 0, 0), (-28, 0, 0); times scales 1, 1, 3. The last sample has none.
  CHECK(grad_sums == std::vector<double>{20, 0, 0, 0,      //
                                         -224, 0, -80, 0,  //
                                         64, 0, 0, 0,      //
                                         -84, 0, 0, 0});
  // Added to the 100 there: grad scale = sum of factor gradient times sum, grad bias without.
  const std::vector<double> expected = {170,      -448 + 100, -192 + 100, -140 + 100,
                                        110,      -304 + 100, 64 + 100,   -28 + 100,
                                        15 + 100, -224 + 100, 1 + 100,    3 + 100};
  CHECK(std::vector<double>(gradient.begin() + std::ptrdiff_t(at.subnode_scale), gradient.end()) ==
        expected);
  CHECK(gradient[0] == 100.0);
}

/// Outputs by features, [2][stride 16], for three samples.
std::vector<double> by_features(std::vector<std::pair<double, double>> rows) {
  std::vector<double> outputs(32, 99.0);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    outputs[n] = rows[n].first;
    outputs[16 + n] = rows[n].second;
  }
  return outputs;
}

TEST_CASE("the mean squared error is that by hand, with weights and an index") {
  const auto outputs = by_features({{1, 2}, {3, 5}});
  const std::vector<double> y = {9, 9, 3, 1, 0, 0};
  const std::vector<double> weight = {100, 1, 3};
  const std::vector<std::int64_t> index = {2, 1};
  const Samples<double> samples{nullptr, y.data(), nullptr, weight.data(), index.data(), 2};
  CHECK(kan::total_weight(samples) == 4.0);
  std::vector<double> gradient(32, -7.0);
  // 3/4 (1 + 4) / 2 + 1/4 (0 + 16) / 2
  const double value = kan::add_loss<double>(Loss::mse, {samples, 0, 2, outputs.data(), 2, 16},
                                             0.25, gradient.data());
  CHECK(value == 1.875 + 2.0);
  CHECK(gradient[0] == 0.75);
  CHECK(gradient[16] == 1.5);
  CHECK(gradient[1] == 0.0);
  CHECK(gradient[17] == 1.0);
  for (std::size_t n = 2; n < 16; ++n) {
    CHECK(gradient[n] == -7.0);  // the padding is somebody else's
    CHECK(gradient[16 + n] == -7.0);
  }
  CHECK(kan::add_loss<double>(Loss::mse, {samples, 0, 2, outputs.data(), 2, 16}, 0.25, nullptr) ==
        value);
}

TEST_CASE("a later chunk takes later rows") {
  const auto outputs = by_features({{3, 5}});
  const std::vector<double> y = {9, 9, 3, 1};
  const Samples<double> samples{nullptr, y.data(), nullptr, nullptr, nullptr, 2};
  CHECK(kan::total_weight(samples) == 2.0);
  CHECK(kan::add_loss<double>(Loss::mse, {samples, 1, 1, outputs.data(), 2, 16}, 0.5, nullptr) ==
        4.0);
}

TEST_CASE("the cross-entropy is that by hand, with weights and an index") {
  // Softmax of (0, log 3) is (1/4, 3/4), of (z, z) it is (1/2, 1/2).
  const auto outputs = by_features({{0, std::log(3.0)}, {5, 5}});
  const std::vector<std::int64_t> labels = {1, 1, 0};
  const std::vector<double> weight = {100, 1, 3};
  const std::vector<std::int64_t> index = {2, 1};
  const Samples<double> samples{nullptr, nullptr, labels.data(), weight.data(), index.data(), 2};
  std::vector<double> gradient(32, -7.0);
  const double value = kan::add_loss<double>(
      Loss::cross_entropy, {samples, 0, 2, outputs.data(), 2, 16}, 0.25, gradient.data());
  // A handful of roundings of numbers up to 6.
  const double tolerance = 8 * 6 * epsilon<double>;
  CHECK(std::abs(value - (0.75 * std::log(4.0) + 0.25 * std::log(2.0))) <= tolerance);
  CHECK(std::abs(gradient[0] - 0.75 * -0.75) <= tolerance);
  CHECK(std::abs(gradient[16] - 0.75 * 0.75) <= tolerance);
  CHECK(std::abs(gradient[1] - 0.25 * 0.5) <= tolerance);
  CHECK(std::abs(gradient[17] - 0.25 * -0.5) <= tolerance);
  CHECK(gradient[15] == -7.0);
  CHECK(gradient[18] == -7.0);
}

TEST_CASE_TEMPLATE("huge logits do not overflow", T, float, double) {
  const T huge = std::numeric_limits<T>::max() / T(4);
  const std::vector<std::int64_t> labels = {0, 1};
  const Samples<T> samples{nullptr, nullptr, labels.data(), nullptr, nullptr, 2};
  std::vector<T> outputs(32, T(0));
  outputs[0] = huge;
  outputs[16] = -huge;
  outputs[1] = T(2000);
  outputs[17] = T(1000);
  std::vector<T> gradient(32);
  const double value = kan::add_loss<T>(Loss::cross_entropy, {samples, 0, 2, outputs.data(), 2, 16},
                                        0.5, gradient.data());
  CHECK(value == 500.0);  // the first sample is as right as can be, the second off by 1000
  CHECK(gradient[0] == T(0));
  CHECK(gradient[16] == T(0));
  CHECK(gradient[1] == T(0.5));
  CHECK(gradient[17] == T(-0.5));
}

TEST_CASE("a wrong answer of float's size costs a finite amount in float") {
  const std::vector<std::int64_t> labels = {1};
  const Samples<float> samples{nullptr, nullptr, labels.data(), nullptr, nullptr, 1};
  std::vector<float> outputs(32, 0.0F);
  outputs[0] = 3e38F;
  outputs[16] = -3e38F;
  CHECK(std::isfinite(kan::add_loss<float>(Loss::cross_entropy,
                                           {samples, 0, 1, outputs.data(), 2, 16}, 1.0, nullptr)));
  const std::vector<float> y = {-3e38F, 3e38F};
  const Samples<float> regression{nullptr, y.data(), nullptr, nullptr, nullptr, 1};
  CHECK(std::isfinite(
      kan::add_loss<float>(Loss::mse, {regression, 0, 1, outputs.data(), 2, 16}, 1.0, nullptr)));
}

TEST_CASE("the mean of squared targets is weighted and follows the index") {
  const std::vector<double> y = {1.0, 3.0, 100.0, 5.0};
  const std::vector<double> weight = {1.0, 1.0, 0.0, 2.0};
  const Samples<double> weighted{nullptr, y.data(), nullptr, weight.data(), nullptr, 4};
  CHECK(kan::mean_square(weighted, 1) == doctest::Approx(15.0));  // of 1, 3, 5, 5
  const std::vector<std::int64_t> index = {0, 1};
  const Samples<double> chosen{nullptr, y.data(), nullptr, nullptr, index.data(), 2};
  CHECK(kan::mean_square(chosen, 1) == doctest::Approx(5.0));
  CHECK(kan::mean_square(chosen, 2) == doctest::Approx(2508.75));
}

}  // namespace
