#pragma once

// The basis of a tile of samples, vectorised along the samples. Internal linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/basis_point.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// Rows r of one input for one tile, at [r][n].
template <class T>
struct Rows {
  T* data;
  std::size_t stride;

  T& operator()(std::size_t r, std::size_t n) const { return data[r * stride + n]; }
  T* operator[](std::size_t r) const { return data + r * stride; }
};

/// Values of the functions of a cell, and their slopes where those are asked for.
template <class T>
struct BasisRows {
  Rows<T> values;
  Rows<T> slopes;
};

/// Cell of a point on a uniform grid, and its position t = (x - left end) / h in [0, 1] there.
template <class T>
struct Place {
  std::int32_t cell;
  T t;
};

/// On the grid from lo on, whose last cell is `last`. Rounding may put a point next to a knot into the
/// neighbouring cell, where the same polynomials meet.
template <class T>
inline Place<T> place_of(T x, T lo, T inverse_spacing, T last) {
  const T u = (x - lo) * inverse_spacing;
  const T inside = u > T(0) ? u : T(0);
  const auto cell = static_cast<std::int32_t>(inside < last ? inside : last);
  return {cell, u - static_cast<T>(cell)};
}

/// Points on one uniform grid.
template <class T>
struct UniformPoints {
  const T* x;
  T lo;
  T inverse_spacing;
  T last_cell;

  T steepness(std::size_t /*n*/) const { return inverse_spacing; }
  Place<T> place(std::size_t n) const { return place_of(x[n], lo, inverse_spacing, last_cell); }
};

/// Cells, and the cubic functions there and their slopes as polynomials of t and 1 - t.
template <bool with_slopes, class Points, class T>
void uniform_cubic(const Points& points, std::size_t count, std::int32_t* cells,
                   const BasisRows<T>& rows) {
  KAN_INDEPENDENT
  for (std::size_t n = 0; n < count; ++n) {
    const Place<T> place = points.place(n);
    cells[n] = place.cell;
    const T half = T(0.5) * points.steepness(n);
    const T a = place.t;
    const T b = T(1) - a;
    const T aa = a * a;
    const T bb = b * b;
    rows.values(0, n) = bb * b * T(1.0 / 6);
    rows.values(1, n) = aa * (T(0.5) * a - T(1)) + T(2.0 / 3);
    rows.values(2, n) = bb * (T(0.5) * b - T(1)) + T(2.0 / 3);
    rows.values(3, n) = aa * a * T(1.0 / 6);
    if (with_slopes) {
      rows.slopes(0, n) = -half * bb;
      rows.slopes(1, n) = half * a * (T(3) * a - T(4));
      rows.slopes(2, n) = half * b * (T(4) - T(3) * b);
      rows.slopes(3, n) = half * aa;
    }
  }
}

/// Cells, and the triangle of degree K in units of h, where every denominator of level j is j.
template <int K, bool with_slopes, class Points, class T>
void uniform_rows(const Points& points, std::size_t count, std::int32_t* cells,
                  const BasisRows<T>& rows) {
  if (K == 3) return uniform_cubic<with_slopes>(points, count, cells, rows);
  KAN_INDEPENDENT
  for (std::size_t n = 0; n < count; ++n) {
    const Place<T> place = points.place(n);
    cells[n] = place.cell;
    const T t = place.t;
    T v[K + 1] = {T(1)};
#pragma GCC unroll 6
    for (int j = 1; j <= K; ++j) {
      T carried = T(0);
      T carried_slope = T(0);
#pragma GCC unroll 6
      for (int r = 0; r < j; ++r) {
        if (with_slopes && j == K) {
          const T slope = v[r] * points.steepness(n);
          rows.slopes(static_cast<std::size_t>(r), n) = carried_slope - slope;
          carried_slope = slope;
        }
        const T scaled = v[r] * T(1.0 / j);
        v[r] = carried + (T(r + 1) - t) * scaled;
        carried = (t + T(j - r - 1)) * scaled;
      }
      v[j] = carried;
      if (with_slopes && j == K) rows.slopes(K, n) = carried_slope;
    }
    if (with_slopes && K == 0) rows.slopes(0, n) = T(0);
#pragma GCC unroll 6
    for (int r = 0; r <= K; ++r) rows.values(static_cast<std::size_t>(r), n) = v[r];
  }
}

/// Most intervals that are searched by comparing with every grid point, without a branch.
constexpr int counted_intervals = 32;

/// Cell of every sample on any knots, and its 2K nearest knots, near[j][tile_rows].
template <int K, class T>
void locate_any(const T* knots, int intervals, const T* x, std::size_t count, std::int32_t* cells,
                T* near) {
  if (intervals <= counted_intervals) {
    for (std::size_t n = 0; n < count; ++n) cells[n] = 0;
    for (int j = 1; j < intervals; ++j) {
      const T point = knots[K + j];
      for (std::size_t n = 0; n < count; ++n) cells[n] += x[n] >= point ? 1 : 0;
    }
  } else {
    for (std::size_t n = 0; n < count; ++n) cells[n] = bisect_cell(knots, intervals, K, x[n]);
  }
  KAN_INDEPENDENT
  for (std::size_t n = 0; n < count; ++n) {
    const T* first = knots + cells[n] + 1;
#pragma GCC unroll 10
    for (std::size_t j = 0; j < 2 * K; ++j) near[j * tile_rows + n] = first[j];
  }
}

