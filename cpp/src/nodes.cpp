#include "nodes.hpp"

#include <algorithm>

namespace kan {
namespace {

template <class T>
void affine_forward(const T* x, T scale, T bias, std::size_t count, T* y) {
  for (std::size_t n = 0; n < count; ++n) y[n] = scale * x[n] + bias;
}

/// gx = scale gy; *grad_scale += sum_n x gy; *grad_bias += sum_n gy. gx may be gy.
template <class T>
void affine_backward(const T* x, T scale, const T* gy, std::size_t count, T* gx, T* grad_scale,
                     T* grad_bias) {
  T scale_sum = T(0);
  T bias_sum = T(0);
  for (std::size_t n = 0; n < count; ++n) {
    scale_sum += x[n] * gy[n];
    bias_sum += gy[n];
    gx[n] = scale * gy[n];
  }
  *grad_scale += scale_sum;
  *grad_bias += bias_sum;
}

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

template <class T>
void nodes_backward(const Network<T>& network, std::size_t l, const T* parameters,
                    const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride,
                    const T* grad_outputs, T* grad_sums, T* grad_parameters) {
  const Layer& layer = network.layer(l);
  const LayerOffsets& at = network.offsets(l);
  const bool affine = network.architecture().affine;
  const auto sums = static_cast<std::size_t>(layer.sums);
  const auto subnodes = static_cast<std::size_t>(layer.subnodes());

  // With affines the products are scratch from here on: their gradient takes their place.
  const T* grad_products = grad_outputs;
  if (affine) {
    for (std::size_t j = 0; j < static_cast<std::size_t>(layer.nodes()); ++j) {
      T* product = buffers.products + j * stride;
      affine_backward(product, parameters[at.node_scale + j], grad_outputs + j * stride, count,
                      product, grad_parameters + at.node_scale + j,
                      grad_parameters + at.node_bias + j);
    }
    grad_products = buffers.products;
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
    affine_backward(buffers.sums + s * stride, parameters[at.subnode_scale + s], own, count, own,
                    grad_parameters + at.subnode_scale + s, grad_parameters + at.subnode_bias + s);
  }
}

#define KAN_NODES(T)                                                                            \
  template void nodes_forward(const Network<T>&, std::size_t, const T*, const NodeBuffers<T>&,  \
                              std::size_t, std::size_t);                                        \
  template void nodes_backward(const Network<T>&, std::size_t, const T*, const NodeBuffers<T>&, \
                               std::size_t, std::size_t, const T*, T*, T*);

KAN_NODES(float)
KAN_NODES(double)
#undef KAN_NODES

}  // namespace kan
