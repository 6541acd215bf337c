#pragma once

// dx of layers with many outputs, cell by cell: for each output the slope of the edge, sum_r slope_r
// C_r,o in vectors, times g_o, then the lanes. Internal linkage, see triangle.hpp.

#include "kernels/cell_rows.hpp"

namespace kan::kernels {
namespace {

/// Samples that are gone through at a time.
constexpr std::size_t dot_rows = 256;
using DotOrder = CellOrder<dot_rows, dot_rows>;

/// A tile of samples of one input.
template <class T>
struct DotTile {
  std::size_t count;          // samples
  const std::int32_t* cells;  // [count]
  const DotOrder* order;      // of the cells, or null where sorting would not pay
  const T* C;                 // [M + 1][S]
  const T* slopes;            // [k + 2][stride], from the first sample on
  const T* g;                 // [count][S]
  const T* g_rest;            // [count][L], the last L outputs, 0 for those that fill whole vectors
  T* totals;                  // [count][L], a vector for each sample
  T* dx;                      // [count]
};

/// use(n, rows) for all samples of the tile, with rows from output o on.
template <std::size_t L, std::size_t K, std::size_t V, class T, class Use>
inline void with_rows(const WideLayer& layer, const DotTile<T>& tile, std::size_t o,
                      const Use& use) {
  const T* C = tile.C + o;
  if (tile.order != nullptr) return by_cells<L, K, V>(layer, *tile.order, C, use);
  CellRows<L, K, V, T> rows;
  rows.begin(layer, C);
  for (std::size_t n = 0; n < tile.count; ++n) {
    rows.take(C + static_cast<std::size_t>(tile.cells[n]) * layer.outputs, layer.outputs);
    use(n, rows);
  }
}

/// totals = or, behind the first outputs, += what V L outputs from o on give, whose gradients begin at
/// g and are `g_stride` apart.
template <std::size_t L, std::size_t K, std::size_t V, class T>
void dot_columns(const WideLayer& layer, const DotTile<T>& tile, std::size_t o, const T* g,
                 std::size_t g_stride) {
  with_rows<L, K, V>(layer, tile, o, [&](std::size_t n, const CellRows<L, K, V, T>& rows) {
    Vector<T, L> slope[V] = {};
    rows.add_to(slope, tile.slopes + n, layer.stride);
    Vector<T, L> total = o > 0 ? load<L>(tile.totals + n * L) : Vector<T, L>{};
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) {
      add_product<T, L>(total, slope[v], load<L>(g + n * g_stride + v * L));
    }
    store<L>(tile.totals + n * L, total);
  });
}

template <std::size_t L, std::size_t K, class T>
void dot_tile(const WideLayer& layer, const DotTile<T>& tile) {
  for_columns<L, vectors_of_cell<T, L, K>>(
      layer.outputs, [&](auto vectors, std::size_t o, std::size_t done) {
        constexpr std::size_t V = vectors;
        const bool overlaps = done > 0;
        dot_columns<L, K, V>(layer, tile, o, overlaps ? tile.g_rest : tile.g + o,
                             overlaps ? L : layer.outputs);
      });
  sums_of_rows<L>(tile.totals, tile.count, tile.dx);
}

/// rest [count][L] = the last L of each row of g, 0 where they are part of whole vectors.
template <std::size_t L, class T>
void copy_rest(const WideLayer& layer, const T* g, std::size_t count, T* rest) {
  const std::size_t done = L - layer.outputs % L;
  for (std::size_t n = 0; n < count; ++n) {
    const T* last = g + (n + 1) * layer.outputs - L;
    for (std::size_t j = 0; j < L; ++j) rest[n * L + j] = j < done ? T(0) : last[j];
  }
}

template <std::size_t L, std::size_t K, class T>
void sorted_dot(const WideLayer& layer, const T* C, const std::int32_t* cells, const T* slopes,
                const T* g, std::size_t begin, std::size_t end, T* dx) {
  alignas(64) T totals[dot_rows * L];
  alignas(64) T rest[dot_rows * L];
  DotOrder order;
  for (std::size_t n = begin; n < end; n += dot_rows) {
    const std::size_t count = n + dot_rows < end ? dot_rows : end - n;
    const bool sorted = is_worth_sorting(layer, count);
    const T* gradients = g + n * layer.outputs;
    if (layer.outputs % L != 0) copy_rest<L>(layer, gradients, count, rest);
    for (std::size_t i = 0; i < layer.inputs; ++i) {
      const std::size_t at = i * layer.stride + n;
      if (sorted) order.sort(cells + at, count, layer.cell_count());
      dot_tile<L, K>(layer, DotTile<T>{count, cells + at, sorted ? &order : nullptr,
                                       C + i * layer.input_size(),
                                       slopes + i * layer.weights * layer.stride + n, gradients,
                                       rest, totals, dx + at});
    }
  }
}

}  // namespace
}  // namespace kan::kernels
