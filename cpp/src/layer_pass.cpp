#include "layer_pass.hpp"

#include <algorithm>

#include "kernels/dispatch.hpp"
#include "parallel.hpp"
#include "symbolic_pass.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// A block of inputs of a layer and of its buffers.
template <class T>
struct InputBlock {
  std::size_t first;
  kernels::Shape shape;  // its `inputs` are those of the block
  std::int32_t* cells;
  T* weights;
  T* slopes;

  InputBlock(const kernels::Shape& whole, const LayerBuffers<T>& buffers, std::size_t first_)
      : first(first_), shape(whole) {
    shape.inputs = static_cast<int>(std::min(input_block, size(whole.inputs) - first));
    const std::size_t at = buffers.kept ? first : 0;
    const std::size_t weights_at = at * size(weight_count(shape)) * shape.stride;
    cells = buffers.cells + at * shape.stride;
    weights = buffers.weights + weights_at;
    slopes = buffers.slopes != nullptr ? buffers.slopes + weights_at : nullptr;
  }
};

template <class T>
void basis_of_block(const Network<T>& network, std::size_t l, const T* inputs,
                    const InputBlock<T>& block, std::size_t begin, std::size_t end) {
  const Grid<T>& grid = network.grid(l);
  const std::size_t knots = size(network.layer(l).knots());
  const std::size_t stride = block.shape.stride;
  if (end - begin == 1 && begin == 0 && block.slopes == nullptr) {
    return kernels::active<T>().basis_of_row(block.shape, grid.knots.data() + block.first * knots,
                                             grid.inverse_spacing.data() + block.first,
                                             inputs + block.first * stride, block.cells,
                                             block.weights);
  }
  const std::size_t weights = size(weight_count(block.shape)) * stride;
  for (std::size_t j = 0; j < size(block.shape.inputs); ++j) {
    const std::size_t i = block.first + j;
    T* slopes = block.slopes != nullptr ? block.slopes + j * weights : nullptr;
    for (std::size_t first = begin; first < end; first += kernels::tile_rows) {
      kernels::active<T>().basis(block.shape, grid.knots.data() + i * knots,
                                 grid.inverse_spacing[i], inputs + i * stride, first,
                                 std::min(first + kernels::tile_rows, end),
                                 block.cells + j * stride, block.weights + j * weights, slopes);
    }
  }
}

template <class T>
void repeat_last(T* features, std::size_t feature_count, const Batch& batch) {
  for (std::size_t f = 0; f < feature_count; ++f) {
    T* row = features + f * batch.stride;
    std::fill(row + batch.count, row + batch.padded, row[batch.count - 1]);
  }
}

/// Calls task(begin, end) for tiles of samples: rows of narrow layers one tile at a time, whose weights
/// stay in the caches; rows of wide ones all at once, since each call reads all of C.
template <class Task>
void for_rows(const kernels::Shape& shape, const Batch& batch, const Task& task) {
  const int threads = useful_threads(batch.count, layer_work(shape, batch.count), batch.threads);
  parallel_stretches(batch.count, kernels::lane_block, threads,
                     [&](std::size_t begin, std::size_t end) {
                       const std::size_t tile = is_wide(shape) ? end - begin : kernels::tile_rows;
                       for (std::size_t first = begin; first < end; first += tile) {
                         task(first, std::min(first + tile, end));
                       }
                     });
}

}  // namespace

template <class T>
kernels::Shape kernel_shape(const Network<T>& network, std::size_t l, std::size_t stride) noexcept {
  const Layer& layer = network.layer(l);
  const Architecture& architecture = network.architecture();
  return {layer.inputs,      layer.subnodes(),           layer.intervals, layer.degree,
          architecture.base, architecture.extrapolation, stride};
}

double layer_work(const kernels::Shape& shape, std::size_t count) noexcept {
  return static_cast<double>(count) * shape.inputs * shape.outputs * (shape.degree + 2);
}

template <class T>
void layer_basis(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                 const Batch& batch) noexcept {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  for_rows(shape, batch, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = 0; first < size(shape.inputs); first += input_block) {
      basis_of_block(network, l, buffers.inputs, InputBlock<T>(shape, buffers, first), begin, end);
    }
  });
}

template <class T>
void layer_contract(const kernels::Shape& shape, const T* C, const LayerBuffers<T>& buffers,
                    const Batch& batch, T* y) noexcept {
  for_rows(shape, batch, [&](std::size_t begin, std::size_t end) {
    kernels::active<T>().contract(shape, C, buffers.cells, buffers.weights, begin, end, false, y);
  });
}

