#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include "kan/network.hpp"
#include "networks.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Layer;
using kan::LayerOffsets;
using kan::Network;

/// One input, one sum, 3 intervals of degree 3: knots -3 .. 6 at distance 1.
Architecture one_edge() {
  Architecture architecture;
  architecture.layers = {{1, 1, {}, 3, 3}};
  return architecture;
}

TEST_CASE("the groups of parameters lie one behind the other, layer by layer") {
  const Network<double> network(rich_architecture(true));
  const LayerOffsets& first = network.offsets(0);
  const std::size_t edges = 3 * (4 + 3 + 1) * 11;  // S = 6 + 2 + 3
  CHECK(first.coefficients == 0);
  CHECK(first.subnode_scale == edges);
  CHECK(first.subnode_bias == edges + 11);
  CHECK(first.node_scale == edges + 22);
  CHECK(first.node_bias == edges + 30);
  CHECK(first.end == edges + 38);
  const LayerOffsets& second = network.offsets(1);
  CHECK(second.coefficients == first.end);
  CHECK(second.subnode_scale == first.end + 8 * (3 + 2 + 1) * 3);
  CHECK(second.end == second.subnode_scale + 2 * (3 + 2));
  CHECK(network.parameter_count() == second.end);
  CHECK(network.architecture().parameter_count() == second.end);
  CHECK(network.architecture().inputs() == 3);
  CHECK(network.architecture().outputs() == 2);
}

TEST_CASE("without affines there are edges alone") {
  const Network<double> network(rich_architecture(false));
  for (std::size_t l = 0; l < 2; ++l) {
    const LayerOffsets& o = network.offsets(l);
    CHECK(o.subnode_scale == o.end);
    CHECK(o.subnode_bias == o.end);
    CHECK(o.node_scale == o.end);
    CHECK(o.node_bias == o.end);
  }
  CHECK(network.parameter_count() == 3 * 8 * 11 + 8 * 6 * 3);
  CHECK(network.architecture().parameter_count() == network.parameter_count());
}

TEST_CASE("a new network is 0 but for its affines, which are the identity") {
  const Network<float> network(rich_architecture(true));
  for (std::size_t l = 0; l < 2; ++l) {
    const LayerOffsets& o = network.offsets(l);
    for (std::size_t p = o.coefficients; p < o.end; ++p) {
      const bool scale =
          (p >= o.subnode_scale && p < o.subnode_bias) || (p >= o.node_scale && p < o.node_bias);
      CHECK(network.parameters()[p] == (scale ? 1.0F : 0.0F));
    }
    for (const std::uint8_t m : network.edge_mask(l)) CHECK(m == 1);
  }
}

TEST_CASE("a new network has uniform grids on [-1, 1]") {
  Architecture architecture = one_edge();
  architecture.layers[0].intervals = 4;
  const Network<double> network(architecture);
  CHECK(network.grid(0).knots ==
        std::vector<double>{-2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5});
  CHECK(network.grid(0).inverse_spacing == std::vector<double>{2.0});
}

TEST_CASE("numbers of symbolic edges lie behind everything else of their layer") {
  const Network<double> network(symbolic_architecture(true));
  const Network<double> plain(rich_architecture(true));
  const LayerOffsets& first = network.offsets(0);
  CHECK(first.symbolic == plain.offsets(0).end);
  CHECK(first.end == first.symbolic + 4 * 4);
  CHECK(network.offsets(1).coefficients == first.end);
  CHECK(network.offsets(1).end == network.parameter_count());
  CHECK(network.parameter_count() == plain.parameter_count() + 7 * 4);
  CHECK(network.architecture().parameter_count() == network.parameter_count());
  for (std::size_t p = first.symbolic; p < first.end; ++p) {
    CHECK(network.parameters()[p] == ((p - first.symbolic) % 2 == 0 ? 1.0 : 0.0));
    CHECK(network.trainable()[p] == 1);
  }
}

