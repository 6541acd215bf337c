#pragma once

#include <cstddef>
#include <cstdint>

#include "kan/network.hpp"
#include "kernels/kernels.hpp"
#include "nodes.hpp"

namespace kan {

/// The memory of one layer for one chunk; the chunk owns it. Letters as in kernels.hpp.
template <class T>
struct LayerBuffers {
  T* inputs = nullptr;            ///< [I][stride]
  std::int32_t* cells = nullptr;  ///< [I][stride]; of one block of inputs where `kept` is false
  T* weights = nullptr;           ///< [I][weight_count][stride]; likewise
  T* slopes = nullptr;            ///< the same, null when only values are wanted
  bool kept = true;               ///< whether cells, weights and slopes are there for the way back
  T* rows = nullptr;              ///< [stride][S], sums and their gradients of wide layers by rows
  T* sums = nullptr;              ///< [S][stride]
  NodeBuffers<T> nodes = {};      ///< from `sums` to the inputs of the next layer
};

/// The samples of a chunk on their way through the layers.
struct Batch {
  std::size_t count;   ///< samples
  std::size_t padded;  ///< samples and padding that is computed with: whole lane blocks
  std::size_t stride;  ///< distance of features in memory
  int threads;         ///< most threads that a layer may use
};

/// Inputs whose weights are computed, and contracted while they are still in the cache.
constexpr std::size_t input_block = 16;

/// What the kernels are told about layer l.
template <class T>
kernels::Shape kernel_shape(const Network<T>& network, std::size_t l, std::size_t stride) noexcept;

/// Multiply-adds of one kernel over `count` samples.
double layer_work(const kernels::Shape& shape, std::size_t count) noexcept;

/// From inputs to the layer's outputs; the padding is defined too. A layer whose edges are all masked
/// needs no kernel: cells, weights and slopes stay as they are.
/// `parameters` is a whole flat buffer for this network, its own or another.
/// Writes: cells, weights, slopes (if not null), sums and all of `nodes`.
template <class T>
void layer_forward(const Network<T>& network, std::size_t l, const T* parameters,
                   const LayerBuffers<T>& buffers, const Batch& batch) noexcept;

/// Whether the outputs of layer l are sums of splines alone, in a wide layer: its kernels then write
/// them by rows, as predictions are.
template <class T>
bool writes_rows(const Network<T>& network, std::size_t l) noexcept;

/// As `layer_forward` for predictions of such a layer. Writes: cells, weights and rows.
template <class T>
void layer_rows(const Network<T>& network, std::size_t l, const T* parameters,
                const LayerBuffers<T>& buffers, const Batch& batch) noexcept;

/// What a loss that looks into the network adds to gradients on their way back through layer l.
template <class T>
class EdgeSeeds {
 public:
  virtual ~EdgeSeeds() = default;

  /// The way from the gradient of the sums [S][stride], 0 in the padding, through the edges.
  /// Writes: grad_inputs [I][stride], where not null, 0 in the padding; grad_sums is scratch.
  /// Adds: to grad_parameters, a whole flat buffer.
  virtual void edges_backward(std::size_t l, const T* parameters, const LayerBuffers<T>& buffers,
                              const Batch& batch, T* grad_sums, T* grad_inputs,
                              T* grad_parameters) const noexcept = 0;
};

/// The way back, after layer_forward; `seeds` join it where not null.
/// Shapes: grad_outputs [nodes][stride], 0 in the padding; grad_sums [S][stride] is scratch, which
///         may be grad_outputs in layers without products and affines.
/// Writes: grad_inputs [I][stride] if not null.
/// Adds: to grad_parameters, a whole flat buffer, if not null.
template <class T>
void layer_backward(const Network<T>& network, std::size_t l, const T* parameters,
                    const LayerBuffers<T>& buffers, const Batch& batch, const T* grad_outputs,
                    T* grad_sums, T* grad_inputs, T* grad_parameters,
                    const EdgeSeeds<T>* seeds = nullptr) noexcept;

/// The way back of each sample by itself, see `nodes_sensitivities`.
template <class T>
void layer_sensitivities(const Network<T>& network, std::size_t l, const T* parameters,
                         const LayerBuffers<T>& buffers, const Batch& batch, const T* grad_outputs,
                         T* grad_sums, T* grad_affine, T* grad_inputs) noexcept;

// The kernels of one layer with their threads, for those who want one alone. C and grad_C are the
// layer's own coefficients, [I][M + 1][S]; y and g lie as `is_wide` says.

template <class T>
void layer_basis(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                 const Batch& batch) noexcept;

template <class T>
void layer_contract(const kernels::Shape& shape, const T* C, const LayerBuffers<T>& buffers,
                    const Batch& batch, T* y) noexcept;

template <class T>
void layer_dot(const kernels::Shape& shape, const T* C, const LayerBuffers<T>& buffers,
               const Batch& batch, const T* g, T* grad_inputs) noexcept;

template <class T>
void layer_scatter(const kernels::Shape& shape, const LayerBuffers<T>& buffers, const Batch& batch,
                   const T* g, T* grad_C) noexcept;

}  // namespace kan