template <class T>
void layer_dot(const kernels::Shape& shape, const T* C, const LayerBuffers<T>& buffers,
               const Batch& batch, const T* g, T* grad_inputs) noexcept {
  for_rows(shape, batch, [&](std::size_t begin, std::size_t end) {
    kernels::active<T>().dot(shape, C, buffers.cells, buffers.slopes, g, begin, end, grad_inputs);
  });
}

template <class T>
void layer_scatter(const kernels::Shape& shape, const LayerBuffers<T>& buffers, const Batch& batch,
                   const T* g, T* grad_C) noexcept {
  const int threads =
      useful_threads(size(shape.inputs), layer_work(shape, batch.count), batch.threads);
  parallel_stretches(size(shape.inputs), 1, threads, [&](std::size_t first, std::size_t last) {
    kernels::active<T>().scatter(shape, buffers.cells, buffers.weights, g, batch.count,
                                 static_cast<int>(first), static_cast<int>(last), grad_C);
  });
}

namespace {

/// Writes: cells, weights and `sums` of the samples begin .. end, which lie as `is_wide` says.
template <class T>
void contract_splines(const Network<T>& network, std::size_t l, const T* parameters,
                      const LayerBuffers<T>& buffers, const kernels::Shape& shape,
                      std::size_t begin, std::size_t end, T* sums) noexcept {
  const T* C = parameters + network.offsets(l).coefficients;
  const std::size_t outputs = size(shape.outputs);
  const std::size_t input_size = size(row_count(shape)) * outputs;
  for (std::size_t first = 0; first < size(shape.inputs); first += input_block) {
    const InputBlock<T> block(shape, buffers, first);
    basis_of_block(network, l, buffers.inputs, block, begin, end);
    kernels::active<T>().contract(block.shape, C + first * input_size, block.cells, block.weights,
                                  begin, end, first > 0, sums);
  }
}

/// Writes: sums of the samples begin .. end, by features.
template <class T>
void splines_forward(const Network<T>& network, std::size_t l, const T* parameters,
                     const LayerBuffers<T>& buffers, const kernels::Shape& shape, std::size_t begin,
                     std::size_t end) noexcept {
  T* sums = is_wide(shape) ? buffers.rows : buffers.sums;
  contract_splines(network, l, parameters, buffers, shape, begin, end, sums);
  if (is_wide(shape)) {
    const std::size_t outputs = size(shape.outputs);
    transpose(sums + begin * outputs, outputs, end - begin, outputs, buffers.sums + begin,
              shape.stride);
  }
}

}  // namespace

template <class T>
void layer_forward(const Network<T>& network, std::size_t l, const T* parameters,
                   const LayerBuffers<T>& buffers, const Batch& batch) noexcept {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  const std::size_t outputs = size(shape.outputs);
  for_rows(shape, batch, [&](std::size_t begin, std::size_t end) {
    if (network.has_splines(l)) {
      splines_forward(network, l, parameters, buffers, shape, begin, end);
    } else {
      for (std::size_t s = 0; s < outputs; ++s) {
        std::fill(buffers.sums + s * batch.stride + begin, buffers.sums + s * batch.stride + end,
                  T(0));
      }
    }
    symbolic_forward(network, l, parameters, buffers.inputs, begin, end, batch.stride,
                     buffers.sums);
  });
  repeat_last(buffers.sums, outputs, batch);
  nodes_forward(network, l, parameters, buffers.nodes, batch.padded, batch.stride);
}

template <class T>
bool writes_rows(const Network<T>& network, std::size_t l) noexcept {
  const Layer& layer = network.layer(l);
  return is_plain(network.architecture(), layer) && layer.symbolic.empty() &&
         network.has_splines(l) && is_wide(kernel_shape(network, l, 0));
}

template <class T>
void layer_rows(const Network<T>& network, std::size_t l, const T* parameters,
                const LayerBuffers<T>& buffers, const Batch& batch) noexcept {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  for_rows(shape, batch, [&](std::size_t begin, std::size_t end) {
    contract_splines(network, l, parameters, buffers, shape, begin, end, buffers.rows);
  });
}