TEST_CASE("numbers of symbolic edges train or rest one by one") {
  Network<double> network(symbolic_architecture());
  std::vector<std::uint8_t> trains(12, 1);
  trains[0] = trains[7] = 0;
  network.set_symbolic_trainable(1, trains);
  const std::uint8_t* got = network.trainable().data() + network.offsets(1).symbolic;
  CHECK(std::equal(trains.begin(), trains.end(), got));
  network.set_trainable({false, false, false});
  CHECK(std::equal(trains.begin(), trains.end(), got));
  const std::string name = "what trains of the symbolic edges of layer 1";
  CHECK_THROWS_WITH_AS(network.set_symbolic_trainable(1, std::vector<std::uint8_t>(4, 1)),
                       (name + " must have 12 values, got 4").c_str(), std::invalid_argument);
  CHECK_THROWS_WITH_AS(network.set_symbolic_trainable(1, std::vector<std::uint8_t>(12, 2)),
                       (name + " must hold 0 or 1").c_str(), std::invalid_argument);
  CHECK(network.symbolic_trainable(1) == trains);
}

TEST_CASE("knots that make no grid are refused with the input and the reason") {
  Network<double> network(one_edge());
  const std::vector<double> good = {-3, -2, -1, 0, 1, 2, 3, 4, 5, 6};
  const auto check_refused = [&](const char* reason, std::size_t at, double value) {
    std::vector<double> knots = good;
    knots[at] = value;
    CHECK_THROWS_WITH_AS(network.set_knots(0, knots), doctest::Contains(reason),
                         std::invalid_argument);
  };
  const char* first_or_last = "must have a first and a last interval of positive length";
  check_refused("knots of layer 0, input 0 must be finite", 4,
                std::numeric_limits<double>::quiet_NaN());
  check_refused("must be finite", 9, std::numeric_limits<double>::infinity());
  check_refused("must not decrease", 4, -0.5);
  check_refused("must not decrease", 9, 4.5);
  check_refused(first_or_last, 4, 0);
  check_refused(first_or_last, 5, 3);
  CHECK_THROWS_WITH_AS(network.set_knots(0, {-3, -2, -1, 0, 0, 0, 0, 1, 2, 3}),
                       doctest::Contains("must span an interval of positive length"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(network.set_knots(0, {1, 2, 3}),
                       "knots of layer 0 must have 1 x 10 values, got 3", std::invalid_argument);
  CHECK(network.grid(0).knots == Network<double>(one_edge()).grid(0).knots);
}

TEST_CASE("an inner knot may stand k times and no more") {
  for (const int k : {1, 2, 3}) {
    Architecture architecture;
    architecture.layers = {{1, 1, {}, k + 2, k}};
    Network<double> network(architecture);
    std::vector<double> knots;
    for (int j = -k; j <= 0; ++j) knots.push_back(j);
    knots.insert(knots.end(), size(k), 1.0);
    for (int j = 2; j <= k + 3; ++j) knots.push_back(j);
    INFO("degree " << k);
    network.set_knots(0, knots);
    CHECK(network.grid(0).knots == knots);
    knots[size(2 * k + 1)] = 1.0;  // what was 2
    CHECK_THROWS_WITH_AS(network.set_knots(0, knots),
                         doctest::Contains("may repeat at most k times inside the grid"),
                         std::invalid_argument);
  }
}

TEST_CASE_TEMPLATE("knots are uniform as far as rounding can tell", T, float, double) {
  Network<T> network(one_edge());
  const auto inverse_spacing = [&](std::vector<T> knots) {
    network.set_knots(0, knots);
    return static_cast<double>(network.grid(0).inverse_spacing[0]);
  };
  auto knots = uniform_knots<T>(3, 3, 0.1, 0.7);
  // 1/h with h from rounded ends, of magnitude up to 1.3 for 9 h = 1.8, and rounded itself.
  CHECK(std::abs(inverse_spacing(knots) - 5.0) <= 5.0 * 2 * epsilon<T>);
  knots[4] += T(1e-5);
  CHECK(inverse_spacing(knots) == 0.0);
  // So far out that positions in a cell would be rounded away.
  CHECK(inverse_spacing(uniform_knots<T>(3, 3, 1.0, 1.0 + 100 * epsilon<T>)) == 0.0);
  // Far from 0 the rounding of the knots is no longer small beside their distance.
  const double far = 0.2 / (40000 * epsilon<T>);
  CHECK(inverse_spacing(uniform_knots<T>(3, 3, 0.5 * far, 0.5 * far + 0.6)) != 0.0);
  CHECK(inverse_spacing(uniform_knots<T>(3, 3, 2 * far, 2 * far + 0.6)) == 0.0);
}

TEST_CASE("edges masked are 0 and stay 0, whatever is set") {
  auto network = random_network<double>(rich_architecture());
  const std::vector<double> before(network.parameters(),
                                   network.parameters() + network.parameter_count());
  std::vector<std::uint8_t> mask(3 * 11, 1);
  mask[1 * 11 + 4] = 0;
  network.set_edge_mask(0, mask);
  const auto check = [&](const std::vector<double>& values) {
    for (std::size_t p = 0; p < values.size(); ++p) {
      const bool masked = p < network.offsets(0).subnode_scale && p / (8 * 11) == 1 && p % 11 == 4;
      CHECK(network.parameters()[p] == (masked ? 0.0 : values[p]));
    }
  };
  check(before);
  const std::vector<double> other(network.parameter_count(), 2.5);
  network.set_parameters(other.data());
  check(other);
  // Lifting the mask gives nothing back.
  mask[1 * 11 + 4] = 1;
  network.set_edge_mask(0, mask);
  CHECK(network.parameters()[8 * 11 + 4] == 0.0);
  network.set_parameters(other.data());
  CHECK(network.parameters()[8 * 11 + 4] == 2.5);
}

TEST_CASE("a mask of another length or value is refused and changes nothing") {
  Network<double> network(rich_architecture());
  CHECK_THROWS_WITH_AS(network.set_edge_mask(0, std::vector<std::uint8_t>(32, 1)),
                       "edge mask of layer 0 must have 33 values, got 32", std::invalid_argument);
  CHECK_THROWS_WITH_AS(network.set_edge_mask(1, std::vector<std::uint8_t>(24, 2)),
                       "edge mask of layer 1 must hold 0 or 1", std::invalid_argument);
  CHECK(network.edge_mask(0) == std::vector<std::uint8_t>(33, 1));
  CHECK(network.edge_mask(1) == std::vector<std::uint8_t>(24, 1));
}

/// How many parameters of each group may move: coefficients, base weights, affine ones.
std::vector<std::size_t> moving(const Network<double>& network) {
  std::vector<std::size_t> counts(3, 0);
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const LayerOffsets& o = network.offsets(l);
    const std::size_t rows = size(network.layer(l).rows());
    const std::size_t subnodes = size(network.layer(l).subnodes());
    for (std::size_t p = o.coefficients; p < o.end; ++p) {
      const bool edge = p < o.subnode_scale;
      const bool base = edge && (p - o.coefficients) / subnodes % rows == rows - 1;
      counts[edge ? (base ? 1 : 0) : 2] += network.trainable()[p];
    }
  }
  return counts;
}

TEST_CASE("each group trains or rests by itself, and masked edges never train") {
  Network<double> network(rich_architecture());
  const std::size_t coefficients = 3 * 7 * 11 + 8 * 5 * 3;
  const std::size_t bases = 3 * 11 + 8 * 3;
  const std::size_t affines = 2 * (11 + 8) + 2 * (3 + 2);
  using Counts = std::vector<std::size_t>;
  CHECK(moving(network) == Counts{coefficients, bases, affines});
  network.set_trainable({true, false, false});
  CHECK(moving(network) == Counts{coefficients, 0, 0});
  CHECK_FALSE(network.trainable_groups().base_weights);
  network.set_trainable({false, true, false});
  CHECK(moving(network) == Counts{0, bases, 0});
  network.set_trainable({false, false, true});
  CHECK(moving(network) == Counts{0, 0, affines});
  network.set_trainable({});
  std::vector<std::uint8_t> mask(8 * 3, 1);
  mask[5] = mask[20] = 0;
  network.set_edge_mask(1, mask);
  CHECK(moving(network) == Counts{coefficients - 2 * 5, bases - 2, affines});
}

TEST_CASE("base weights of a base that is zero do not train") {
  Architecture architecture = rich_architecture(false);
  architecture.base = kan::Base::zero;
  CHECK(moving(Network<double>(architecture)) ==
        std::vector<std::size_t>{3 * 7 * 11 + 8 * 5 * 3, 0, 0});
}

}  // namespace
