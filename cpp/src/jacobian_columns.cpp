#include "jacobian_columns.hpp"

#include <utility>

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

template <class T>
JacobianColumns<T>::JacobianColumns(const Network<T>& network, std::size_t unknowns)
    : unknowns_(unknowns) {
  for (std::size_t l = 0; l < network.depth(); ++l) add_edges(network, l);
  for (std::size_t l = 0; l < network.depth(); ++l) add_bases(network, l);
  for (std::size_t l = 0; l < network.depth(); ++l) add_affines(network, l);
  symbolic_begin_ = parameters_.size();
  for (std::size_t l = 0; l < network.depth(); ++l) add_symbolics(network, l);
  for (std::size_t u = 0; u < unknowns; ++u) {
    add_column(network.depth() - 1, network.parameter_count() + u);
  }
}

template <class T>
void JacobianColumns<T>::add_column(std::size_t l, std::size_t parameter) {
  parameters_.push_back(parameter);
  layers_.push_back(l);
}

template <class T>
void JacobianColumns<T>::add_edges(const Network<T>& network, std::size_t l) {
  const Layer& layer = network.layer(l);
  const std::size_t sums = size(layer.subnodes());
  if (layer.degree > 3) width_ = 8;
  for (std::size_t i = 0; i < size(layer.inputs); ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      const std::size_t at = network.offsets(l).coefficients + i * size(layer.rows()) * sums + s;
      if (network.trainable()[at] == 0) continue;
      edges_.push_back({l, i, s, static_cast<std::int32_t>(parameters_.size())});
      for (std::size_t m = 0; m < size(layer.basis_functions()); ++m) {
        add_column(l, at + m * sums);
      }
    }
  }
}

template <class T>
void JacobianColumns<T>::add_bases(const Network<T>& network, std::size_t l) {
  const Layer& layer = network.layer(l);
  const std::size_t sums = size(layer.subnodes());
  for (std::size_t i = 0; i < size(layer.inputs); ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      const std::size_t row = i * size(layer.rows()) + size(layer.basis_functions());
      const std::size_t at = network.offsets(l).coefficients + row * sums + s;
      if (network.trainable()[at] == 0) continue;
      bases_.push_back({l, i, s, 0});
      add_column(l, at);
    }
  }
}

template <class T>
void JacobianColumns<T>::add_affines(const Network<T>& network, std::size_t l) {
  const LayerOffsets& at = network.offsets(l);
  for (std::size_t p = at.subnode_scale; p < at.symbolic; ++p) {
    if (network.trainable()[p] == 0) continue;
    affines_.push_back({l, p - at.subnode_scale});
    add_column(l, p);
  }
}

template <class T>
void JacobianColumns<T>::add_symbolics(const Network<T>& network, std::size_t l) {
  const Layer& layer = network.layer(l);
  for (std::size_t e = 0; e < layer.symbolic.size(); ++e) {
    const std::size_t first = network.offsets(l).symbolic + e * EdgeAffine::count;
    Symbolic own{l, e, {}};
    for (std::size_t p = 0; p < EdgeAffine::count; ++p) {
      if (network.trainable()[first + p] == 0) continue;
      own.moving.push_back(p);
      add_column(l, first + p);
    }
    if (!own.moving.empty()) symbolics_.push_back(std::move(own));
  }
}

template class JacobianColumns<float>;
template class JacobianColumns<double>;

}  // namespace kan
