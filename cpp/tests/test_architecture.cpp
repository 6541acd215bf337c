#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

#include "networks.hpp"

namespace {

using namespace kan::test;
using kan::Architecture;
using kan::Layer;
using kan::Network;

TEST_CASE("a layer counts its sums, nodes, functions, rows and knots") {
  const Layer layer{4, 2, {2, 3}, 5, 3};
  CHECK(layer.subnodes() == 7);
  CHECK(layer.nodes() == 4);
  CHECK(layer.basis_functions() == 8);
  CHECK(layer.rows() == 9);
  CHECK(layer.knots() == 12);
}

TEST_CASE("an architecture that cannot be is refused with the layer and the reason") {
  const auto check_refused = [](const char* reason,
                                const std::function<void(Architecture&)>& spoil) {
    Architecture architecture = rich_architecture();
    spoil(architecture);
    CHECK_THROWS_WITH_AS(Network<float>{architecture}, doctest::Contains(reason),
                         std::invalid_argument);
  };
  check_refused("at least one layer is needed", [](auto& a) { a.layers.clear(); });
  check_refused("layer 0: inputs must be in 1..2^24, got 0",
                [](auto& a) { a.layers[0].inputs = 0; });
  check_refused("layer 0: inputs must be in 1..2^24, got 16777217",
                [](auto& a) { a.layers[0].inputs = (1 << 24) + 1; });
  check_refused("layer 1: sums must be in 0..2^24, got -1", [](auto& a) { a.layers[1].sums = -1; });
  check_refused("layer 1: an arity must be in 1..2^24, got 0",
                [](auto& a) { a.layers[1].arities = {0}; });
  check_refused("layer 1: subnodes must be in 1..2^24, got 0", [](auto& a) {
    a.layers[1].sums = 0;
    a.layers[1].arities.clear();
  });
  check_refused("layer 1: subnodes must be in 1..2^24, got 33554432", [](auto& a) {
    a.layers[1].sums = 0;
    a.layers[1].arities = {1 << 24, 1 << 24};
  });
  check_refused("layer 1: degree k must be in 0..5, got 6",
                [](auto& a) { a.layers[1].degree = 6; });
  check_refused("layer 0: degree k must be in 0..5, got -1",
                [](auto& a) { a.layers[0].degree = -1; });
  check_refused("layer 0: grid intervals G must be in 1..2^20, got 0",
                [](auto& a) { a.layers[0].intervals = 0; });
  check_refused("layer 0: grid intervals G must be in 1..2^20, got 1048577",
                [](auto& a) { a.layers[0].intervals = (1 << 20) + 1; });
  check_refused("layer 1: inputs must equal the nodes of the layer before, 8, got 7",
                [](auto& a) { a.layers[1].inputs = 7; });
  check_refused("the number of parameters overflows",
                [](auto& a) { a.layers = {{1 << 24, 1 << 24, {}, 1 << 20, 5}}; });
}

TEST_CASE("symbolic edges and tables that cannot be are refused with the layer and the reason") {
  const auto check_refused = [](const char* reason,
                                const std::function<void(Architecture&)>& spoil) {
    Architecture architecture = symbolic_architecture();
    spoil(architecture);
    CHECK_THROWS_WITH_AS(Network<float>{architecture}, doctest::Contains(reason),
                         std::invalid_argument);
  };
  const auto edge = [](Architecture& a) -> kan::SymbolicEdge& { return a.layers[0].symbolic[2]; };
  check_refused("layer 0: a symbolic edge must begin at an input, got 3",
                [&](auto& a) { edge(a).input = 3; });
  check_refused("must begin at an input, got -1", [&](auto& a) { edge(a).input = -1; });
  check_refused("layer 0: a symbolic edge must end at a sum, got 11",
                [&](auto& a) { edge(a).sum = 11; });
  check_refused("layer 0: a symbolic edge must have a function, got 29",
                [&](auto& a) { edge(a).function = static_cast<kan::Function>(29); });
  check_refused("a table must be one of the architecture's, got 1",
                [&](auto& a) { edge(a).table = 1; });
  check_refused("a table must be one of the architecture's, got -1",
                [&](auto& a) { edge(a).table = -1; });
  check_refused("a table must be one of the architecture's, got 1",
                [&](auto& a) { a.layers[0].symbolic[0].table = 1; });
  check_refused("a table must be one of the architecture's, got 0",
                [&](auto& a) { a.tables.clear(); });
  check_refused("layer 0: symbolic edges must be sorted by input, then sum, each once",
                [&](auto& a) { std::swap(a.layers[0].symbolic[0], a.layers[0].symbolic[3]); });
  check_refused("must be sorted by input, then sum, each once", [&](auto& a) { edge(a).sum = 10; });
  const auto table_refused = [&](const char* reason,
                                 const std::function<void(kan::Table&)>& spoil) {
    check_refused(reason, [&](auto& a) { spoil(a.tables[0]); });
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  table_refused("table \"bump\": it must have 6..2^16 coefficients, got 5",
                [](auto& t) { t.coefficients.resize(5); });
  table_refused("6..2^16 coefficients, got 65537", [](auto& t) { t.coefficients.resize(65537); });
  table_refused("a coefficient is not finite", [](auto& t) { t.coefficients[3] = infinity; });
  const char* interval = "low and high must be finite, low < high, and further apart than rounding";
  table_refused(interval, [](auto& t) { t.low = t.high; });
  table_refused(interval, [](auto& t) { t.low = -infinity; });
  table_refused(interval, [](auto& t) { t.high = std::nan(""); });
  table_refused(interval, [](auto& t) { t.low = -1e308, t.high = 1.7e308; });
  table_refused(interval, [](auto& t) { t.low = 1.0, t.high = 1.0 + 1e-15; });
  check_refused("at most 64 tables are allowed, got 65",
                [](auto& a) { a.tables.resize(65, some_table()); });
}

}  // namespace
