#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "evaluations.hpp"
#include "kan/objective.hpp"
#include "kan/sparsity.hpp"
#include "naive_sparsity.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Evaluator;
using kan::LayerStatistics;
using kan::Loss;
using kan::Network;
using kan::Purpose;
using kan::SizeMetric;
using kan::Sparsity;

constexpr SizeMetric metrics[] = {SizeMetric::edge_forward_spline_n,
                                  SizeMetric::edge_forward_spline_u, SizeMetric::edge_forward_sum,
                                  SizeMetric::edge_backward, SizeMetric::node_backward};

Sparsity sparsity_of(SizeMetric metric, double coef = 0.0) {
  return {metric, 0.1, 0.7, 1.3, coef, coef / 2};
}

/// Symbolic edges, products, affines and masked edges; wide layers; narrow ones, three of them.
std::vector<Network<double>> networks() {
  std::vector<Network<double>> all = {random_network<double>(symbolic_architecture(true)),
                                      random_network<double>(symbolic_architecture(false)),
                                      random_network<double>(wide_architecture())};
  std::vector<std::uint8_t> mask(all[0].edge_mask(0).size(), 1);
  mask[1] = mask[3] = mask[12] = 0;  // the first has a symbolic edge beside it
  all[0].set_edge_mask(0, mask);
  Architecture deep;
  deep.layers = {{2, 3, {}, 20, 3}, {3, 1, {2}, 3, 1}, {2, 2, {}, 3, 5}};
  all.push_back(random_network<double>(deep));
  return all;
}

/// 3000 numbers of order 1 in sums of eight parts.
bool close(const kan::Buffer<double>& a, const kan::Buffer<double>& b) {
  for (std::size_t j = 0; j < a.size(); ++j) {
    if (!(std::abs(a[j] - b[j]) <= 1e-12 * (1.0 + std::abs(b[j])))) return false;
  }
  return a.size() == b.size();
}

TEST_CASE("statistics are the deviations of every input, edge and sum") {
  for (const Network<double>& network : networks()) {
    for (const std::size_t rows : {2U, 65U, 3000U}) {
      const Data<double> data(network.architecture(), rows, 5);
      const auto expected = naive_statistics(network, data.x);
      const auto got =
          Evaluator<double>(network, Purpose::statistics).statistics(data.x.data(), rows);
      REQUIRE(got.size() == network.depth());
      for (std::size_t l = 0; l < got.size(); ++l) {
        INFO("rows " << rows << ", layer " << l << " of " << got.size());
        CHECK(close(got[l].input, expected[l].input));
        CHECK(close(got[l].spline, expected[l].spline));
        CHECK(close(got[l].edge, expected[l].edge));
        CHECK(close(got[l].sum, expected[l].sum));
      }
    }
  }
}

TEST_CASE("the regulariser is what its definition says, by every metric") {
  for (const Network<double>& network : networks()) {
    const Data<double> data(network.architecture(), 100, 5);
    const auto statistics = naive_statistics(network, data.x);
    for (const SizeMetric metric : metrics) {
      const Sparsity sparsity = sparsity_of(metric, 0.3);
      const double value =
          Evaluator<double>(network, Purpose::statistics).regularity(data.samples(), sparsity);
      const double expected = naive_regularity(network, sparsity, statistics);
      INFO("metric " << static_cast<int>(metric));
      CHECK(std::abs(value - expected) <= 1e-11 * expected);
    }
  }
}

