#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "evaluations.hpp"
#include "kan/errors.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Evaluator;
using kan::Loss;
using kan::Network;
using kan::Purpose;
using kan::Samples;

TEST_CASE("the sum of two edges is predicted as by hand") {
  // Degree 1 on [-1, 1] with G = 2: hats at -1, 0, 1. At 0.25: 0.75 and 0.25 of the last two.
  Architecture architecture;
  architecture.layers = {{2, 1, {}, 2, 1}};
  architecture.base = kan::Base::identity;
  Network<double> network(architecture);
  const std::vector<double> parameters = {1, 2, 4, 0.5, /* input 1: */ 8, 16, 32, -1};
  network.set_parameters(parameters.data());
  // Input 0 at 0.25: 0.75 * 2 + 0.25 * 4 + 0.5 * 0.25 = 2.625; input 1 at -0.5: 0.5 * 8 + 0.5 * 16 +
  // 0.5 = 12.5. Linear beyond: input 0 at 2 on the line through 2 and 4, 6 + 0.5 * 2 = 7; at 1 input
  // 1 gives 32 - 1.
  CHECK(predict(network, {0.25, -0.5, 2.0, 1.0}) == std::vector<double>{15.125, 38.0});
}

TEST_CASE("products and affines are predicted as by hand") {
  // One input, degree 0 and one interval: every edge is a constant, its only coefficient.
  Architecture architecture;
  architecture.layers = {{1, 1, {2}, 1, 0}};
  architecture.base = kan::Base::zero;
  architecture.affine = true;
  Network<double> network(architecture);
  const std::vector<double> parameters = {
      3,  5, 7, 0,  0, 0,  // coefficients and base weights of the three sums
      2,  1, 3, 1,  0, 1,  // subnodes: scales, biases -> 7, 5, 22
      10, 2, 4, -1,        // nodes: scales, biases -> 10 * 7 + 4, 2 * (5 * 22) - 1
  };
  network.set_parameters(parameters.data());
  CHECK(predict(network, {0.3}) == std::vector<double>{74, 219});
}

TEST_CASE("two layers are one after the other") {
  Architecture architecture;
  architecture.layers = {{1, 2, {}, 1, 0}, {2, 1, {}, 2, 1}};
  architecture.base = kan::Base::identity;
  Network<double> network(architecture);
  // z = (0.5 + 0.25 x, 0.25 - 0.5 x); the second layer has hats 1, 2, 4 and 2, 0, 8.
  const std::vector<double> parameters = {0.5, 0.25, 0.25, -0.5, 1, 2, 4, 1, 2, 0, 8, 0};
  network.set_parameters(parameters.data());
  // x = 0: z = (0.5, 0.25) -> 3 + 0.5 and 2; x = 1: z = (0.75, -0.25) -> 3.5 + 0.75 and 0.5.
  CHECK(predict(network, {0.0, 1.0}) == std::vector<double>{5.5, 4.75});

  std::vector<double> z(4);
  std::vector<double> low(2);
  std::vector<double> high(2);
  const std::vector<double> x = {0.0, 1.0};
  Evaluator<double> evaluator(network, Purpose::predict);
  evaluator.activations(x.data(), 2, 1, z.data());
  CHECK(z == std::vector<double>{0.5, 0.25, 0.75, -0.25});
  evaluator.activation_range(x.data(), 2, 1, low.data(), high.data());
  CHECK(low == std::vector<double>{0.5, -0.25});
  CHECK(high == std::vector<double>{0.75, 0.25});
}

TEST_CASE("the range of activations covers all chunks") {
  const auto network = random_network<double>(rich_architecture());
  const Data<double> data(network.architecture(), 3000, 3);
  Evaluator<double> evaluator(network, Purpose::predict);
  std::vector<double> z(3000 * 8);
  std::vector<double> low(8);
  std::vector<double> high(8);
  evaluator.activations(data.x.data(), 3000, 1, z.data());
  evaluator.activation_range(data.x.data(), 3000, 1, low.data(), high.data());
  for (std::size_t i = 0; i < 8; ++i) {
    double least = z[i];
    double most = z[i];
    for (std::size_t n = 0; n < 3000; ++n) {
      least = std::min(least, z[n * 8 + i]);
      most = std::max(most, z[n * 8 + i]);
    }
    CHECK(low[i] == least);
    CHECK(high[i] == most);
  }
}