namespace {

/// The gradient of a layer's sums as its kernels read it.
template <class T>
const T* as_kernels_read(const kernels::Shape& shape, const LayerBuffers<T>& buffers,
                         const Batch& batch, const T* grad_sums) {
  if (!is_wide(shape)) return grad_sums;
  for_rows(shape, batch, [&](std::size_t begin, std::size_t end) {
    const std::size_t outputs = size(shape.outputs);
    transpose(grad_sums + begin, batch.stride, outputs, end - begin, buffers.rows + begin * outputs,
              outputs);
  });
  return buffers.rows;
}

/// Writes: grad_inputs where not null. Adds: to grad_parameters where not null.
template <class T>
void splines_backward(const Network<T>& network, std::size_t l, const T* parameters,
                      const LayerBuffers<T>& buffers, const Batch& batch, const T* grad_sums,
                      T* grad_inputs, T* grad_parameters) noexcept {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  const std::size_t offset = network.offsets(l).coefficients;
  const T* g = as_kernels_read(shape, buffers, batch, grad_sums);
  if (grad_inputs != nullptr) {
    layer_dot(shape, parameters + offset, buffers, batch, g, grad_inputs);
    for (std::size_t i = 0; i < size(shape.inputs); ++i) {
      T* own = grad_inputs + i * batch.stride;
      std::fill(own + batch.count, own + batch.padded, T(0));
    }
  }
  if (grad_parameters != nullptr) layer_scatter(shape, buffers, batch, g, grad_parameters + offset);
}

/// From the gradient of the sums, as `splines_backward`, with symbolic edges.
template <class T>
void edges_backward(const Network<T>& network, std::size_t l, const T* parameters,
                    const LayerBuffers<T>& buffers, const Batch& batch, const T* grad_sums,
                    T* grad_inputs, T* grad_parameters) noexcept {
  if (network.has_splines(l)) {
    splines_backward(network, l, parameters, buffers, batch, grad_sums, grad_inputs,
                     grad_parameters);
  } else if (grad_inputs != nullptr) {
    std::fill_n(grad_inputs, size(network.layer(l).inputs) * batch.stride, T(0));
  }
  symbolic_backward(network, l, parameters, buffers.inputs, batch, grad_sums, grad_inputs,
                    grad_parameters);
}

}  // namespace

template <class T>
void layer_backward(const Network<T>& network, std::size_t l, const T* parameters,
                    const LayerBuffers<T>& buffers, const Batch& batch, const T* grad_outputs,
                    T* grad_sums, T* grad_inputs, T* grad_parameters,
                    const EdgeSeeds<T>* seeds) noexcept {
  nodes_backward(network, l, parameters, buffers.nodes, batch.padded, batch.stride, grad_outputs,
                 grad_sums, grad_parameters);
  if (seeds == nullptr) {
    edges_backward(network, l, parameters, buffers, batch, grad_sums, grad_inputs, grad_parameters);
  } else {
    seeds->edges_backward(l, parameters, buffers, batch, grad_sums, grad_inputs, grad_parameters);
  }
}

template <class T>
void layer_sensitivities(const Network<T>& network, std::size_t l, const T* parameters,
                         const LayerBuffers<T>& buffers, const Batch& batch, const T* grad_outputs,
                         T* grad_sums, T* grad_affine, T* grad_inputs) noexcept {
  nodes_sensitivities(network, l, parameters, buffers.nodes, batch.padded, batch.stride,
                      grad_outputs, grad_sums, grad_affine);
  if (grad_inputs == nullptr) return;
  edges_backward<T>(network, l, parameters, buffers, batch, grad_sums, grad_inputs, nullptr);
}

#define KAN_LAYER_PASS(T)                                                                         \
  template kernels::Shape kernel_shape(const Network<T>&, std::size_t, std::size_t) noexcept;     \
  template void layer_basis(const Network<T>&, std::size_t, const LayerBuffers<T>&,               \
                            const Batch&) noexcept;                                               \
  template void layer_contract(const kernels::Shape&, const T*, const LayerBuffers<T>&,           \
                               const Batch&, T*) noexcept;                                        \
  template void layer_dot(const kernels::Shape&, const T*, const LayerBuffers<T>&, const Batch&,  \
                          const T*, T*) noexcept;                                                 \
  template void layer_scatter(const kernels::Shape&, const LayerBuffers<T>&, const Batch&,        \
                              const T*, T*) noexcept;                                             \
  template void layer_forward(const Network<T>&, std::size_t, const T*, const LayerBuffers<T>&,   \
                              const Batch&) noexcept;                                             \
  template bool writes_rows(const Network<T>&, std::size_t) noexcept;                             \
  template void layer_rows(const Network<T>&, std::size_t, const T*, const LayerBuffers<T>&,      \
                           const Batch&) noexcept;                                                \
  template void layer_backward(const Network<T>&, std::size_t, const T*, const LayerBuffers<T>&,  \
                               const Batch&, const T*, T*, T*, T*, const EdgeSeeds<T>*) noexcept; \
  template void layer_sensitivities(const Network<T>&, std::size_t, const T*,                     \
                                    const LayerBuffers<T>&, const Batch&, const T*, T*, T*,       \
                                    T*) noexcept;

KAN_LAYER_PASS(float)
KAN_LAYER_PASS(double)
#undef KAN_LAYER_PASS

}  // namespace kan
