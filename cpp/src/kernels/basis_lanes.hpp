#pragma once

// The basis of one sample, vectorised along the inputs: a tile of one sample would fill a vector with
// copies. Every lane sees the operations that it sees in a tile, so that the bits are the same. Internal
// linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/basis_tile.hpp"

namespace kan::kernels {
namespace {

/// Points, each on a uniform grid of its own.
template <class T>
struct UniformLanes {
  T x[lane_block] = {};
  T lo[lane_block] = {};
  T inverse_spacing[lane_block] = {};
  T last_cell = T(0);

  T steepness(std::size_t n) const { return inverse_spacing[n]; }
  Place<T> place(std::size_t n) const {
    return place_of(x[n], lo[n], inverse_spacing[n], last_cell);
  }
};

template <class T>
struct BasisLanes {
  const Shape& shape;
  const T* knots;            // [I][G + 1 + 2k]
  const T* inverse_spacing;  // [I]
  const T* x;                // [I][stride]
  std::int32_t* cells;       // [I][stride]
  T* weights;                // [I][weight_count][stride]

  template <int K>
  void run() const {
    const auto inputs = static_cast<std::size_t>(shape.inputs);
    for (std::size_t first = 0; first < inputs; first += lane_block) {
      some<K>(first, first + lane_block < inputs ? lane_block : inputs - first);
    }
  }

 private:
  std::size_t knot_count() const {
    return static_cast<std::size_t>(shape.intervals + 1 + 2 * shape.degree);
  }
  T* weights_of(std::size_t i) const {
    return weights + i * static_cast<std::size_t>(weight_count(shape)) * shape.stride;
  }

  /// Whether a lane can take input i: on a uniform grid, and inside where outside needs more.
  bool takes(std::size_t i) const {
    if (inverse_spacing[i] == T(0)) return false;
    if (shape.extrapolation == Extrapolation::polynomial) return true;
    const T* grid = knots + i * knot_count() + shape.degree;
    const T at = x[i * shape.stride];
    return at >= grid[0] && at <= grid[shape.intervals];
  }

  /// Inputs first ... first + count, at most lane_block.
  template <int K>
  void some(std::size_t first, std::size_t count) const {
    UniformLanes<T> points;
    points.last_cell = T(shape.intervals - 1);
    for (std::size_t j = 0; j < count; ++j) {
      points.x[j] = x[(first + j) * shape.stride];
      points.lo[j] = knots[(first + j) * knot_count() + K];
      points.inverse_spacing[j] = inverse_spacing[first + j];
    }
    std::int32_t cell[lane_block];
    T values[(K + 2) * lane_block];
    const Rows<T> rows{values, lane_block};
    uniform_rows<K, false>(points, lane_block, cell, BasisRows<T>{rows, rows});
    base_rows(shape.base, points.x, lane_block, rows[K + 1], static_cast<T*>(nullptr));
    for (std::size_t j = 0; j < count; ++j) {
      if (K > 0 && takes(first + j)) {
        give<K>(rows, j, cell[j], first + j);
      } else {
        alone<K>(first + j);
      }
    }
  }

  /// From lane j to where the layer wants the weights of input i.
  template <int K>
  void give(const Rows<T>& rows, std::size_t j, std::int32_t cell, std::size_t i) const {
    T* to = weights_of(i);
    const std::size_t padded = is_wide(shape) ? 1 : lane_block;
    for (std::size_t n = 0; n < padded; ++n) cells[i * shape.stride + n] = cell;
    const auto all = static_cast<std::size_t>(weight_count(shape));
    for (std::size_t r = 0; r < all && padded > 1; ++r) {
      for (std::size_t n = 0; n < lane_block; ++n) to[r * shape.stride + n] = T(0);
    }
    const std::size_t skipped = is_dense(shape) ? static_cast<std::size_t>(cell) : 0;
    for (std::size_t r = 0; r <= K; ++r) to[(skipped + r) * shape.stride] = rows(r, j);
    to[(all - 1) * shape.stride] = rows(K + 1, j);
  }

  /// As a tile of input i alone.
  template <int K>
  void alone(std::size_t i) const {
    const BasisTile<T> tile{shape,
                            knots + i * knot_count(),
                            inverse_spacing[i],
                            x + i * shape.stride,
                            lane_block,
                            cells + i * shape.stride,
                            0,
                            {weights_of(i)}};
    tile.template run<K>();
  }
};

}  // namespace
}  // namespace kan::kernels