void check_parameter_gradient(Network<double> network, Loss loss, std::size_t rows,
                              std::size_t probes) {
  const Data<double> data(network.architecture(), rows, 5);
  Evaluator<double> evaluator(network, Purpose::gradient);
  std::vector<double> gradient(network.parameter_count(), 1e9);
  const double value = evaluator.loss_and_gradient(data.samples(), loss, gradient.data());
  CHECK(value == evaluator.loss(data.samples(), loss));
  std::vector<double> parameters(network.parameters(),
                                 network.parameters() + network.parameter_count());
  check_gradient(
      parameters, gradient,
      [&] {
        network.set_parameters(parameters.data());
        return evaluator.loss(data.samples(), loss);
      },
      probes);
}

TEST_CASE("the gradient of the loss is its central difference, everything included") {
  for (const Loss loss : {Loss::mse, Loss::cross_entropy}) {
    for (const bool affine : {true, false}) {
      auto network = random_network<double>(rich_architecture(affine));
      std::vector<std::uint8_t> mask(network.edge_mask(0).size(), 1);
      mask[1] = mask[12] = mask[30] = 0;
      network.set_edge_mask(0, mask);
      INFO("affine " << affine << ", loss " << static_cast<int>(loss));
      check_parameter_gradient(network, loss, 65, 1000);
    }
  }
}

TEST_CASE("the gradient is right for every degree, wide and narrow") {
  for (int degree = 1; degree <= 5; ++degree) {
    for (const int width : {3, 9}) {
      Architecture architecture;
      architecture.layers = {{2, width, {}, 3, degree}, {width, 2, {}, 20, degree}};
      auto network = random_network<double>(architecture);
      // The second layer sees values inside long intervals, away from the jumps of low degrees.
      network.set_knots(1, [&] {
        std::vector<double> knots;
        for (int i = 0; i < width; ++i) {
          const auto own = uniform_knots<double>(20, degree, -10, 10);
          knots.insert(knots.end(), own.begin(), own.end());
        }
        return knots;
      }());
      INFO("degree " << degree << ", width " << width);
      check_parameter_gradient(network, Loss::mse, 3, 1000);
    }
  }
}

TEST_CASE("the gradient is right where chunks meet") {
  for (const std::size_t rows : {1U, 64U, 1025U, 3000U}) {
    INFO("rows " << rows);
    check_parameter_gradient(random_network<double>(rich_architecture()), Loss::mse, rows, 15);
    check_parameter_gradient(random_network<double>(wide_architecture()), Loss::cross_entropy, rows,
                             8);
  }
}

TEST_CASE("pullback gives the gradients of a weighted sum of outputs") {
  for (const auto& architecture :
       {rich_architecture(true), rich_architecture(false), wide_architecture()}) {
    for (const std::size_t rows : {1U, 65U, 1100U}) {
      INFO("rows " << rows << ", affine " << architecture.affine);
      auto network = random_network<double>(architecture);
      network.set_trainable({false, true, false});  // of no consequence here
      Data<double> data(architecture, rows, 5);
      const auto value = [&] {
        const auto y = predict(network, data.x);
        double sum = 0.0;
        for (std::size_t j = 0; j < y.size(); ++j) sum += data.y[j] * y[j];
        return sum;
      };
      Evaluator<double> evaluator(network, Purpose::gradient);
      std::vector<double> grad_parameters(network.parameter_count(), 1e9);
      std::vector<double> grad_x(data.x.size(), 1e9);
      evaluator.pullback(data.x.data(), rows, data.y.data(), grad_parameters.data(), grad_x.data());
      const std::size_t probes = rows > 100 ? 8 : 200;
      check_gradient(data.x, grad_x, value, probes);
      std::vector<double> parameters(network.parameters(),
                                     network.parameters() + network.parameter_count());
      check_gradient(
          parameters, grad_parameters,
          [&] {
            network.set_parameters(parameters.data());
            return value();
          },
          probes);

      std::vector<double> other(grad_parameters.size(), 1e9);
      evaluator.pullback(data.x.data(), rows, data.y.data(), other.data(), nullptr);
      network.set_parameters(parameters.data());
      evaluator.pullback(data.x.data(), rows, data.y.data(), other.data(), nullptr);
      CHECK(same_bits(other, grad_parameters));
      other.assign(grad_x.size(), 1e9);
      evaluator.pullback(data.x.data(), rows, data.y.data(), nullptr, other.data());
      CHECK(same_bits(other, grad_x));
    }
  }
}

