#include "layer_pass.hpp"

#include <algorithm>

#include "kernels/dispatch.hpp"
#include "parallel.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

template <class T>
void basis_of_rows(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                   const kernels::Shape& shape, std::size_t begin, std::size_t end) {
  const Grid<T>& grid = network.grid(l);
  const std::size_t knots = size(network.layer(l).knots());
  const std::size_t weights = size(weight_count(shape)) * shape.stride;
  for (std::size_t i = 0; i < size(shape.inputs); ++i) {
    T* slopes = buffers.slopes != nullptr ? buffers.slopes + i * weights : nullptr;
    for (std::size_t first = begin; first < end; first += kernels::tile_rows) {
      kernels::active<T>().basis(
          shape, grid.knots.data() + i * knots, grid.inverse_spacing[i],
          buffers.inputs + i * shape.stride, first, std::min(first + kernels::tile_rows, end),
          buffers.cells + i * shape.stride, buffers.weights + i * weights, slopes);
    }
  }
}

/// Wide layers: sums by rows -> by features, the padding filled with a real sample.
template <class T>
void rows_to_features(const LayerBuffers<T>& buffers, const kernels::Shape& shape,
                      std::size_t begin, std::size_t end) {
  const std::size_t outputs = size(shape.outputs);
  transpose(buffers.rows + begin * outputs, outputs, end - begin, outputs, buffers.sums + begin,
            shape.stride);
}

template <class T>
void repeat_last(T* features, std::size_t feature_count, std::size_t count, std::size_t stride) {
  for (std::size_t f = 0; f < feature_count; ++f) {
    T* row = features + f * stride;
    std::fill(row + count, row + stride, row[count - 1]);
  }
}

/// Rows that one thread takes at once: more where many coefficients have to be read for each, and
/// few enough that every thread gets some. No row's result depends on it.
template <class T>
std::size_t rows_per_task(const kernels::Shape& shape, std::size_t count) {
  constexpr std::size_t cache = std::size_t{1} << 17;
  const std::size_t coefficients =
      size(shape.inputs) * size(row_count(shape)) * size(shape.outputs) * sizeof(T);
  const std::size_t most =
      is_wide(shape) && coefficients > cache ? 4 * kernels::tile_rows : kernels::tile_rows;
  const std::size_t share = count / static_cast<std::size_t>(thread_count()) + 1;
  const std::size_t blocks = (share + kernels::lane_block - 1) / kernels::lane_block;
  return std::min(most, blocks * kernels::lane_block);
}

/// Calls task(begin, end) for stretches of the rows 0 .. count - 1, in parallel.
template <class T, class Task>
void for_rows(const kernels::Shape& shape, std::size_t count, const Task& task) {
  const std::size_t rows = rows_per_task<T>(shape, count);
  parallel_for((count + rows - 1) / rows, layer_work(shape, count), [&](std::size_t number) {
    task(number * rows, std::min((number + 1) * rows, count));
  });
}

/// dx of a chunk, parallel over samples.
template <class T>
void grad_inputs_of(const T* C, const LayerBuffers<T>& buffers, const kernels::Shape& shape,
                    std::size_t count, const T* g, T* grad_inputs) {
  for_rows<T>(shape, count, [&](std::size_t begin, std::size_t end) {
    kernels::active<T>().dot(shape, C, buffers.cells, buffers.slopes, g, begin, end, grad_inputs);
  });
  for (std::size_t i = 0; i < size(shape.inputs); ++i) {
    std::fill(grad_inputs + i * shape.stride + count, grad_inputs + (i + 1) * shape.stride, T(0));
  }
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
  return static_cast<double>(count) * shape.inputs * shape.outputs * weight_count(shape);
}

template <class T>
void layer_forward(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                   std::size_t count, std::size_t stride) noexcept {
  const kernels::Shape shape = kernel_shape(network, l, stride);
  const T* C = network.parameters() + network.offsets(l).coefficients;
  for_rows<T>(shape, count, [&](std::size_t begin, std::size_t end) {
    basis_of_rows(network, l, buffers, shape, begin, end);
    kernels::active<T>().contract(shape, C, buffers.cells, buffers.weights, begin, end,
                                  is_wide(shape) ? buffers.rows : buffers.sums);
    if (is_wide(shape)) rows_to_features(buffers, shape, begin, end);
  });
  repeat_last(buffers.sums, size(shape.outputs), count, stride);
  nodes_forward(network, l, buffers.nodes, stride);
}

template <class T>
void layer_backward(const Network<T>& network, std::size_t l, const LayerBuffers<T>& buffers,
                    std::size_t count, std::size_t stride, const T* grad_outputs, T* grad_sums,
                    T* grad_inputs, T* grad_parameters) noexcept {
  const kernels::Shape shape = kernel_shape(network, l, stride);
  const std::size_t offset = network.offsets(l).coefficients;
  nodes_backward(network, l, buffers.nodes, stride, grad_outputs, grad_sums, grad_parameters);
  const T* g = grad_sums;
  if (is_wide(shape)) {
    transpose(grad_sums, stride, size(shape.outputs), count, buffers.rows, size(shape.outputs));
    g = buffers.rows;
  }
  if (grad_inputs != nullptr) {
    grad_inputs_of(network.parameters() + offset, buffers, shape, count, g, grad_inputs);
  }
  if (grad_parameters == nullptr) return;
  parallel_for(size(shape.inputs), layer_work(shape, count), [&](std::size_t i) {
    const int input = static_cast<int>(i);
    kernels::active<T>().scatter(shape, buffers.cells, buffers.weights, g, count, input, input + 1,
                                 grad_parameters + offset);
  });
}

template kernels::Shape kernel_shape(const Network<float>&, std::size_t, std::size_t) noexcept;
template kernels::Shape kernel_shape(const Network<double>&, std::size_t, std::size_t) noexcept;
template void layer_forward(const Network<float>&, std::size_t, const LayerBuffers<float>&,
                            std::size_t, std::size_t) noexcept;
template void layer_forward(const Network<double>&, std::size_t, const LayerBuffers<double>&,
                            std::size_t, std::size_t) noexcept;
template void layer_backward(const Network<float>&, std::size_t, const LayerBuffers<float>&,
                             std::size_t, std::size_t, const float*, float*, float*,
                             float*) noexcept;
template void layer_backward(const Network<double>&, std::size_t, const LayerBuffers<double>&,
                             std::size_t, std::size_t, const double*, double*, double*,
                             double*) noexcept;

}  // namespace kan