TEST_CASE("of one edge the regulariser is as by hand") {
  Architecture architecture;
  architecture.layers = {{1, 1, {}, 1, 1}};
  architecture.base = kan::Base::zero;
  Network<double> network(architecture);
  const std::vector<double> parameters = {-3, 3, 0};  // the line 3 x
  network.set_parameters(parameters.data());
  const std::vector<double> x = {-0.5, 0.5};  // a deviation of sqrt(1/2)
  const double D = std::sqrt(0.5);
  const kan::Samples<double> samples{x.data(), x.data(), nullptr, nullptr, nullptr, 2};
  const auto value = [&](SizeMetric metric, double l1, double entropy, double coef, double diff) {
    return Evaluator<double>(network, Purpose::statistics)
        .regularity(samples, {metric, 1.0, l1, entropy, coef, diff});
  };
  const auto near = [](double v) { return doctest::Approx(v).epsilon(1e-14); };
  CHECK(value(SizeMetric::edge_forward_spline_u, 1, 0, 0, 0) == near(3 * D));
  CHECK(value(SizeMetric::edge_forward_spline_n, 1, 0, 0, 0) == near(3 * D / (D + 0.1)));
  CHECK(value(SizeMetric::edge_forward_sum, 1, 0, 0, 0) == near(3 * D / (D + 0.1)));
  CHECK(value(SizeMetric::edge_backward, 1, 0, 0, 0) == near(3 * D / (3 * D + 1e-4)));
  CHECK(value(SizeMetric::node_backward, 1, 0, 0, 0) == near(3 * D / (3 * D + 1e-4)));
  const double p = 3 * D / (3 * D + 1);
  CHECK(value(SizeMetric::edge_forward_spline_u, 0, 1, 0, 0) == near(-2 * p * std::log2(p + 1e-4)));
  CHECK(value(SizeMetric::edge_forward_spline_u, 0, 0, 1, 0) == near(6));
  CHECK(value(SizeMetric::edge_forward_spline_u, 0, 0, 0, 1) == near(6));
}

void check_sparse_gradient(Network<double> network, SizeMetric metric, std::size_t rows,
                           std::size_t probes) {
  const Data<double> data(network.architecture(), rows, 5);
  const Sparsity sparsity = sparsity_of(metric, 0.2);
  Evaluator<double> evaluator(network, Purpose::statistics);
  std::vector<double> gradient(network.parameter_count(), 1e9);
  const double value =
      evaluator.sparse_loss_and_gradient(data.samples(), Loss::mse, sparsity, gradient.data());
  CHECK(value == evaluator.loss(data.samples(), Loss::mse) +
                     sparsity.lamb * evaluator.regularity(data.samples(), sparsity));
  std::vector<double> parameters(network.parameters(),
                                 network.parameters() + network.parameter_count());
  const auto at = [&] {
    network.set_parameters(parameters.data());
    return evaluator.loss(data.samples(), Loss::mse) +
           sparsity.lamb * evaluator.regularity(data.samples(), sparsity);
  };
  check_gradient(parameters, gradient, at, probes);
}

TEST_CASE("the gradient with the regulariser is its central difference, by every metric") {
  for (const Network<double>& network : networks()) {
    for (const SizeMetric metric : metrics) {
      INFO("metric " << static_cast<int>(metric));
      check_sparse_gradient(network, metric, 65, 400);
      check_sparse_gradient(network, metric, 2, 60);
      check_sparse_gradient(network, metric, 3000, 6);
    }
  }
}

