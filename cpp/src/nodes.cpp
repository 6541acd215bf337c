#include "nodes.hpp"

#include <algorithm>

namespace kan {
namespace {

template <class T>
void affine_forward(const T* x, T scale, T bias, std::size_t count, T* y) {
  for (std::size_t n = 0; n < count; ++n) y[n] = scale * x[n] + bias;
}

/// gx = scale gy, which may be gy.
template <class T>
void affine_backward(T scale, const T* gy, std::size_t count, T* gx) {
  for (std::size_t n = 0; n < count; ++n) gx[n] = scale * gy[n];
}

/// Adds the gradients of scales and biases over all samples to the flat buffer.
template <class T>
struct SummedAffine {
  T* grad_parameters;
  std::size_t count;

  /// grad_parameters[scale] += sum_n x gy; grad_parameters[bias] += sum_n gy.
  void operator()(std::size_t scale, std::size_t bias, const T* x, const T* gy) const {
    T scale_sum = T(0);
    T bias_sum = T(0);
    for (std::size_t n = 0; n < count; ++n) {
      scale_sum += x[n] * gy[n];
      bias_sum += gy[n];
    }
    grad_parameters[scale] += scale_sum;
    grad_parameters[bias] += bias_sum;
  }
};

/// Writes them sample by sample; parameter `first` of the flat buffer is row 0.
template <class T>
struct AffineBySample {
  T* rows;  // [affine parameters][stride]
  std::size_t first, count, stride;

  void operator()(std::size_t scale, std::size_t bias, const T* x, const T* gy) const {
    T* own = rows + (scale - first) * stride;
    for (std::size_t n = 0; n < count; ++n) own[n] = x[n] * gy[n];
    std::copy_n(gy, count, rows + (bias - first) * stride);
  }
};

template <class T>
void product_forward(const T* factors, int arity, std::size_t count, std::size_t stride,
                     T* product) {
  std::copy_n(factors, count, product);
  for (int a = 1; a < arity; ++a) {
    const T* factor = factors + static_cast<std::size_t>(a) * stride;
    for (std::size_t n = 0; n < count; ++n) product[n] *= factor[n];
  }
}

/// d product / d factor_a is the product of the others: no division, so zeros are fine.
template <class T>
void product_backward(const T* factors, int arity, const T* gy, std::size_t count,
                      std::size_t stride, T* grad) {
  for (int a = 0; a < arity; ++a) {
    T* own = grad + static_cast<std::size_t>(a) * stride;
    std::copy_n(gy, count, own);
    for (int b = 0; b < arity; ++b) {
      if (b == a) continue;
      const T* factor = factors + static_cast<std::size_t>(b) * stride;
      for (std::size_t n = 0; n < count; ++n) own[n] *= factor[n];
    }
  }
}

}  // namespace

template <class T>
void nodes_forward(const Network<T>& network, std::size_t l, const T* parameters,
                   const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride) {
  const Layer& layer = network.layer(l);
  const LayerOffsets& at = network.offsets(l);
  const bool affine = network.architecture().affine;
  const auto subnodes = static_cast<std::size_t>(layer.subnodes());
  const auto nodes = static_cast<std::size_t>(layer.nodes());
  const auto sums = static_cast<std::size_t>(layer.sums);

  for (std::size_t s = 0; affine && s < subnodes; ++s) {
    affine_forward(buffers.sums + s * stride, parameters[at.subnode_scale + s],
                   parameters[at.subnode_bias + s], count, buffers.factors + s * stride);
  }
  if (buffers.products != buffers.factors) {
    for (std::size_t s = 0; s < sums; ++s) {
      std::copy_n(buffers.factors + s * stride, count, buffers.products + s * stride);
    }
  }
  const T* factors = buffers.factors + sums * stride;
  for (std::size_t m = 0; m < layer.arities.size(); ++m) {
    product_forward(factors, layer.arities[m], count, stride,
                    buffers.products + (sums + m) * stride);
    factors += static_cast<std::size_t>(layer.arities[m]) * stride;
  }
  for (std::size_t j = 0; affine && j < nodes; ++j) {
    affine_forward(buffers.products + j * stride, parameters[at.node_scale + j],
                   parameters[at.node_bias + j], count, buffers.outputs + j * stride);
  }
}

namespace {

/// grad_sums from grad_outputs; take(scale, bias, x, gy) gets the affines y = scale x + bias on the way.
template <class T, class Take>
void nodes_back(const Network<T>& network, std::size_t l, const T* parameters,
                const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride,
                const T* grad_outputs, T* grad_sums, const Take& take) {
  const Layer& layer = network.layer(l);
  const LayerOffsets& at = network.offsets(l);
  const bool affine = network.architecture().affine;
  const auto sums = static_cast<std::size_t>(layer.sums);
  const auto subnodes = static_cast<std::size_t>(layer.subnodes());

  const T* grad_products = affine ? buffers.grad_products : grad_outputs;
  for (std::size_t j = 0; affine && j < static_cast<std::size_t>(layer.nodes()); ++j) {
    const T* own = grad_outputs + j * stride;
    take(at.node_scale + j, at.node_bias + j, buffers.products + j * stride, own);
    affine_backward(parameters[at.node_scale + j], own, count, buffers.grad_products + j * stride);
  }
  for (std::size_t s = 0; grad_sums != grad_products && s < sums; ++s) {
    std::copy_n(grad_products + s * stride, count, grad_sums + s * stride);
  }
  std::size_t factor = sums;
  for (std::size_t m = 0; m < layer.arities.size(); ++m) {
    product_backward(buffers.factors + factor * stride, layer.arities[m],
                     grad_products + (sums + m) * stride, count, stride,
                     grad_sums + factor * stride);
    factor += static_cast<std::size_t>(layer.arities[m]);
  }
  for (std::size_t s = 0; affine && s < subnodes; ++s) {
    T* own = grad_sums + s * stride;
    take(at.subnode_scale + s, at.subnode_bias + s, buffers.sums + s * stride, own);
    affine_backward(parameters[at.subnode_scale + s], own, count, own);
  }
}

}  // namespace

template <class T>
void nodes_backward(const Network<T>& network, std::size_t l, const T* parameters,
                    const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride,
                    const T* grad_outputs, T* grad_sums, T* grad_parameters) {
  nodes_back(network, l, parameters, buffers, count, stride, grad_outputs, grad_sums,
             SummedAffine<T>{grad_parameters, count});
}

template <class T>
void nodes_sensitivities(const Network<T>& network, std::size_t l, const T* parameters,
                         const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride,
                         const T* grad_outputs, T* grad_sums, T* grad_affine) {
  const std::size_t first = network.offsets(l).subnode_scale;
  nodes_back(network, l, parameters, buffers, count, stride, grad_outputs, grad_sums,
             AffineBySample<T>{grad_affine, first, count, stride});
}

#define KAN_NODES(T)                                                                               \
  template void nodes_forward(const Network<T>&, std::size_t, const T*, const NodeBuffers<T>&,     \
                              std::size_t, std::size_t);                                           \
  template void nodes_backward(const Network<T>&, std::size_t, const T*, const NodeBuffers<T>&,    \
                               std::size_t, std::size_t, const T*, T*, T*);                        \
  template void nodes_sensitivities(const Network<T>&, std::size_t, const T*,                      \
                                    const NodeBuffers<T>&, std::size_t, std::size_t, const T*, T*, \
                                    T*);

KAN_NODES(float)
KAN_NODES(double)
#undef KAN_NODES

}  // namespace kan
