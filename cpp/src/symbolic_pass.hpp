#pragma once

#include <cstddef>

#include "kan/network.hpp"
#include "layer_pass.hpp"

namespace kan {

/// The symbolic edges of layer l on one chunk, y = gamma f(u) + delta with u = alpha x + beta.
/// Shapes: inputs [I][stride], sums and grad_sums [S][stride]; `parameters` is a whole flat buffer.

/// Multiply-adds that one edge costs as much as, for one sample.
constexpr double symbolic_work = 40.0;

/// Those that begin at one input: numbers first .. last.
struct SymbolicRange {
  std::size_t first, last;
};
SymbolicRange symbolic_edges_of(const Layer& layer, std::size_t input) noexcept;

/// Adds: y of samples begin .. end to sums.
template <class T>
void symbolic_forward(const Network<T>& network, std::size_t l, const T* parameters,
                      const T* inputs, std::size_t begin, std::size_t end, std::size_t stride,
                      T* sums) noexcept;

/// Adds: to grad_inputs [I][stride] and to grad_parameters (a whole flat buffer, samples in order),
/// where not null.
template <class T>
void symbolic_backward(const Network<T>& network, std::size_t l, const T* parameters,
                       const T* inputs, const Batch& batch, const T* grad_sums, T* grad_inputs,
                       T* grad_parameters) noexcept;

/// One edge alone. Writes: its values [stride].
template <class T>
void symbolic_edge_values(const Network<T>& network, std::size_t l, std::size_t edge,
                          const T* parameters, const T* inputs, const Batch& batch,
                          T* values) noexcept;

/// One edge alone, from its own gradient g [stride]. Adds: as `symbolic_backward`.
template <class T>
void symbolic_edge_backward(const Network<T>& network, std::size_t l, std::size_t edge,
                            const T* parameters, const T* inputs, const Batch& batch, const T* g,
                            T* grad_inputs, T* grad_parameters) noexcept;

/// Writes: derivatives [EdgeAffine::count] of one edge's y by its own numbers at one x.
template <class T>
void symbolic_edge_derivatives(const Network<T>& network, std::size_t l, std::size_t edge,
                               const T* parameters, T x, double* derivatives) noexcept;

}  // namespace kan