TEST_CASE("a gradient wanted after an input gradient was wanted is the same") {
  const auto network = random_network<double>(rich_architecture());
  const Data<double> data(network.architecture(), 100, 5);
  std::vector<double> first(network.parameter_count());
  std::vector<double> second(network.parameter_count());
  std::vector<double> grad_x(data.x.size());
  Evaluator<double> evaluator(network, Purpose::gradient);
  evaluator.loss_and_gradient(data.samples(), Loss::mse, first.data());
  evaluator.pullback(data.x.data(), data.rows, data.y.data(), nullptr, grad_x.data());
  evaluator.loss_and_gradient(data.samples(), Loss::mse, second.data());
  CHECK(same_bits(first, second));
}

TEST_CASE("the gradient is 0 where nothing may move") {
  auto network = random_network<double>(rich_architecture());
  std::vector<std::uint8_t> mask(network.edge_mask(1).size(), 1);
  mask[4] = 0;
  network.set_edge_mask(1, mask);
  network.set_trainable({true, false, true});
  const Data<double> data(network.architecture(), 50, 5);
  std::vector<double> gradient(network.parameter_count(), 1.0);
  Evaluator<double>(network, Purpose::gradient)
      .loss_and_gradient(data.samples(), Loss::mse, gradient.data());
  std::size_t moving = 0;
  for (std::size_t p = 0; p < gradient.size(); ++p) {
    if (network.trainable()[p] == 0) CHECK(gradient[p] == 0.0);
    moving += gradient[p] != 0.0 ? 1 : 0;
  }
  CHECK(moving > gradient.size() / 2);
}

TEST_CASE_TEMPLATE("a batch by index equals the rows copied, repeated ones too", T, float, double) {
  const auto network = random_network<T>(rich_architecture());
  const Data<T> data(network.architecture(), 50, 5);
  std::vector<std::int64_t> index;
  for (std::size_t n = 0; n < 1500; ++n) index.push_back(std::int64_t(n * 17 % 50));
  Data<T> copied(network.architecture(), 1500, 6);
  for (std::size_t n = 0; n < 1500; ++n) {
    const auto row = static_cast<std::size_t>(index[n]);
    std::copy_n(&data.x[row * 3], 3, &copied.x[n * 3]);
    std::copy_n(&data.y[row * 2], 2, &copied.y[n * 2]);
    copied.labels[n] = data.labels[row];
    copied.weight[n] = data.weight[row];
  }
  Samples<T> by_index = data.samples();
  by_index.index = index.data();
  by_index.count = index.size();
  Evaluator<T> evaluator(network, Purpose::gradient);
  for (const Loss loss : {Loss::mse, Loss::cross_entropy}) {
    std::vector<T> expected(network.parameter_count());
    std::vector<T> got(network.parameter_count());
    const double value = evaluator.loss_and_gradient(copied.samples(), loss, expected.data());
    CHECK(evaluator.loss_and_gradient(by_index, loss, got.data()) == value);
    CHECK(same_bits(got, expected));
  }
}

TEST_CASE("a promise about the rows changes no prediction") {
  const auto network = random_network<double>(wide_architecture());
  const Data<double> data(network.architecture(), 100, 5);
  std::vector<double> y(300);
  Evaluator<double>(network, Purpose::predict, 20).predict(data.x.data(), 100, y.data());
  CHECK(same_bits(y, predict(network, data.x)));
}

