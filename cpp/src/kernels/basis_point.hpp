#pragma once

// One point, any knots, every policy outside the grid. Internal linkage, see triangle.hpp.

#include <cassert>
#include <cstdint>

#include "kernels/activation.hpp"
#include "kernels/kernels.hpp"
#include "kernels/triangle.hpp"

namespace kan::kernels {

/// `Extrapolation::zero`: the functions that live on the ghost interval holding x, written to the
/// rows of the first or last cell of the grid; functions without a coefficient do not count.
template <class T>
static void ghost_values(const Shape& shape, const T* knots, T x, int cell, int order, T* values) {
  const int k = shape.degree;
  const int last = shape.intervals + 2 * k;
  for (int r = 0; r <= k; ++r) values[r] = T(0);
  if (!(x >= knots[0]) || !(x < knots[last])) return;
  int interval = last - 1;
  while (x < knots[interval]) --interval;

  // Knots beyond the ghosts belong to functions that do not count: any continuation will do.
  T local[2 * max_values] = {};
  const T step = knots[interval + 1] - knots[interval];
  for (int j = 0; j < 2 * k; ++j) {
    const int index = interval - k + 1 + j;
    local[j] = index < 0      ? knots[0] + T(index) * step
               : index > last ? knots[last] + T(index - last) * step
                              : knots[index];
  }
  T all[max_values];
  triangle(local, k, x, order, all);
  for (int r = 0; r <= k; ++r) {
    const int function = interval - k + r;
    const int row = function - cell;
    if (function >= 0 && function < basis_count(shape) && row >= 0 && row <= k) {
      values[row] = all[r];
    }
  }
}

/// values[d][0..k+1] = weights of one point and their derivatives up to `order`; returns its cell.
template <class T>
static std::int32_t basis_point(const Shape& shape, const T* knots, T x, int order,
                                T (*values)[max_values + 1]) {
  const int k = shape.degree;
  assert(k >= 0 && shape.intervals > 0);
  const T lo = knots[k];
  const T hi = knots[k + shape.intervals];
  const bool outside = x < lo || x > hi;
  const T nearest = x < lo ? lo : (x > hi ? hi : x);
  const int cell = bisect_cell(knots, shape.intervals, k, nearest);
  const T* local = knots + cell + 1;
  const bool clamped = outside && shape.extrapolation == Extrapolation::clamp;
  const bool exact = !outside || shape.extrapolation == Extrapolation::polynomial;
  const bool fades = outside && shape.extrapolation == Extrapolation::zero;
  const bool line = !exact && !clamped && !fades;

  T base[most_order + 1];
  base_derivatives(shape.base, clamped ? nearest : x, order, base);
  for (int d = 0; d <= order; ++d) {
    if (fades) {
      ghost_values(shape, knots, x, cell, d, values[d]);
    } else {
      triangle(local, k, exact ? x : nearest, d, values[d]);
    }
    const bool ends = (clamped && d > 0) || (line && d > 1);
    for (int r = 0; ends && r <= k; ++r) values[d][r] = T(0);
    values[d][k + 1] = clamped && d > 0 ? T(0) : base[d];
  }
  if (line) {
    T slopes[max_values];
    triangle(local, k, nearest, 1, slopes);
    for (int r = 0; r <= k; ++r) values[0][r] = values[0][r] + slopes[r] * (x - nearest);
  }
  return cell;
}

}  // namespace kan::kernels
