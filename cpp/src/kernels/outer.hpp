#pragma once

// Dense matrices of second-order methods, in double: outer products of sparse rows, and the product
// inside a blocked factorisation. Internal linkage, see triangle.hpp.

#include "kernels/kernels.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// Lanes for blocks of four numbers.
constexpr std::size_t block_lanes = lanes<double> < 4 ? lanes<double> : 4;

/// to[first[f] ...] += factor values[f][...], to[apart[f]] += factor single[f] for blocks f >= e.
template <std::size_t W>
inline void add_row(const SparseRow& row, std::size_t e, double factor, double* to) {
  const auto scale = splat<block_lanes>(factor);
  for (std::size_t f = e; f < row.blocks; ++f) {
    double* own = to + row.first[f];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < W; v += block_lanes) {
      Vector<double, block_lanes> sum = load<block_lanes>(own + v);
      add_product<double, block_lanes>(sum, scale, load<block_lanes>(row.values + f * W + v));
      store<block_lanes>(own + v, sum);
    }
    to[row.apart[f]] += factor * row.single[f];
  }
}

template <std::size_t W>
void add_outer_of(const SparseRow& row, std::size_t stride, double* matrix) {
  for (std::size_t e = 0; e < row.blocks; ++e) {
    double* rows = matrix + static_cast<std::size_t>(row.first[e]) * stride;
    for (std::size_t a = 0; a < W; ++a) {
      const double factor = row.values[e * W + a];
      if (factor != 0.0) add_row<W>(row, e, factor, rows + a * stride);
    }
    add_row<W>(row, e, row.single[e], matrix + static_cast<std::size_t>(row.apart[e]) * stride);
  }
}

void add_outer(const SparseRow& row, std::size_t stride, double* matrix) {
  row.width == 4 ? add_outer_of<4>(row, stride, matrix) : add_outer_of<8>(row, stride, matrix);
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