TEST_CASE("without a weight the regulariser leaves the gradient of the loss") {
  const auto network = random_network<double>(symbolic_architecture());
  const Data<double> data(network.architecture(), 3000, 5);
  std::vector<double> expected(network.parameter_count());
  std::vector<double> got(network.parameter_count());
  const double value = Evaluator<double>(network, Purpose::gradient)
                           .loss_and_gradient(data.samples(), Loss::mse, expected.data());
  Sparsity sparsity = sparsity_of(SizeMetric::edge_backward, 1.0);
  sparsity.lamb = 0.0;
  CHECK(Evaluator<double>(network, Purpose::statistics)
            .sparse_loss_and_gradient(data.samples(), Loss::mse, sparsity, got.data()) ==
        doctest::Approx(value).epsilon(1e-14));
  for (std::size_t p = 0; p < got.size(); ++p) {
    // 3000 numbers of order 1 / 3000, in another order.
    CHECK(std::abs(got[p] - expected[p]) <= 1e-13);
  }
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

TEST_CASE("edges that are 0, a single sample and the same sample twice give no NaN") {
  auto network = random_network<double>(symbolic_architecture());
  const Data<double> data(network.architecture(), 50, 5);
  std::vector<double> twice(data.x.begin(), data.x.begin() + 3);
  twice.insert(twice.end(), data.x.begin(), data.x.begin() + 3);
  std::vector<double> gradient(network.parameter_count());
  const auto check = [&](const Network<double>& own, const double* x, std::size_t rows) {
    for (const SizeMetric metric : metrics) {
      kan::Samples<double> samples = data.samples();
      samples.x = x;
      samples.count = rows;
      const double value = Evaluator<double>(own, Purpose::statistics)
                               .sparse_loss_and_gradient(samples, Loss::mse,
                                                         sparsity_of(metric, 0.5), gradient.data());
      INFO("metric " << static_cast<int>(metric) << ", rows " << rows);
      CHECK(std::isfinite(value));
      CHECK(all_finite(gradient));
    }
  };
  check(network, data.x.data(), 1);
  check(network, twice.data(), 2);
  for (std::size_t l = 0; l < 2; ++l) {
    network.set_edge_mask(l, std::vector<std::uint8_t>(network.edge_mask(l).size(), 0));
  }
  check(network, data.x.data(), 50);
  check(network, data.x.data(), 1);
  Network<double> zero(symbolic_architecture());
  const std::vector<double> zeros(zero.parameter_count(), 0.0);
  zero.set_parameters(zeros.data());
  check(zero, data.x.data(), 50);
}

TEST_CASE("a single sample has no deviations, and adds nothing to the gradient but coefficients") {
  const auto network = random_network<double>(symbolic_architecture());
  const Data<double> data(network.architecture(), 1, 5);
  for (const auto& own :
       Evaluator<double>(network, Purpose::statistics).statistics(data.x.data(), 1)) {
    CHECK(std::all_of(own.edge.begin(), own.edge.end(), [](double v) { return v == 0.0; }));
    CHECK(std::all_of(own.sum.begin(), own.sum.end(), [](double v) { return v == 0.0; }));
  }
  check_sparse_gradient(network, SizeMetric::edge_forward_spline_n, 1, 400);
}

TEST_CASE("an edge that is constant but for rounding has no deviation") {
  Architecture architecture;
  architecture.layers = {{1, 1, {}, 7, 3}};
  architecture.base = kan::Base::zero;
  Network<double> network(architecture);
  std::fill_n(network.mutable_parameters(), 10, 1.0 / 3);  // basis functions add up to 1
  const Data<double> data(architecture, 500, 5);
  const auto statistics =
      Evaluator<double>(network, Purpose::statistics).statistics(data.x.data(), 500);
  CHECK(statistics[0].spline[0] == 0.0);
  CHECK(statistics[0].input[0] > 0.1);
}

TEST_CASE_TEMPLATE("statistics and their gradient are the same bits for any number of threads", T,
                   float, double) {
  Architecture architecture;
  architecture.layers = {{8, 24, {2}, 6, 3}, {25, 7, {}, 5, 3}, {7, 16, {}, 5, 2}};
  architecture.layers[1].symbolic = {
      {0, 0, kan::Function::sine}, {0, 3, kan::Function::exp}, {24, 6, kan::Function::cosine}};
  architecture.affine = true;
  const auto network = random_network<T>(architecture);
  const Data<T> data(architecture, 2500, 5);
  std::vector<T> expected;
  double expected_value = 0.0;
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    std::vector<T> gradient(network.parameter_count());
    const double value =
        Evaluator<T>(network, Purpose::statistics)
            .sparse_loss_and_gradient(data.samples(), Loss::mse,
                                      sparsity_of(SizeMetric::node_backward, 0.1), gradient.data());
    if (threads == 1) {
      expected = gradient;
      expected_value = value;
    }
    INFO("threads " << threads);
    CHECK(value == expected_value);
    CHECK(same_bits(gradient, expected));
  }
}

