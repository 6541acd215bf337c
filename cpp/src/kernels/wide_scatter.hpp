#pragma once

// dC of layers with many outputs. Samples are sorted by cell, so that the k + 1 rows of a cell stay in
// registers and move on by one row to the next cell. Internal linkage, see triangle.hpp.

#include "kernels/wide.hpp"

namespace kan::kernels {
namespace {

/// Whether there is room to sort so many samples by their cells.
inline bool can_sort(const WideLayer& layer, std::size_t count) {
  return count <= most_rows && layer.cell_count() <= most_sorted_cells;
}

/// The samples of a chunk by their cell for one input, in order within each cell.
struct CellOrder {
  std::uint16_t sample[most_rows];
  std::int32_t first[most_sorted_cells + 2];  // of each cell; the last is the count

  void sort(const std::int32_t* cells, std::size_t count, int intervals) {
    for (int c = 0; c <= intervals + 1; ++c) first[c] = 0;
    for (std::size_t n = 0; n < count; ++n) ++first[cells[n] + 2];
    for (int c = 2; c <= intervals; ++c) first[c + 1] += first[c];
    for (std::size_t n = 0; n < count; ++n) {
      sample[first[cells[n] + 1]++] = static_cast<std::uint16_t>(n);
    }
  }
};

/// What one call adds to V L outputs of one input.
template <class T>
struct Scattered {
  const T* weights;  // [k + 2][stride] of the input
  const T* g;        // [n][V L], a copy: close together it stays in the first-level cache
  T* dC;             // [M + 1][S], from the first of the outputs on
};

/// rows[r][v] += weight_r g, base[v] += weight_base g, for one sample.
template <std::size_t L, std::size_t K, std::size_t V, class T>
inline void add_sample(const WideLayer& layer, const Scattered<T>& to, std::size_t n,
                       Vector<T, L> (&rows)[K + 1][V], Vector<T, L> (&base)[V]) {
  Vector<T, L> z[V];
#pragma GCC unroll 2
  for (std::size_t v = 0; v < V; ++v) z[v] = load<L>(to.g + (n * V + v) * L);
#pragma GCC unroll 6
  for (std::size_t r = 0; r <= K; ++r) {
    const Vector<T, L> weight = splat<L>(to.weights[r * layer.stride + n]);
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) add_product<T, L>(rows[r][v], weight, z[v]);
  }
  const Vector<T, L> weight = splat<L>(to.weights[(K + 1) * layer.stride + n]);
#pragma GCC unroll 2
  for (std::size_t v = 0; v < V; ++v) add_product<T, L>(base[v], weight, z[v]);
}

template <std::size_t L, std::size_t K, std::size_t V, class T>
void scatter_outputs(const WideLayer& layer, const CellOrder& order, const Scattered<T>& to) {
  const auto cell_count = static_cast<std::size_t>(layer.cell_count());
  T* base_row = to.dC + (layer.rows - 1) * layer.outputs;
  Vector<T, L> rows[K + 1][V];
  Vector<T, L> base[V];
  for (std::size_t v = 0; v < V; ++v) base[v] = load<L>(base_row + v * L);
#pragma GCC unroll 5
  for (std::size_t r = 0; r < K; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) rows[r][v] = load<L>(to.dC + r * layer.outputs + v * L);
  }
  for (std::size_t c = 0; c < cell_count; ++c) {
    T* row = to.dC + c * layer.outputs;
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) rows[K][v] = load<L>(row + K * layer.outputs + v * L);
    for (std::int32_t q = order.first[c]; q < order.first[c + 1]; ++q) {
      add_sample<L, K, V>(layer, to, order.sample[q], rows, base);
    }
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) {
      store<L>(row + v * L, rows[0][v]);
#pragma GCC unroll 5
      for (std::size_t r = 0; r < K; ++r) rows[r][v] = rows[r + 1][v];
    }
  }
#pragma GCC unroll 5
  for (std::size_t r = 0; r < K; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) {
      store<L>(to.dC + (cell_count + r) * layer.outputs + v * L, rows[r][v]);
    }
  }
  for (std::size_t v = 0; v < V; ++v) store<L>(base_row + v * L, base[v]);
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
void scatter_columns(const WideLayer& layer, const CellOrder* orders, const ScatteredInputs<T>& of,
                     std::size_t o, std::size_t done) {
  alignas(64) T copy[most_rows * V * L];
  for (std::size_t n = 0; n < of.samples; ++n) {
    const T* row = of.g + n * layer.outputs + o;
    for (std::size_t j = 0; j < V * L; ++j) copy[n * V * L + j] = j < done ? T(0) : row[j];
  }
  for (std::size_t i = 0; i < of.count; ++i) {
    const Scattered<T> to{of.weights + i * layer.weights * layer.stride, copy,
                          of.dC + i * layer.input_size() + o};
    scatter_outputs<L, K, V>(layer, orders[i], to);
  }
}

/// All outputs of a block of inputs.
template <std::size_t L, std::size_t K, class T>
void scatter_sorted(const WideLayer& layer, const CellOrder* orders, const ScatteredInputs<T>& of) {
  constexpr std::size_t V = K <= 3 ? 2 : 1;  // as many rows as 16 registers hold
  std::size_t o = 0;
  for (; o + V * L <= layer.outputs; o += V * L) {
    scatter_columns<L, K, V>(layer, orders, of, o, 0);
  }
  for (; V > 1 && o + L <= layer.outputs; o += L) {
    scatter_columns<L, K, 1>(layer, orders, of, o, 0);
  }
  if (o == layer.outputs) return;
  const std::size_t last = layer.outputs - L;
  scatter_columns<L, K, 1>(layer, orders, of, last, o - last);
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
  CellOrder orders[sorted_inputs];
  for (auto i = static_cast<std::size_t>(first); i < end; i += step) {
    const ScatteredInputs<T> of{i + step < end ? step : end - i,
                                weights + i * layer.weights * layer.stride, g,
                                dC + i * layer.input_size(), count};
    if (!sorted) {
      scatter_unsorted(layer, cells + i * layer.stride, of);
      continue;
    }
    for (std::size_t j = 0; j < of.count; ++j) {
      orders[j].sort(cells + (i + j) * layer.stride, count, shape.intervals);
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
