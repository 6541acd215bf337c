#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kan/network.hpp"
#include "numbers.hpp"

namespace kan::test {

/// Random parameters; every other input of every layer on knots that are not uniform.
template <class T>
Network<T> random_network(Architecture architecture, std::uint64_t seed = 1) {
  Network<T> network(std::move(architecture));
  Random random(seed);
  network.set_parameters(random.values<T>(network.parameter_count()).data());
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const Layer& layer = network.layer(l);
    std::vector<T> knots = network.grid(l).knots;
    for (std::size_t i = 1; i < size(layer.inputs); i += 2) {
      const auto own = uneven_knots<T>(layer.intervals, layer.degree, false, random);
      std::copy(own.begin(), own.end(), knots.begin() + std::ptrdiff_t(i * own.size()));
    }
    network.set_knots(l, knots);
  }
  return network;
}

/// Two layers with everything there is: products, affines, a wide layer and a narrow one.
inline Architecture rich_architecture(bool affine = true) {
  Architecture architecture;
  architecture.layers = {{3, 6, {2, 3}, 4, 3}, {8, 1, {2}, 3, 2}};
  architecture.affine = affine;
  return architecture;
}

inline Architecture wide_architecture() {
  Architecture architecture;
  architecture.layers = {{5, 17, {}, 5, 3}, {17, 3, {}, 4, 3}};
  return architecture;
}

/// A function of no name on [-1.5, 1.5], smooth, with inputs beyond both ends.
inline Table some_table() { return {"bump", -1.5, 1.5, {0.5, -1, 2, 0.25, 1, -0.5, 1.5, 0, -1}}; }

/// The rich one with symbolic edges beside splines: smooth functions and a table.
inline Architecture symbolic_architecture(bool affine = true) {
  Architecture architecture = rich_architecture(affine);
  architecture.tables = {some_table()};
  architecture.layers[0].symbolic = {{0, 1, Function::sine},
                                     {0, 7, Function::square},
                                     {2, 4, Function::table, 0},
                                     {2, 10, Function::exp}};
  architecture.layers[1].symbolic = {
      {1, 0, Function::tanh}, {5, 2, Function::gaussian}, {7, 1, Function::table, 0}};
  return architecture;
}

/// Every degree, products, wide layers, grids that are dense or looked up, affines, symbolic edges.
inline std::vector<Architecture> telling_architectures() {
  std::vector<Architecture> all;
  for (int k = 0; k <= 5; ++k) {
    Architecture small;
    small.layers = {{2, 3, {}, 4, k}, {3, 2, {}, 3, k}};
    all.push_back(small);
  }
  Architecture products;
  products.layers = {{2, 1, {2, 3}, 4, 3}, {3, 2, {2}, 20, 2}};
  all.push_back(products);
  Architecture wide;
  wide.layers = {{2, 9, {}, 3, 3}, {9, 1, {}, 3, 4}};
  all.push_back(wide);
  for (const std::size_t which : {std::size_t{3}, std::size_t{6}}) {
    all.push_back(all[which]);
    all.back().affine = true;
  }
  all.push_back(symbolic_architecture(false));
  all.push_back(symbolic_architecture(true));
  return all;
}

/// All edges masked: symbolic ones alone.
template <class T>
Network<T> without_splines(Network<T> network) {
  for (std::size_t l = 0; l < network.depth(); ++l) {
    network.set_edge_mask(l, std::vector<std::uint8_t>(network.edge_mask(l).size(), 0));
  }
  return network;
}

}  // namespace kan::test