/// The triangle of degree K on any knots.
template <int K, bool with_slopes, class T>
void any_rows(const T* near, const T* x, std::size_t count, const BasisRows<T>& rows) {
  KAN_INDEPENDENT
  for (std::size_t n = 0; n < count; ++n) {
    T v[K + 1] = {T(1)};
#pragma GCC unroll 6
    for (int j = 1; j <= K; ++j) {
      T carried = T(0);
      T carried_slope = T(0);
#pragma GCC unroll 6
      for (int r = 0; r < j; ++r) {
        const T left = near[static_cast<std::size_t>(K + r - j) * tile_rows + n];
        const T right = near[static_cast<std::size_t>(K + r) * tile_rows + n];
        const T scaled = v[r] / (right - left);
        if (with_slopes && j == K) {
          const T slope = T(K) * scaled;
          rows.slopes(static_cast<std::size_t>(r), n) = carried_slope - slope;
          carried_slope = slope;
        }
        v[r] = carried + (right - x[n]) * scaled;
        carried = (x[n] - left) * scaled;
      }
      v[j] = carried;
      if (with_slopes && j == K) rows.slopes(K, n) = carried_slope;
    }
    if (with_slopes && K == 0) rows.slopes(0, n) = T(0);
#pragma GCC unroll 6
    for (int r = 0; r <= K; ++r) rows.values(static_cast<std::size_t>(r), n) = v[r];
  }
}

/// Positions t in their cells of a uniform grid, in units of h.
template <int K, class T>
struct UniformCells {
  const T* t;
  T inverse_spacing;

  T to_right(int r, std::size_t n) const { return T(r + 1) - t[n]; }
  T from_left(int j, int r, std::size_t n) const { return t[n] + T(j - r - 1); }
  T reciprocal(int j, int /*r*/, std::size_t /*n*/) const { return T(1.0 / j); }
  T steepness(int /*j*/, int /*r*/, std::size_t /*n*/) const { return inverse_spacing; }
};

/// Points x and their nearest knots.
template <int K, class T>
struct AnyCells {
  const T* near;
  const T* x;

  T left(int j, int r, std::size_t n) const {
    return near[static_cast<std::size_t>(K + r - j) * tile_rows + n];
  }
  T right(int r, std::size_t n) const {
    return near[static_cast<std::size_t>(K + r) * tile_rows + n];
  }
  T to_right(int r, std::size_t n) const { return right(r, n) - x[n]; }
  T from_left(int j, int r, std::size_t n) const { return x[n] - left(j, r, n); }
  T reciprocal(int j, int r, std::size_t n) const { return T(1) / (right(r, n) - left(j, r, n)); }
  T steepness(int j, int r, std::size_t n) const { return T(j) * reciprocal(j, r, n); }
};

/// Derivatives of order D of the functions of degree K: the values of degree K - D, differentiated on
/// each of the levels above.
template <int K, int D, class Cells, class T>
void derivative_rows(const Cells& cells, std::size_t count, const Rows<T>& rows) {
  constexpr int levels = K - D;
  KAN_INDEPENDENT
  for (std::size_t n = 0; n < count; ++n) {
    T v[K + 1] = {levels < 0 ? T(0) : T(1)};
#pragma GCC unroll 6
    for (int j = 1; j <= levels; ++j) {
      T carried = T(0);
#pragma GCC unroll 6
      for (int r = 0; r < j; ++r) {
        const T scaled = v[r] * cells.reciprocal(j, r, n);
        v[r] = carried + cells.to_right(r, n) * scaled;
        carried = cells.from_left(j, r, n) * scaled;
      }
      v[j] = carried;
    }
#pragma GCC unroll 6
    for (int j = levels < 0 ? K + 1 : levels + 1; j <= K; ++j) {
      T carried = T(0);
#pragma GCC unroll 6
      for (int r = 0; r < j; ++r) {
        const T scaled = v[r] * cells.steepness(j, r, n);
        v[r] = carried - scaled;
        carried = scaled;
      }
      v[j] = carried;
    }
#pragma GCC unroll 6
    for (int r = 0; r <= K; ++r) rows(static_cast<std::size_t>(r), n) = v[r];
  }
}

/// Derivatives of b up to `order`, in row `row` of each.
template <class T>
void base_derivative_rows(Base base, const T* x, std::size_t count, int order, const Rows<T>* rows,
                          std::size_t row) {
  T all[most_order + 1][tile_rows];
  KAN_INDEPENDENT
  for (std::size_t n = 0; n < count; ++n) {
    T values[most_order + 1];
    base_derivatives(base, x[n], most_order, values);
    for (int d = 0; d <= most_order; ++d) all[d][n] = values[d];
  }
  for (int d = 0; d <= order; ++d) {
    for (std::size_t n = 0; n < count; ++n) rows[d](row, n) = all[d][n];
  }
}

/// b(x) and, where slope is not null, b'(x).
template <class T>
void base_rows(Base base, const T* __restrict x, std::size_t count, T* __restrict value,
               T* __restrict slope) {
  if (base == Base::silu && slope != nullptr) {
    KAN_INDEPENDENT
    for (std::size_t n = 0; n < count; ++n) {
      const T s = sigmoid(x[n]);
      value[n] = x[n] * s;
      slope[n] = s * (T(1) + x[n] * (T(1) - s));
    }
    return;
  }
  if (base == Base::silu) {
    KAN_INDEPENDENT
    for (std::size_t n = 0; n < count; ++n) {
      value[n] = silu(x[n]);
    }
    return;
  }
  const bool identity = base == Base::identity;
  for (std::size_t n = 0; n < count; ++n) value[n] = identity ? x[n] : T(0);
  for (std::size_t n = 0; slope != nullptr && n < count; ++n) slope[n] = identity ? T(1) : T(0);
}

}  // namespace
}  // namespace kan::kernels
