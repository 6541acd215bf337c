#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kan/model_file.hpp"

/// Valid model files that no mutation of other files arrives at: shapes, and numbers at the ends of what
/// numbers can be.
namespace kan::fuzz {

class RandomModel {
 public:
  explicit RandomModel(unsigned seed) : random_(seed) {}

  /// A file; empty where the numbers made no network.
  std::vector<std::byte> file() {
    try {
      return below(2) == 0 ? file_of<float>() : file_of<double>();
    } catch (const std::invalid_argument&) {
      return {};
    }
  }

 private:
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  Architecture architecture() {
    Architecture all;
    all.base = static_cast<Base>(below(3));
    all.extrapolation = static_cast<Extrapolation>(below(5));
    all.affine = below(2) == 0;
    if (below(3) == 0) all.tables.push_back({"t", -1.0, 2.0, table_coefficients()});
    int inputs = 1 + below(below(4) == 0 ? 20 : 4);
    const int depth = 1 + below(3);
    for (int l = 0; l < depth; ++l) {
      all.layers.push_back(layer(inputs, all.tables.size()));
      inputs = all.layers.back().nodes();
    }
    return all;
  }

  Layer layer(int inputs, std::size_t tables) {
    Layer layer;
    layer.inputs = inputs;
    layer.sums = below(below(4) == 0 ? 20 : 4);
    for (int n = below(3); n > 0; --n) layer.arities.push_back(1 + below(4));
    if (layer.subnodes() == 0) layer.sums = 1;
    layer.degree = below(max_degree + 1);
    layer.intervals = 1 + below(below(4) == 0 ? 40 : 5);
    for (int i = 0; i < inputs; ++i) {
      if (below(4) != 0) continue;
      const auto function =
          static_cast<Function>(below(tables > 0 ? function_count : function_count - 1));
      layer.symbolic.push_back({i, below(layer.subnodes()), function});
    }
    return layer;
  }

  std::vector<double> table_coefficients() {
    std::vector<double> all(static_cast<std::size_t>(6 + below(10)));
    for (double& value : all) value = number(1e300);
    return all;
  }

  /// Tame ones mostly.
  double number(double largest) {
    static constexpr double some[] = {0.0, -0.0, 1.0, -1.0, 0.5, 1e-40, -1e-30, 1e-7, 3e5, -1e12};
    const double tame = static_cast<double>(below(2001) - 1000) / 500.0;
    switch (below(12)) {
      case 0: return some[below(static_cast<int>(std::size(some)))];
      case 1: return below(8) == 0 ? (below(2) == 0 ? largest : -largest) : tame;
      default: return tame;
    }
  }

  /// Steps of every size, none among them.
  template <class T>
  std::vector<T> knots(const Layer& layer) {
    static constexpr double steps[] = {0.5, 0.5, 0.3, 1.0, 0.0, 1e-6, 1e-30, 1e3, 1e30};
    const int kinds = below(3) == 0 ? 9 : below(2) == 0 ? 5 : 2;
    std::vector<T> all;
    for (int i = 0; i < layer.inputs; ++i) {
      double at = below(8) == 0 ? -1e6 : -1.0;
      for (int j = 0; j < layer.knots(); ++j) {
        all.push_back(static_cast<T>(at));
        at += steps[below(kinds)];
      }
    }
    return all;
  }

  template <class T>
  std::vector<std::byte> file_of() {
    Network<T> network(architecture());
    for (std::size_t l = 0; l < network.depth(); ++l) {
      if (below(2) == 0) network.set_knots(l, knots<T>(network.layer(l)));
      if (below(3) != 0) continue;
      std::vector<std::uint8_t> mask = network.edge_mask(l);
      const int kept = below(4);
      for (std::uint8_t& edge : mask) edge = below(3) < kept ? 1 : 0;
      network.set_edge_mask(l, mask);
    }
    std::vector<T> values(network.parameter_count());
    for (T& value : values) value = static_cast<T>(number(sizeof(T) == 4 ? 3e38 : 1e308));
    network.set_parameters(values.data());
    network.set_trainable({below(2) == 0, below(2) == 0, below(2) == 0});
    if (below(4) != 0) return serialize_model(network);
    std::vector<double> x(static_cast<std::size_t>(network.architecture().inputs()));
    for (double& value : x) value = number(1e3);
    return serialize_model(network, {{"note", "n"}}, make_self_test(network, std::move(x)));
  }

  std::minstd_rand random_;
};

}  // namespace kan::fuzz
