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
  const T* weights;         // [k + 2][stride] of the input
  const T* g;               // [n][S], from the first of the outputs on
  T* dC;                    // [M + 1][S], from the first of the outputs on
  std::size_t cleared = 0;  // so many of the first outputs get nothing
};

/// rows[r][v] += weight_r g, base[v] += weight_base g, for one sample.
template <std::size_t L, std::size_t K, std::size_t V, bool some_cleared, class T>
inline void add_sample(const WideLayer& layer, const Scattered<T>& to, std::size_t n,
                       Vector<T, L> (&rows)[K + 1][V], Vector<T, L> (&base)[V]) {
  const T* gradient = to.g + n * layer.outputs;
  Vector<T, L> z[V];
#pragma GCC unroll 2
  for (std::size_t v = 0; v < V; ++v) {
    z[v] = some_cleared ? load_behind<L>(gradient, to.cleared) : load<L>(gradient + v * L);
  }
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

template <std::size_t L, std::size_t K, std::size_t V, bool some_cleared, class T>
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
      add_sample<L, K, V, some_cleared>(layer, to, order.sample[q], rows, base);
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

/// All outputs of one input, whose samples are sorted.
template <std::size_t L, std::size_t K, class T>
void scatter_sorted(const WideLayer& layer, const CellOrder& order, Scattered<T> to) {
  constexpr std::size_t V = K <= 3 ? 2 : 1;  // as many rows as 16 registers hold
  const auto after = [&to](std::size_t outputs) {
    to.g += outputs;
    to.dC += outputs;
  };
  std::size_t left = layer.outputs;
  for (; left >= V * L; left -= V * L) {
    scatter_outputs<L, K, V, false>(layer, order, to);
    after(V * L);
  }
  if (V > 1 && left >= L) {
    scatter_outputs<L, K, 1, false>(layer, order, to);
    after(L);
    left -= L;
  }
  if (left == 0) return;
  to.cleared = L - left;
  to.g -= to.cleared;
  to.dC -= to.cleared;
  scatter_outputs<L, K, 1, true>(layer, order, to);
}

/// Chunks or grids that are too large to sort: sample by sample, straight through.
template <class T>
void scatter_unsorted(const WideLayer& layer, const std::int32_t* cells, std::size_t count,
                      const Scattered<T>& to) {
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t r = 0; r < layer.weights; ++r) {
      const std::size_t at =
          r + 1 < layer.weights ? static_cast<std::size_t>(cells[n]) + r : layer.rows - 1;
      T* row = to.dC + at * layer.outputs;
      const T weight = to.weights[r * layer.stride + n];
      for (std::size_t o = 0; o < layer.outputs; ++o)
        row[o] += weight * to.g[n * layer.outputs + o];
    }
  }
}

template <std::size_t K, class T>
void wide_scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
                  std::size_t count, int first, int last, T* dC) {
  const WideLayer layer(shape);
  const bool sorted = can_sort(layer, count);
  CellOrder order;
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
    const std::int32_t* own_cells = cells + i * layer.stride;
    const Scattered<T> to{weights + i * layer.weights * layer.stride, g,
                          dC + i * layer.input_size()};
    if (i + 1 < static_cast<std::size_t>(last)) {  // of the next input, while this one is at work
      prefetch(own_cells + layer.stride, count);
      for (std::size_t r = 0; r < layer.weights; ++r) {
        prefetch(to.weights + (layer.weights + r) * layer.stride, count);
      }
    }
    if (!sorted) {
      scatter_unsorted(layer, own_cells, count, to);
      continue;
    }
    order.sort(own_cells, count, shape.intervals);
    if (layer.outputs >= lanes<T>) {
      scatter_sorted<lanes<T>, K>(layer, order, to);
    } else {
      scatter_sorted<wide_lanes<T>, K>(layer, order, to);
    }
  }
}

}  // namespace
}  // namespace kan::kernels
