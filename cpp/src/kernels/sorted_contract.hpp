#pragma once

// y of layers with many outputs, for many samples: cell by cell, sums pass by. The same additions in
// the same order as in wide_contract.hpp. Internal linkage, see triangle.hpp.

#include "kernels/cell_rows.hpp"

namespace kan::kernels {
namespace {

/// How many samples and inputs are gone through at a time. Sums that are rows of y stay where they are;
/// others are copied for many inputs, and stay in the first-level cache.
template <bool InPlace>
struct SortedBlock {
  static constexpr std::size_t rows = InPlace ? most_rows : 128;
  static constexpr std::size_t inputs = InPlace ? 1 : 16;
  using Order = CellOrder<rows, rows>;
};

/// A tile of samples and a block of inputs.
template <class T, class Order>
struct SortedTile {
  std::size_t inputs;
  std::size_t count;  // samples
  const Order* orders;
  const T* C;        // [inputs][M + 1][S]
  const T* weights;  // [inputs][k + 2][stride], from the first sample on
  T* y;              // [count][S]
  bool more;         // as in the contract
};

/// sums [count][V L] += what all inputs of the tile give to outputs [o, o + V L).
template <std::size_t L, std::size_t K, std::size_t V, class T, class Order>
inline void add_inputs(const WideLayer& layer, const SortedTile<T, Order>& tile, std::size_t o,
                       T* sums) {
  for (std::size_t i = 0; i < tile.inputs; ++i) {
    const T* weights = tile.weights + i * layer.weights * layer.stride;
    by_cells<L, K, V>(layer, tile.orders[i], tile.C + i * layer.input_size() + o,
                      [&](std::size_t n, const CellRows<L, K, V, T>& rows) {
                        T* own = sums + n * V * L;
                        Vector<T, L> sum[V];
#pragma GCC unroll 4
                        for (std::size_t v = 0; v < V; ++v) sum[v] = load<L>(own + v * L);
                        rows.add_to(sum, weights + n, layer.stride);
#pragma GCC unroll 4
                        for (std::size_t v = 0; v < V; ++v) store<L>(own + v * L, sum[v]);
                      });
  }
}

/// Outputs [o, o + V L), of which another call has done the first `done`.
template <std::size_t L, std::size_t K, std::size_t V, class T, class Order>
void contract_columns(const WideLayer& layer, const SortedTile<T, Order>& tile, std::size_t o,
                      std::size_t done) {
  constexpr std::size_t width = V * L;
  alignas(64) T sums[SortedBlock<false>::rows * width];
  for (std::size_t n = 0; n < tile.count; ++n) {
    const T* row = tile.y + n * layer.outputs + o;
    for (std::size_t j = 0; j < width; ++j) sums[n * width + j] = tile.more ? row[j] : T(0);
  }
  add_inputs<L, K, V>(layer, tile, o, sums);
  for (std::size_t n = 0; n < tile.count; ++n) {
    T* row = tile.y + n * layer.outputs + o;
    for (std::size_t j = done; j < width; ++j) row[j] = sums[n * width + j];
  }
}

template <std::size_t L, std::size_t K, bool InPlace, class T, class Order>
void contract_tile(const WideLayer& layer, const SortedTile<T, Order>& tile) {
  for (std::size_t j = 0; InPlace && !tile.more && j < tile.count * layer.outputs; ++j) {
    tile.y[j] = T(0);
  }
  for_columns<L, vectors_of_cell<T, L, K>>(layer.outputs,
                                           [&](auto vectors, std::size_t o, std::size_t done) {
                                             constexpr std::size_t V = vectors;
                                             if constexpr (InPlace) {
                                               add_inputs<L, K, V>(layer, tile, o, tile.y);
                                             } else {
                                               contract_columns<L, K, V>(layer, tile, o, done);
                                             }
                                           });
}

/// Whether the vectors of one pass are whole rows of y.
template <std::size_t L, std::size_t V>
bool is_in_place(const WideLayer& layer) {
  if constexpr (V > 1) {
    if (is_in_place<L, V / 2>(layer)) return true;
  }
  return layer.outputs == V * L;
}

template <std::size_t L, std::size_t K, bool InPlace, class T>
void sorted_contract(const WideLayer& layer, const T* C, const std::int32_t* cells,
                     const T* weights, std::size_t begin, std::size_t end, bool more, T* y) {
  using Block = SortedBlock<InPlace>;
  using Order = typename Block::Order;
  Order orders[Block::inputs];
  for (std::size_t n = begin; n < end; n += Block::rows) {
    const std::size_t count = n + Block::rows < end ? Block::rows : end - n;
    for (std::size_t first = 0; first < layer.inputs; first += Block::inputs) {
      const std::size_t left = layer.inputs - first;
      const std::size_t inputs = left < Block::inputs ? left : Block::inputs;
      for (std::size_t j = 0; j < inputs; ++j) {
        orders[j].sort(cells + (first + j) * layer.stride + n, count, layer.cell_count());
      }
      const SortedTile<T, Order> tile{inputs,
                                      count,
                                      orders,
                                      C + first * layer.input_size(),
                                      weights + first * layer.weights * layer.stride + n,
                                      y + n * layer.outputs,
                                      more || first > 0};
      contract_tile<L, K, InPlace>(layer, tile);
    }
  }
}

}  // namespace
}  // namespace kan::kernels