TEST_CASE("an interrupt ends any call, and the next one starts afresh") {
  const auto network = random_network<double>(rich_architecture());
  const std::size_t rows = 40000;  // more than one group of chunks, however they are divided
  const Data<double> data(network.architecture(), rows, 5);
  std::vector<double> y(rows * 2);
  std::vector<double> gradient(network.parameter_count());
  Evaluator<double> evaluator(network, Purpose::gradient);
  int asked = 0;
  evaluator.set_interrupt([&] { return ++asked == 2; });
  CHECK_THROWS_AS(evaluator.predict(data.x.data(), rows, y.data()), kan::Interrupted);
  CHECK(asked == 2);
  asked = 1;
  CHECK_THROWS_AS(evaluator.loss(data.samples(), Loss::mse), kan::Interrupted);
  asked = 0;
  CHECK_THROWS_AS(evaluator.loss_and_gradient(data.samples(), Loss::mse, gradient.data()),
                  kan::Interrupted);
  asked = 0;
  CHECK_THROWS_AS(evaluator.pullback(data.x.data(), rows, data.y.data(), gradient.data(), nullptr),
                  kan::Interrupted);
  evaluator.set_interrupt({});
  evaluator.predict(data.x.data(), rows, y.data());
  CHECK(same_bits(y, predict(network, data.x)));
}

/// Large enough for every loop to open a parallel region: 8 * 24 * 5 * 200 multiply-adds and more.
Architecture large_architecture() {
  Architecture architecture;
  architecture.layers = {{8, 24, {2}, 6, 3}, {25, 7, {}, 5, 3}, {7, 16, {}, 5, 2}};
  architecture.affine = true;
  return architecture;
}

/// More parameters than gradients of chunks side by side are kept for.
Architecture largest_architecture() {
  Architecture architecture;
  architecture.layers = {{150, 200, {}, 6, 3}, {200, 3, {}, 6, 3}};
  return architecture;
}

TEST_CASE_TEMPLATE("a gradient replaces what was in its place, after many rows and after few", T,
                   float, double) {
  for (const bool largest : {false, true}) {
    const auto network = random_network<T>(largest ? largest_architecture() : large_architecture());
    const Data<T> data(network.architecture(), 1500, 5);
    Evaluator<T> evaluator(network, Purpose::gradient);
    for (const std::size_t rows : {1500U, 40U, 1U}) {
      INFO("largest " << largest << ", rows " << rows);
      Samples<T> some = data.samples();
      some.count = rows;
      std::vector<T> expected(network.parameter_count());
      std::vector<T> gradient(expected.size(), std::numeric_limits<T>::quiet_NaN());
      Evaluator<T>(network, Purpose::gradient).loss_and_gradient(some, Loss::mse, expected.data());
      evaluator.loss_and_gradient(some, Loss::mse, gradient.data());
      CHECK(same_bits(gradient, expected));
    }
  }
}

TEST_CASE_TEMPLATE("one, two or three threads give the same bits", T, float, double) {
  for (const bool largest : {false, true}) {
    const auto network = random_network<T>(largest ? largest_architecture() : large_architecture());
    const Data<T> data(network.architecture(), largest ? 600 : 2500, 5);
    std::vector<std::vector<T>> expected;
    double expected_value = 0.0;
    for (const int threads : {1, 2, 3}) {
      const ThreadCount scope(threads);
      std::vector<T> gradient(network.parameter_count());
      std::vector<T> grad_parameters(network.parameter_count());
      std::vector<T> grad_x(data.x.size());
      Evaluator<T> evaluator(network, Purpose::gradient);
      const double value = evaluator.loss_and_gradient(data.samples(), Loss::mse, gradient.data());
      evaluator.pullback(data.x.data(), data.rows, data.y.data(), grad_parameters.data(),
                         grad_x.data());
      const std::vector<std::vector<T>> got = {predict(network, data.x), gradient, grad_parameters,
                                               grad_x};
      if (threads == 1) {
        expected = got;
        expected_value = value;
      }
      INFO("threads " << threads);
      CHECK(value == expected_value);
      for (std::size_t j = 0; j < got.size(); ++j) {
        INFO("result " << j);
        CHECK(same_bits(got[j], expected[j]));
      }
    }
  }
}

TEST_CASE_TEMPLATE("a row alone gives the same bits as in a batch", T, float, double) {
  for (const auto& architecture :
       {rich_architecture(), wide_architecture(), large_architecture()}) {
    const auto network = random_network<T>(architecture);
    const Data<T> data(architecture, 1300, 5);
    const std::size_t inputs = size(architecture.inputs());
    const std::size_t outputs = size(architecture.outputs());
    const auto all = predict(network, data.x);
    for (std::size_t n = 0; n < data.rows; n += 37) {
      const std::vector<T> x(&data.x[n * inputs], &data.x[n * inputs] + inputs);
      const std::vector<T> y(&all[n * outputs], &all[n * outputs] + outputs);
      INFO("row " << n);
      CHECK(same_bits(predict(network, x), y));
    }
  }
}

