#pragma once

#include <cstddef>

#include "jet_batch.hpp"
#include "kan/network.hpp"

namespace kan {

/// The symbolic edges of layer l on a chunk of jets. Shapes: inputs [I][stride], sums and grad_sums
/// [S][stride]; `parameters` is a whole flat buffer.

/// Adds: to sums.
template <class T>
void jet_symbolic_forward(const Network<T>& network, const JetRules& rules, std::size_t l,
                          const T* parameters, const T* inputs, const JetBatch& batch,
                          T* sums) noexcept;

/// Adds: to edge_sums [order + 1][I][stride], see JetScratch.
template <class T>
void jet_symbolic_edge_sums(const Network<T>& network, const JetRules& rules, std::size_t l,
                            const T* parameters, const T* inputs, const JetBatch& batch,
                            const T* grad_sums, T* edge_sums) noexcept;

/// Writes: derivatives [EdgeAffine::count] of sum_p g_p y_p by one edge's own numbers, for sample n.
template <class T>
void jet_symbolic_derivatives(const Network<T>& network, const JetRules& rules, std::size_t l,
                              std::size_t edge, const T* parameters, const T* inputs,
                              const JetBatch& batch, const T* grad_sums, std::size_t n,
                              double* derivatives) noexcept;

}  // namespace kan
