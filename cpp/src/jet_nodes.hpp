#pragma once

#include <cstddef>

#include "jet_batch.hpp"
#include "kan/network.hpp"
#include "nodes.hpp"

namespace kan {

/// From the jets of a layer's sums to those of its outputs; see NodeBuffers, features being jets.
/// `spare` are two jets [stride] of scratch.
template <class T>
void jet_nodes_forward(const Network<T>& network, const ProductRule& rule, std::size_t l,
                       const T* parameters, const NodeBuffers<T>& buffers, const JetBatch& batch,
                       T* const (&spare)[2]) noexcept;

/// The way back of each sample by itself. Writes: grad_sums [S][stride], and grad_affine
/// [2 S + 2 nodes][step] in the order of the flat buffer, if there are affines.
template <class T>
void jet_nodes_sensitivities(const Network<T>& network, const ProductRule& rule, std::size_t l,
                             const T* parameters, const NodeBuffers<T>& buffers,
                             const JetBatch& batch, const T* grad_outputs, T* grad_sums,
                             T* grad_affine, T* const (&spare)[2]) noexcept;

}  // namespace kan
