#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evaluations.hpp"
#include "kan/jet.hpp"

/// What the tests of jets share.
namespace kan::test {

/// [places][rows][O], at `parameters` or the network's own.
template <class T>
std::vector<T> jets_of(const Network<T>& network, int order, const std::vector<T>& x,
                       const T* parameters = nullptr) {
  JetEvaluator<T> evaluator(network, order);
  const std::size_t rows = x.size() / size(network.architecture().inputs());
  std::vector<T> jets(evaluator.shape().size() * rows * size(network.architecture().outputs()));
  evaluator.jets(x.data(), rows, jets.data(), parameters);
  return jets;
}

/// Gradients by the parameters and by x.
template <class T>
std::pair<std::vector<T>, std::vector<T>> pulled_back(const Network<T>& network, int order,
                                                      const std::vector<T>& x,
                                                      const std::vector<T>& grad_jets) {
  const T unset = T(1e9);
  std::pair<std::vector<T>, std::vector<T>> both{std::vector<T>(network.parameter_count(), unset),
                                                 std::vector<T>(x.size(), unset)};
  const std::size_t rows = x.size() / size(network.architecture().inputs());
  JetEvaluator<T>(network, order)
      .pullback(x.data(), rows, grad_jets.data(), both.first.data(), both.second.data());
  return both;
}

template <class T>
std::vector<T> parameters_of(const Network<T>& network) {
  return {network.parameters(), network.parameters() + network.parameter_count()};
}

struct NamedNetwork {
  std::string name;
  Network<double> network;
};

/// Networks whose layers are all of one kind or another.
inline std::vector<std::pair<std::string, Architecture>> jet_architectures() {
  std::vector<std::pair<std::string, Architecture>> all;
  for (const Architecture& one : telling_architectures()) {
    all.emplace_back("telling " + std::to_string(all.size()), one);
  }
  Architecture products;
  products.layers = {{2, 2, {1, 2, 3}, 4, 3}, {5, 1, {2}, 3, 4}};
  products.affine = true;
  all.emplace_back("arities 1 to 3", products);
  products.layers[1] = {5, 0, {3}, 3, 4};
  products.affine = false;
  all.emplace_back("a product alone", products);
  Architecture one_layer;
  one_layer.layers = {{2, 2, {}, 4, 4}};
  for (const Base base : {Base::identity, Base::zero}) {
    one_layer.base = base;
    all.emplace_back("one layer, base " + std::to_string(static_cast<int>(base)), one_layer);
  }
  Architecture one_input;
  one_input.layers = {{1, 1, {}, 3, 5}, {1, 1, {}, 30, 5}, {1, 1, {}, 3, 5}};
  all.emplace_back("one input", one_input);
  Architecture outside;
  outside.layers = {{2, 3, {2}, 4, 4}, {4, 9, {}, 3, 4}, {9, 2, {}, 3, 4}};
  for (const Extrapolation policy : {Extrapolation::linear, Extrapolation::clamp,
                                     Extrapolation::zero, Extrapolation::polynomial}) {
    outside.extrapolation = policy;
    all.emplace_back("policy " + std::to_string(static_cast<int>(policy)), outside);
  }
  return all;
}

/// Every way that a jet may take.
inline std::vector<NamedNetwork> jet_networks() {
  std::vector<NamedNetwork> all;
  for (const auto& [name, architecture] : jet_architectures()) {
    all.push_back({name, random_network<double>(architecture)});
  }
  auto masked = random_network<double>(symbolic_architecture());
  std::vector<std::uint8_t> mask(masked.edge_mask(0).size(), 1);
  mask[1] = mask[12] = mask[30] = 0;
  masked.set_edge_mask(0, mask);
  all.push_back({"masked edges", masked});
  all.push_back({"no splines", without_splines(masked)});
  masked.set_edge_mask(1, std::vector<std::uint8_t>(masked.edge_mask(1).size(), 0));
  all.push_back({"no splines in the last layer", masked});
  return all;
}

/// Large enough for chunks side by side and threads inside layers.
template <class T>
Network<T> large_jet_network() {
  Architecture architecture;
  architecture.layers = {{8, 24, {2}, 6, 3}, {25, 7, {}, 5, 4}, {7, 3, {}, 5, 3}};
  architecture.tables = {some_table()};
  architecture.affine = true;
  for (Layer& layer : architecture.layers) {
    layer.symbolic = {{0, 1, Function::sine}, {1, 0, Function::table, 0}};
  }
  return random_network<T>(architecture);
}

}  // namespace kan::test
