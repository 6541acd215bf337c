#pragma once

// Dense matrices of second-order methods, in double: outer products of sparse rows, and the product
// inside a blocked factorisation. Internal linkage, see triangle.hpp.

#include "kernels/kernels.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// Lanes for blocks of four numbers.
constexpr std::size_t block_lanes = lanes<double> < 4 ? lanes<double> : 4;

/// to[first[f] ...] += factor values[f][...] for blocks f < blocks of one row.
template <std::size_t W>
inline void add_blocks(const std::int32_t* first, const double* values, std::size_t blocks,
                       double factor, double* to) {
  const auto scale = splat<block_lanes>(factor);
  for (std::size_t f = 0; f < blocks; ++f) {
    double* own = to + first[f];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < W; v += block_lanes) {
      Vector<double, block_lanes> sum = load<block_lanes>(own + v);
      add_product<double, block_lanes>(sum, scale, load<block_lanes>(values + f * W + v));
      store<block_lanes>(own + v, sum);
    }
  }
}

template <std::size_t W>
void add_block_of(const SparseRows& rows, std::size_t block, std::size_t stride, double* matrix) {
  for (std::size_t n = 0; n < rows.count; ++n) {
    const std::int32_t* first = rows.first + n * rows.blocks;
    const double* values = rows.values + n * rows.blocks * W;
    double* to = matrix + static_cast<std::size_t>(first[block]) * stride;
    for (std::size_t a = 0; a < W; ++a) {
      const double factor = values[block * W + a];
      if (factor != 0.0) add_blocks<W>(first, values, block + 1, factor, to + a * stride);
    }
  }
}

void add_block(const SparseRows& rows, std::size_t block, std::size_t stride, double* matrix) {
  rows.width == 4 ? add_block_of<4>(rows, block, stride, matrix)
                  : add_block_of<8>(rows, block, stride, matrix);
}

template <std::size_t W>
void add_dense_of(const SparseRows& rows, std::size_t which, std::size_t stride, double* matrix) {
  double* to = matrix + (rows.dense_begin + which) * stride;
  for (std::size_t n = 0; n < rows.count; ++n) {
    add_blocks<W>(rows.first + n * rows.blocks, rows.values + n * rows.blocks * W, rows.blocks,
                  rows.dense[n * rows.dense_stride + which], to);
  }
  for (std::size_t q = 0; q <= which; q += block_lanes) {
    double* own = to + rows.dense_begin + q;
    Vector<double, block_lanes> sum = load<block_lanes>(own);
    for (std::size_t n = 0; n < rows.count; ++n) {
      const double* row = rows.dense + n * rows.dense_stride;
      add_product<double, block_lanes>(sum, splat<block_lanes>(row[which]),
                                       load<block_lanes>(row + q));
    }
    store<block_lanes>(own, sum);
  }
}

void add_dense(const SparseRows& rows, std::size_t which, std::size_t stride, double* matrix) {
  rows.width == 4 ? add_dense_of<4>(rows, which, stride, matrix)
                  : add_dense_of<8>(rows, which, stride, matrix);
}

/// R rows and V vectors of C -= A B.
template <std::size_t R, std::size_t V>
inline void subtract_tile(const double* a, std::size_t depth, const double* b, std::size_t b_stride,
                          double* c, std::size_t stride) {
  constexpr std::size_t L = lanes<double>;
  Vector<double> sums[R][V] = {};
  for (std::size_t d = 0; d < depth; ++d) {
    Vector<double> row[V];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < V; ++v) row[v] = load<L>(b + d * b_stride + v * L);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < R; ++r) {
      const Vector<double> factor = splat<L>(a[r * stride + d]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < V; ++v) add_product<double, L>(sums[r][v], factor, row[v]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) {
      double* own = c + r * stride + v * L;
      store<L>(own, load<L>(own) - sums[r][v]);
    }
  }
}

void subtract_product(std::size_t rows, std::size_t columns, std::size_t depth, const double* a,
                      const double* b, std::size_t b_stride, double* c, std::size_t stride) {
  constexpr std::size_t L = lanes<double>;
  for (std::size_t k = 0; k < columns; k += 2 * L) {
    std::size_t i = 0;
    for (; i + 4 <= rows; i += 4) {
      subtract_tile<4, 2>(a + i * stride, depth, b + k, b_stride, c + i * stride + k, stride);
    }
    for (; i < rows; ++i) {
      subtract_tile<1, 2>(a + i * stride, depth, b + k, b_stride, c + i * stride + k, stride);
    }
  }
}

}  // namespace
}  // namespace kan::kernels
