#pragma once

#include <cstddef>

#include "kan/network.hpp"

namespace kan {

/// Whether the sums of a layer are its outputs already.
inline bool is_plain(const Architecture& architecture, const Layer& layer) {
  return !architecture.affine && layer.arities.empty();
}

/// What happens between the sums of a layer and the inputs of the next, on one chunk:
///   factors  f_s = subnode_scale_s * sums_s + subnode_bias_s
///   products p_j = f_j for sum nodes, the product of its factors for a multiplication node
///   outputs  z_j = node_scale_j * p_j + node_bias_j
/// Shapes: sums, factors [S][stride]; products, outputs [nodes][stride], `count` samples of each.
/// `parameters` is a whole flat buffer.
/// Where a step is the identity its result may be the same memory as its operand.
/// `grad_products` is scratch of the way back, where there are affines: the products' own memory, if
/// there is one way back only, or as much beside it.
template <class T>
struct NodeBuffers {
  const T* sums;
  T* factors;
  T* products;
  T* outputs;
  T* grad_products;
};

/// Writes: factors, products, outputs.
template <class T>
void nodes_forward(const Network<T>& network, std::size_t l, const T* parameters,
                   const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride);

/// Writes: grad_sums [S][stride] from grad_outputs [nodes][stride] (may be the same memory in a
///         layer without products and affines).
/// Adds: the affine gradients to grad_parameters (the flat buffer), samples in order.
template <class T>
void nodes_backward(const Network<T>& network, std::size_t l, const T* parameters,
                    const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride,
                    const T* grad_outputs, T* grad_sums, T* grad_parameters);

/// The same for each sample by itself.
/// Writes: grad_sums, and grad_affine [2 S + 2 nodes][stride], the affine gradients in the order of the
///         flat buffer, if there are any.
template <class T>
void nodes_sensitivities(const Network<T>& network, std::size_t l, const T* parameters,
                         const NodeBuffers<T>& buffers, std::size_t count, std::size_t stride,
                         const T* grad_outputs, T* grad_sums, T* grad_affine);

}  // namespace kan
