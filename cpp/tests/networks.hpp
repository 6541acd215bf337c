#pragma once

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

}  // namespace kan::test