TEST_CASE("single precision is near to double") {
  const auto network = random_network<float>(symbolic_architecture());
  Network<double> wide(symbolic_architecture());
  for (std::size_t l = 0; l < wide.depth(); ++l) {
    const auto& knots = network.grid(l).knots;
    wide.set_knots(l, std::vector<double>(knots.begin(), knots.end()));
  }
  std::copy_n(network.parameters(), wide.parameter_count(), wide.mutable_parameters());
  const Data<float> data(network.architecture(), 500, 5);
  const Data<double> same(network.architecture(), 500, 5);
  for (const SizeMetric metric : metrics) {
    std::vector<float> gradient(wide.parameter_count());
    std::vector<double> expected(wide.parameter_count());
    const Sparsity sparsity = sparsity_of(metric, 0.1);
    const double value =
        Evaluator<float>(network, Purpose::statistics)
            .sparse_loss_and_gradient(data.samples(), Loss::mse, sparsity, gradient.data());
    const double expected_value =
        Evaluator<double>(wide, Purpose::statistics)
            .sparse_loss_and_gradient(same.samples(), Loss::mse, sparsity, expected.data());
    CHECK(value == doctest::Approx(expected_value).epsilon(1e-4));
    double scale = 1.0;
    double worst = 0.0;
    for (std::size_t p = 0; p < expected.size(); ++p) {
      scale = std::max(scale, std::abs(expected[p]));
      worst = std::max(worst, std::abs(static_cast<double>(gradient[p]) - expected[p]));
    }
    CHECK(worst <= 1000 * epsilon<float> * scale);
  }
}

TEST_CASE("scores of the first layers alone begin at their nodes") {
  const auto network = random_network<double>(symbolic_architecture());
  const Data<double> data(network.architecture(), 50, 5);
  auto statistics =
      Evaluator<double>(network, Purpose::statistics).statistics(data.x.data(), data.rows);
  statistics.resize(1);
  std::vector<double> outputs(8, 0.0);
  outputs[6] = 2.0;  // the product of subnodes 6 and 7
  const kan::Scores scores = kan::edge_scores(network.architecture(), statistics, outputs);
  REQUIRE(scores.edges.size() == 1);
  REQUIRE(scores.nodes.size() == 2);
  for (std::size_t s = 0; s < 11; ++s) {
    CHECK(scores.subnodes[0][s] == (s == 6 || s == 7 ? 2.0 : 0.0));
    for (std::size_t i = 0; i < 3; ++i) {
      const double share = statistics[0].edge[i * 11 + s] / (statistics[0].sum[s] + 1e-4);
      CHECK(scores.edges[0][i * 11 + s] == doctest::Approx(scores.subnodes[0][s] * share));
    }
  }
  CHECK(scores.nodes[0][1] == scores.edges[0][11 + 6] + scores.edges[0][11 + 7]);
}

TEST_CASE("a sparse objective has the value of its evaluation, on batches too") {
  const auto network = random_network<double>(symbolic_architecture());
  const Data<double> data(network.architecture(), 300, 5);
  const Sparsity sparsity = sparsity_of(SizeMetric::edge_forward_sum, 0.1);
  std::vector<double> gradient(network.parameter_count());
  for (const std::size_t batch : {0U, 100U}) {
    kan::DataObjective<double> objective(network, data.samples(), Loss::mse, batch, 1,
                                         kan::Order::first, sparsity);
    objective.next_step();
    CHECK(objective.evaluate(network.parameters(), gradient.data()) ==
          objective.value(network.parameters()));
  }
  CHECK_THROWS_WITH_AS(kan::DataObjective<double>(network, data.samples(), Loss::mse, 0, 1,
                                                  kan::Order::second, sparsity),
                       "a regulariser of sparsity has no quadratic model", std::invalid_argument);
}

TEST_CASE("statistics are refused without rows and by evaluators for another purpose") {
  const auto network = random_network<double>(symbolic_architecture());
  Data<double> data(network.architecture(), 5, 5);
  Evaluator<double> evaluator(network, Purpose::statistics);
  CHECK_THROWS_WITH_AS(evaluator.statistics(nullptr, 0), "x must have at least one row",
                       std::invalid_argument);
  Evaluator<double> other(network, Purpose::gradient);
  CHECK_THROWS_AS(other.statistics(data.x.data(), 5), std::logic_error);
  CHECK_THROWS_AS(other.regularity(data.samples(), {}), std::logic_error);
  std::vector<double> gradient(network.parameter_count());
  CHECK_THROWS_AS(other.sparse_loss_and_gradient(data.samples(), Loss::mse, {}, gradient.data()),
                  std::logic_error);
  data.rows = 0;
  CHECK_THROWS_AS(evaluator.regularity(data.samples(), {}), std::invalid_argument);
}

}  // namespace
