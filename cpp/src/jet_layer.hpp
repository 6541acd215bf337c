#pragma once

#include <cstddef>

#include "jet_batch.hpp"
#include "kan/network.hpp"
#include "layer_pass.hpp"

namespace kan {

/// The memory of one layer for a chunk of jets. As in LayerBuffers, but features are jets, see JetBatch:
/// weights are those of every place, and slopes the derivatives 1, 2, ... of the basis, `step` apart.
template <class T>
struct JetLayer {
  LayerBuffers<T> buffers = {};
  T* grad_sums = nullptr;    ///< [S][stride]
  T* grad_affine = nullptr;  ///< [affine parameters][step], of each sample by itself
};

/// Memory that all layers use in turn. `terms` are those of the longest chain rule.
template <class T>
struct JetScratch {
  const T** factors;  ///< [terms]
  T* products;        ///< [terms][step]
  T* product;         ///< [step]
  T* edge_sums;       ///< [order + 1][most inputs][stride]: sum_s g_s phi_s^(d)(x_i), d = 1, 2, ...
  T* jets[2];         ///< [stride] each
};

/// From the jets of a layer's inputs to those of its outputs. `derivatives`: how many of the basis are
/// wanted; one more than the order of the jets for the way back.
/// Writes: cells, weights, slopes, rows, sums and all of `nodes`.
template <class T>
void jet_layer_forward(const Network<T>& network, const JetRules& rules, std::size_t l,
                       const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                       int derivatives, const JetScratch<T>& scratch) noexcept;

/// The way back of each sample by itself, as often as wanted after one way forward.
/// Shapes: grad_outputs [nodes][stride], 0 in the padding. Writes: grad_sums, grad_affine, rows, and
/// grad_inputs [I][stride] if not null.
template <class T>
void jet_layer_sensitivities(const Network<T>& network, const JetRules& rules, std::size_t l,
                             const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                             const T* grad_outputs, T* grad_inputs,
                             const JetScratch<T>& scratch) noexcept;

/// After `jet_layer_sensitivities`. Adds: to grad_parameters, a whole flat buffer.
template <class T>
void jet_layer_gradient(const Network<T>& network, const JetRules& rules, std::size_t l,
                        const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                        T* grad_parameters) noexcept;

}  // namespace kan
