#include "jet_nodes.hpp"

#include <algorithm>

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// to = the jet of f g
template <class T>
void multiply_jets(const ProductRule& rule, const T* f, const T* g, const JetBatch& batch, T* to) {
  for (std::size_t p = 0; p < batch.places; ++p) {
    bool more = false;
    for (const auto& [of_f, of_g] : rule[p]) {
      multiply(f + of_f * batch.step, g + of_g * batch.step, batch, more, to + p * batch.step);
      more = true;
    }
  }
}

/// grad_f = the gradient of f, given that of the jet of f g; g null stands for 1.
template <class T>
void product_back(const ProductRule& rule, const T* g, const T* grad, const JetBatch& batch,
                  T* grad_f) {
  if (g == nullptr) {
    std::copy_n(grad, batch.places * batch.step, grad_f);
    return;
  }
  std::fill_n(grad_f, batch.places * batch.step, T(0));
  for (std::size_t p = 0; p < batch.places; ++p) {
    for (const auto& [of_f, of_g] : rule[p]) {
      multiply(grad + p * batch.step, g + of_g * batch.step, batch, true,
               grad_f + of_f * batch.step);
    }
  }
}

/// The product of all factors but `left_out` (none: the number of factors), in spare memory or the
/// only factor itself; null where there is none.
template <class T>
const T* product_of(const ProductRule& rule, const T* factors, std::size_t arity,
                    std::size_t left_out, const JetBatch& batch, T* const (&spare)[2]) {
  const T* product = nullptr;
  for (std::size_t a = 0; a < arity; ++a) {
    if (a == left_out) continue;
    const T* factor = factors + a * batch.stride;
    if (product == nullptr) {
      product = factor;
      continue;
    }
    T* to = product == spare[0] ? spare[1] : spare[0];
    multiply_jets(rule, product, factor, batch, to);
    product = to;
  }
  return product;
}

/// y = scale x + bias
template <class T>
void affine_forward(const T* x, T scale, T bias, const JetBatch& batch, T* y) {
  for (std::size_t n = 0; n < batch.places * batch.step; ++n) y[n] = scale * x[n];
  for (std::size_t n = 0; n < batch.step; ++n) y[n] += bias;
}

/// of_scale [step] = sum_p x gy, of_bias [step] = gy of the value, gx = scale gy, which may be gy.
template <class T>
void affine_back(const T* x, T scale, const T* gy, const JetBatch& batch, T* of_scale, T* of_bias,
                 T* gx) {
  for (std::size_t p = 0; p < batch.places; ++p) {
    multiply(x + p * batch.step, gy + p * batch.step, batch, p > 0, of_scale);
  }
  std::copy_n(gy, batch.step, of_bias);
  for (std::size_t n = 0; n < batch.places * batch.step; ++n) gx[n] = scale * gy[n];
}

}  // namespace

template <class T>
void jet_nodes_forward(const Network<T>& network, const ProductRule& rule, std::size_t l,
                       const T* parameters, const NodeBuffers<T>& buffers, const JetBatch& batch,
                       T* const (&spare)[2]) noexcept {
  const Layer& layer = network.layer(l);
  const LayerOffsets& at = network.offsets(l);
  const bool affine = network.architecture().affine;
  const std::size_t stride = batch.stride;
  for (std::size_t s = 0; affine && s < size(layer.subnodes()); ++s) {
    affine_forward(buffers.sums + s * stride, parameters[at.subnode_scale + s],
                   parameters[at.subnode_bias + s], batch, buffers.factors + s * stride);
  }
  const std::size_t numbers = batch.places * batch.step;
  for (std::size_t s = 0; buffers.products != buffers.factors && s < size(layer.sums); ++s) {
    std::copy_n(buffers.factors + s * stride, numbers, buffers.products + s * stride);
  }
  std::size_t factor = size(layer.sums);
  for (std::size_t m = 0; m < layer.arities.size(); ++m) {
    const std::size_t arity = size(layer.arities[m]);
    const T* product =
        product_of(rule, buffers.factors + factor * stride, arity, arity, batch, spare);
    std::copy_n(product, numbers, buffers.products + (size(layer.sums) + m) * stride);
    factor += arity;
  }
  for (std::size_t j = 0; affine && j < size(layer.nodes()); ++j) {
    affine_forward(buffers.products + j * stride, parameters[at.node_scale + j],
                   parameters[at.node_bias + j], batch, buffers.outputs + j * stride);
  }
}

template <class T>
void jet_nodes_sensitivities(const Network<T>& network, const ProductRule& rule, std::size_t l,
                             const T* parameters, const NodeBuffers<T>& buffers,
                             const JetBatch& batch, const T* grad_outputs, T* grad_sums,
                             T* grad_affine, T* const (&spare)[2]) noexcept {
  const Layer& layer = network.layer(l);
  const LayerOffsets& at = network.offsets(l);
  const bool affine = network.architecture().affine;
  const std::size_t stride = batch.stride;
  const auto row = [&](std::size_t parameter) {
    return grad_affine + (parameter - at.subnode_scale) * batch.step;
  };
  const T* grad_products = affine ? buffers.grad_products : grad_outputs;
  for (std::size_t j = 0; affine && j < size(layer.nodes()); ++j) {
    affine_back(buffers.products + j * stride, parameters[at.node_scale + j],
                grad_outputs + j * stride, batch, row(at.node_scale + j), row(at.node_bias + j),
                buffers.grad_products + j * stride);
  }
  const std::size_t numbers = batch.places * batch.step;
  for (std::size_t s = 0; s < size(layer.sums); ++s) {
    std::copy_n(grad_products + s * stride, numbers, grad_sums + s * stride);
  }
  std::size_t factor = size(layer.sums);
  for (std::size_t m = 0; m < layer.arities.size(); ++m) {
    const std::size_t arity = size(layer.arities[m]);
    const T* grad = grad_products + (size(layer.sums) + m) * stride;
    for (std::size_t a = 0; a < arity; ++a) {
      const T* others = product_of(rule, buffers.factors + factor * stride, arity, a, batch, spare);
      product_back(rule, others, grad, batch, grad_sums + (factor + a) * stride);
    }
    factor += arity;
  }
  for (std::size_t s = 0; affine && s < size(layer.subnodes()); ++s) {
    T* own = grad_sums + s * stride;
    affine_back(buffers.sums + s * stride, parameters[at.subnode_scale + s], own, batch,
                row(at.subnode_scale + s), row(at.subnode_bias + s), own);
  }
}

#define KAN_JET_NODES(T)                                                                        \
  template void jet_nodes_forward(const Network<T>&, const ProductRule&, std::size_t, const T*, \
                                  const NodeBuffers<T>&, const JetBatch&,                       \
                                  T* const(&)[2]) noexcept;                                     \
  template void jet_nodes_sensitivities(const Network<T>&, const ProductRule&, std::size_t,     \
                                        const T*, const NodeBuffers<T>&, const JetBatch&,       \
                                        const T*, T*, T*, T* const(&)[2]) noexcept;

KAN_JET_NODES(float)
KAN_JET_NODES(double)
#undef KAN_JET_NODES

}  // namespace kan
