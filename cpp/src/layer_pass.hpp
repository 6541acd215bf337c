#pragma once

#include <cstddef>
#include <cstdint>

#include "kan/network.hpp"
#include "kernels/kernels.hpp"
#include "nodes.hpp"

namespace kan {

/// The memory of one layer for one chunk; the evaluator owns it. Letters as in kernels.hpp.
template <class T>
struct LayerBuffers {
  T* inputs = nullptr;            ///< [I][stride]
  std::int32_t* cells = nullptr;  ///< [I][stride]
  T* weights = nullptr;           ///< [I][k + 2][stride]
  T* slopes = nullptr;            ///< [I][k + 2][stride], null when only values are wanted
  T* rows = nullptr;              ///< [stride][S], sums and their gradients of wide layers by rows
  T* sums = nullptr;              ///< [S][stride]
  NodeBuffers<T> nodes = {};      ///< from `sums` to the inputs of the next layer
};

/// What the kernels are told about layer l.
template <class T>
kernels::Shape kernel_shape(const Network<T>& network, std::size_t l, std::size_t stride) noexcept;

/// Multiply-adds of one kernel over one chunk.
double layer_work(const kernels::Shape& shape, std::size_t count) noexcept;

/// From inputs to the layer's outputs, for the first `count` samples; the padding is defined too.
/// Writes: cells, weights, slopes (if not null), sums and all of `nodes`.
template <class T>
void layer_forward(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                   std::size_t count, std::size_t stride) noexcept;

/// The way back, after layer_forward.
/// Shapes: grad_outputs [nodes][stride], 0 in the padding; grad_sums [S][stride] is scratch, which
///         may be grad_outputs in layers without products and affines.
/// Writes: grad_inputs [I][stride] if not null.
/// Adds: to grad_parameters, the whole flat buffer, if not null.
template <class T>
void layer_backward(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                    std::size_t count, std::size_t stride, const T* grad_outputs, T* grad_sums,
                    T* grad_inputs, T* grad_parameters) noexcept;

}  // namespace kan
