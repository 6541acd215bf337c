#pragma once

// dC of layers with many outputs. Samples are sorted by cell, so that the k + 1 rows of a cell stay in
// registers and move on by one row to the next cell. Internal linkage, see triangle.hpp.

#include "kernels/cell_rows.hpp"

namespace kan::kernels {
namespace {

using ChunkOrder = CellOrder<most_rows, std::size_t{most_sorted_cells}>;

/// Whether there is room to sort so many samples by their cells.
inline bool can_sort(const WideLayer& layer, std::size_t count) {
  return count <= most_rows && layer.cell_count() <= most_sorted_cells;
}

/// What one call adds to V L outputs of one input.
template <class T>
struct Scattered {
  const T* weights;  // [k + 2][stride] of the input
  const T* g;        // [n][V L], close together: it stays in the cache
  T* dC;             // [M + 1][S], from the first of the outputs on
};

/// rows[r] += weight_r g, base += weight_base g, for one sample.
template <std::size_t L, std::size_t K, std::size_t V, class T>
inline void add_sample(const WideLayer& layer, const Scattered<T>& to, std::size_t n,
                       CellRows<L, K, V, T>& rows) {
  Vector<T, L> z[V];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < V; ++v) z[v] = load<L>(to.g + (n * V + v) * L);
#pragma GCC unroll 6
  for (std::size_t r = 0; r <= K; ++r) {
    const Vector<T, L> weight = splat<L>(to.weights[r * layer.stride + n]);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) add_product<T, L>(rows.row[r][v], weight, z[v]);
  }
  const Vector<T, L> weight = splat<L>(to.weights[(K + 1) * layer.stride + n]);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < V; ++v) add_product<T, L>(rows.base[v], weight, z[v]);
}

template <std::size_t L, std::size_t K, std::size_t V, class T>
void scatter_outputs(const WideLayer& layer, const ChunkOrder& order, const Scattered<T>& to) {
  const auto cell_count = static_cast<std::size_t>(layer.cell_count());
  const auto store_row = [&](std::size_t row, const Vector<T, L>(&values)[V]) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) store<L>(to.dC + row * layer.outputs + v * L, values[v]);
  };
  CellRows<L, K, V, T> rows;
  rows.begin(layer, to.dC);
  for (std::size_t c = 0; c < cell_count; ++c) {
    rows.take_last(to.dC + (c + K) * layer.outputs);
    for (std::int32_t q = order.first[c]; q < order.first[c + 1]; ++q) {
      add_sample<L, K, V>(layer, to, static_cast<std::size_t>(order.sample[q]), rows);
    }
    store_row(c, rows.row[0]);
    rows.move_on();
  }
#pragma GCC unroll 5
  for (std::size_t r = 0; r < K; ++r) store_row(cell_count + r, rows.row[r]);
  store_row(layer.rows - 1, rows.base);
}

/// Inputs whose samples are sorted at a time, and that a copy of g serves.
constexpr std::size_t sorted_inputs = 8;

/// A block of inputs and what it is added from and to.
template <class T>
struct ScatteredInputs {
  std::size_t count;
  const T* weights;  // of the first input
  const T* g;        // [n][S]
  T* dC;             // of the first input
  std::size_t samples;
};

/// Outputs [o, o + V L) of a block of inputs; the first `done` of them get nothing.
template <std::size_t L, std::size_t K, std::size_t V, class T>
void scatter_columns(const WideLayer& layer, const ChunkOrder* orders, const ScatteredInputs<T>& of,
                     std::size_t o, std::size_t done) {
  alignas(64) T copy[most_rows * V * L];
  const bool whole_rows = layer.outputs == V * L;
  for (std::size_t n = 0; !whole_rows && n < of.samples; ++n) {
    const T* row = of.g + n * layer.outputs + o;
    for (std::size_t j = 0; j < V * L; ++j) copy[n * V * L + j] = j < done ? T(0) : row[j];
  }
  for (std::size_t i = 0; i < of.count; ++i) {
    const Scattered<T> to{of.weights + i * layer.weights * layer.stride, whole_rows ? of.g : copy,
                          of.dC + i * layer.input_size() + o};
    scatter_outputs<L, K, V>(layer, orders[i], to);
  }
}

/// All outputs of a block of inputs.
template <std::size_t L, std::size_t K, class T>
void scatter_sorted(const WideLayer& layer, const ChunkOrder* orders,
                    const ScatteredInputs<T>& of) {
  for_columns<L, vectors_of_cell<T, L, K>>(layer.outputs,
                                           [&](auto vectors, std::size_t o, std::size_t done) {
                                             constexpr std::size_t V = vectors;
                                             scatter_columns<L, K, V>(layer, orders, of, o, done);
                                           });
}

/// Chunks or grids that are too large to sort: sample by sample, straight through.
template <class T>
void scatter_unsorted(const WideLayer& layer, const std::int32_t* cells,
                      const ScatteredInputs<T>& of) {
  for (std::size_t n = 0; n < of.samples; ++n) {
    for (std::size_t r = 0; r < layer.weights; ++r) {
      const std::size_t at =
          r + 1 < layer.weights ? static_cast<std::size_t>(cells[n]) + r : layer.rows - 1;
      T* row = of.dC + at * layer.outputs;
      const T weight = of.weights[r * layer.stride + n];
      const T* gradient = of.g + n * layer.outputs;
      for (std::size_t o = 0; o < layer.outputs; ++o) row[o] += weight * gradient[o];
    }
  }
}

template <std::size_t K, class T>
void wide_scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
                  std::size_t count, int first, int last, T* dC) {
  const WideLayer layer(shape);
  const bool sorted = can_sort(layer, count);
  const std::size_t step = sorted ? sorted_inputs : 1;
  const auto end = static_cast<std::size_t>(last);
  ChunkOrder orders[sorted_inputs];
  for (auto i = static_cast<std::size_t>(first); i < end; i += step) {
    const ScatteredInputs<T> of{i + step < end ? step : end - i,
                                weights + i * layer.weights * layer.stride, g,
                                dC + i * layer.input_size(), count};
    if (!sorted) {
      scatter_unsorted(layer, cells + i * layer.stride, of);
      continue;
    }
    for (std::size_t j = 0; j < of.count; ++j) {
      orders[j].sort(cells + (i + j) * layer.stride, count, layer.cell_count());
    }
    if (layer.outputs >= lanes<T>) {
      scatter_sorted<lanes<T>, K>(layer, orders, of);
    } else {
      scatter_sorted<wide_lanes<T>, K>(layer, orders, of);
    }
  }
}

}  // namespace
}  // namespace kan::kernels