TEST_CASE("two evaluators share a network in two threads") {
  const auto network = random_network<double>(large_architecture());
  const Data<double> data(network.architecture(), 1500, 5);
  std::vector<double> expected(network.parameter_count());
  Evaluator<double>(network, Purpose::gradient)
      .loss_and_gradient(data.samples(), Loss::mse, expected.data());
  std::vector<double> gradients[2];
  std::vector<std::thread> threads;
  for (std::vector<double>& gradient : gradients) {
    gradient.resize(network.parameter_count());
    threads.emplace_back([&network, &data, &gradient] {
      Evaluator<double> evaluator(network, Purpose::gradient);
      for (int repeat = 0; repeat < 3; ++repeat) {
        evaluator.loss_and_gradient(data.samples(), Loss::mse, gradient.data());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(same_bits(gradients[0], expected));
  CHECK(same_bits(gradients[1], expected));
}

TEST_CASE("no rows are no error") {
  const auto network = random_network<double>(rich_architecture());
  std::vector<double> gradient(network.parameter_count(), 1.0);
  Evaluator<double> evaluator(network, Purpose::gradient);
  evaluator.predict(nullptr, 0, nullptr);
  evaluator.pullback(nullptr, 0, nullptr, gradient.data(), nullptr);
  CHECK(gradient == std::vector<double>(network.parameter_count(), 0.0));
}

TEST_CASE("one row that is not finite leaves the others as they are") {
  const auto network = random_network<double>(rich_architecture());
  Data<double> data(network.architecture(), 70, 5);
  const auto before = predict(network, data.x);
  data.x[3 * 20] = std::numeric_limits<double>::quiet_NaN();
  data.x[3 * 40] = std::numeric_limits<double>::infinity();
  const auto after = predict(network, data.x);
  for (std::size_t n = 0; n < 70; ++n) {
    if (n == 20 || n == 40) continue;
    CHECK(after[2 * n] == before[2 * n]);
    CHECK(after[2 * n + 1] == before[2 * n + 1]);
  }
}

TEST_CASE("a batch that was not finite leaves nothing behind for the next, shorter one") {
  const auto network = random_network<double>(rich_architecture());
  const Data<double> data(network.architecture(), 17, 5);
  Data<double> poison(network.architecture(), 128, 6);
  poison.x.assign(poison.x.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<double> expected(network.parameter_count());
  std::vector<double> got(network.parameter_count());
  Evaluator<double>(network, Purpose::gradient)
      .loss_and_gradient(data.samples(), Loss::mse, expected.data());
  Evaluator<double> evaluator(network, Purpose::gradient);
  CHECK(std::isnan(evaluator.loss_and_gradient(poison.samples(), Loss::mse, got.data())));
  evaluator.loss_and_gradient(data.samples(), Loss::mse, got.data());
  CHECK(same_bits(got, expected));
}

}  // namespace

TEST_CASE("an evaluator for predictions refuses gradients, and no rows have no loss and no range") {
  const kan::Network<double> network(kan::Architecture{{kan::Layer{1, 1, {}, 3, 3}}});
  kan::Evaluator<double> evaluator(network, kan::Purpose::predict);
  const std::vector<double> x = {0.5};
  std::vector<double> gradient(network.parameter_count());
  kan::Samples<double> samples{x.data(), x.data(), nullptr, nullptr, nullptr, 1};
  CHECK_THROWS_AS(evaluator.loss_and_gradient(samples, kan::Loss::mse, gradient.data()),
                  std::logic_error);
  CHECK_THROWS_AS(evaluator.pullback(x.data(), 1, x.data(), gradient.data(), nullptr),
                  std::logic_error);
  samples.count = 0;
  CHECK_THROWS_AS(evaluator.loss(samples, kan::Loss::mse), std::invalid_argument);
  double low = 0.0;
  double high = 0.0;
  CHECK_THROWS_AS(evaluator.activation_range(x.data(), 0, 0, &low, &high), std::invalid_argument);
}
