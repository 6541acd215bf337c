#pragma once

// The k + 1 rows of a cell in registers, while the samples of that cell pass by: fewer loads than rows
// that are looked up for every sample. Internal linkage, see triangle.hpp.

#include "kernels/cell_order.hpp"

namespace kan::kernels {
namespace {

/// Whether `contract` and `dot` go cell by cell too, as `scatter` always does. Measured: on AVX-512 that
/// takes 0.6 to 0.9 of the time, since a processor loads at most one such vector for every product; on
/// AVX2 and SSE2, which load two and have 16 registers, up to twice the time. NEON could not be measured.
constexpr bool goes_by_cells = KAN_VECTOR_BYTES == 64;

/// Vectors of outputs for which the rows of a cell, the base and what goes with them fit into the
/// registers: 16 of them, 32 with AVX-512.
template <class T, std::size_t L, std::size_t K>
constexpr std::size_t vectors_of_cell =
    L < lanes<T> ? 1 : (KAN_VECTOR_BYTES == 64 ? 2 : 1) * (K <= 3 ? 2 : 1);

/// Calls use(constant v, o, done) for v vectors of outputs from o on until all have been: V at a time
/// while there are so many, then half as many, and so on. The last vector may overlap the one before it,
/// which has done its first `done` outputs.
template <std::size_t L, std::size_t V, class Use>
inline void for_columns(std::size_t outputs, const Use& use, std::size_t o = 0) {
  for (; o + V * L <= outputs; o += V * L) use(Constant<V>{}, o, std::size_t{0});
  if constexpr (V > 1) {
    for_columns<L, V / 2>(outputs, use, o);
  } else if (o < outputs) {
    use(Constant<1>{}, outputs - L, o - (outputs - L));
  }
}

/// A few samples, or fewer than cells, are not worth sorting.
inline bool is_worth_sorting(const WideLayer& layer, std::size_t count) {
  return count >= lane_block && count >= static_cast<std::size_t>(layer.cell_count());
}

/// V L outputs of the rows of a cell.
template <std::size_t L, std::size_t K, std::size_t V, class T>
struct CellRows {
  Vector<T, L> row[K + 1][V];
  Vector<T, L> base[V];

  /// What all cells share, and of the first all but its last row. C from the first of the outputs on.
  void begin(const WideLayer& layer, const T* C) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) {
      base[v] = load<L>(C + (layer.rows - 1) * layer.outputs + v * L);
#pragma GCC unroll 5
      for (std::size_t r = 0; r < K; ++r) row[r][v] = load<L>(C + r * layer.outputs + v * L);
    }
  }

  void take_last(const T* from) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) row[K][v] = load<L>(from + v * L);
  }

  /// All rows but the base.
  void take(const T* from, std::size_t outputs) {
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) row[r][v] = load<L>(from + r * outputs + v * L);
    }
  }

  void move_on() {
#pragma GCC unroll 5
    for (std::size_t r = 0; r < K; ++r) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) row[r][v] = row[r + 1][v];
    }
  }

  /// sum += sum_r weights[r] row[r] + weights[k + 1] base, in this order.
  void add_to(Vector<T, L> (&sum)[V], const T* weights, std::size_t stride) const {
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r) {
      const Vector<T, L> weight = splat<L>(weights[r * stride]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) add_product<T, L>(sum[v], weight, row[r][v]);
    }
    const Vector<T, L> weight = splat<L>(weights[(K + 1) * stride]);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < V; ++v) add_product<T, L>(sum[v], weight, base[v]);
  }
};

/// use(n, rows) for all samples of one input, cell by cell.
template <std::size_t L, std::size_t K, std::size_t V, class Order, class T, class Use>
inline void by_cells(const WideLayer& layer, const Order& order, const T* C, const Use& use) {
  CellRows<L, K, V, T> rows;
  rows.begin(layer, C);
  for (int c = 0; c < layer.cell_count(); ++c) {
    rows.take_last(C + (static_cast<std::size_t>(c) + K) * layer.outputs);
    for (std::int32_t q = order.first[c]; q < order.first[c + 1]; ++q) {
      use(static_cast<std::size_t>(order.sample[q]), rows);
    }
    rows.move_on();
  }
}

}  // namespace
}  // namespace kan::kernels
