#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernel_chunks.hpp"

/// The basis by its definition, and how well that can be known.
namespace kan::test {

using kan::kernels::most_order;

/// The base function and the policies spelled out.
template <class T>
long double expected_base(const Chunk<T>& chunk, long double x, long double nearest, int order) {
  const bool ends = chunk.shape.extrapolation == Extrapolation::clamp && x != nearest;
  if (chunk.shape.base == Base::zero || (ends && order > 0)) return 0.0L;
  const long double at = ends ? nearest : x;
  if (chunk.shape.base == Base::silu) return silu_by_definition(at, order);
  return order == 0 ? at : order == 1 ? 1.0L : 0.0L;
}

/// The function that goes on over the ghost intervals, 0 beyond them.
template <class T>
long double expected_ghost(const Chunk<T>& chunk, long double x, int m, int order) {
  const auto& knots = chunk.knots[0];
  if (x < static_cast<long double>(knots.front()) || x >= static_cast<long double>(knots.back())) {
    return 0.0L;
  }
  int interval = 0;
  while (x >= static_cast<long double>(knots[size(interval + 1)])) ++interval;
  return derivative_by_definition(knots, m, chunk.shape.degree, interval, x, order);
}

/// The policies spelled out with the definition of the basis.
template <class T>
long double expected_row(const Chunk<T>& chunk, long double x, int m, int order) {
  const auto& knots = chunk.knots[0];
  const int k = chunk.shape.degree;
  const int G = chunk.shape.intervals;
  const Extrapolation policy = chunk.shape.extrapolation;
  const long double nearest = std::clamp(x, static_cast<long double>(knots[size(k)]),
                                         static_cast<long double>(knots[size(k + G)]));
  if (m == basis_count(chunk.shape)) return expected_base(chunk, x, nearest, order);
  const bool outside = x != nearest;
  if (outside && policy == Extrapolation::zero) return expected_ghost(chunk, x, m, order);
  int interval = k + G - 1;
  while (interval > k && nearest < static_cast<long double>(knots[size(interval)])) --interval;
  const auto derivative = [&](long double at, int d) {
    return derivative_by_definition(knots, m, k, interval, at, d);
  };
  if (!outside || policy == Extrapolation::polynomial) return derivative(x, order);
  const bool line = policy != Extrapolation::clamp;
  if (order == 0)
    return derivative(nearest, 0) + (line ? derivative(nearest, 1) * (x - nearest) : 0);
  return line && order == 1 ? derivative(nearest, 1) : 0.0L;
}

/// What every basis with these knots, this policy and this base must give, whatever its outputs.
template <class T>
struct Expected {
  std::vector<double> values;  // [most_order + 1][count][M + 1]
  std::size_t rows, step;

  explicit Expected(const Chunk<T>& chunk)
      : rows(size(row_count(chunk.shape))), step(chunk.count * rows) {
    for (int order = 0; order <= most_order; ++order) {
      for (const T x : chunk.x) {
        for (int m = 0; m < row_count(chunk.shape); ++m) {
          const auto at = static_cast<long double>(x);
          values.push_back(static_cast<double>(expected_row(chunk, at, m, order)));
        }
      }
    }
  }

  double row(int order, std::size_t n, int m) const {
    return values[size(order) * step + n * rows + size(m)];
  }

  /// The largest of the spline rows, or what is given.
  double largest(int order, std::size_t n, double least) const {
    for (std::size_t m = 0; m + 1 < rows; ++m) {
      least = std::max(least, std::abs(row(order, n, static_cast<int>(m))));
    }
    return least;
  }
};

/// How well a basis can be known.
///
/// A position in a cell is known to `position` = 4 eps (1 + 2 max |knot| / h) of its length (the
/// knots, x - lo and 1/h are rounded once each, the position counts up to 2 max |knot| / h cells);
/// it changes a derivative of order d by k - d times that over h, and differences of knots are off by
/// as much, once for each order. Each of k levels of the triangle and the continuation round some 6
/// times. All relative to the largest of the weights, or to 2^d k! / (k - d)! / h^d.
template <class T>
struct Tolerance {
  double shortest = 1e300;
  double position, factor;
  int degree;

  explicit Tolerance(const Chunk<T>& chunk) : degree(chunk.shape.degree) {
    const auto& knots = chunk.knots[0];
    double largest_knot = 0.0;
    for (std::size_t j = 0; j < knots.size(); ++j) {
      largest_knot = std::max(largest_knot, std::abs(static_cast<double>(knots[j])));
      if (j > 0 && knots[j] > knots[j - 1]) {
        shortest = std::min(shortest, static_cast<double>(knots[j] - knots[j - 1]));
      }
    }
    position = 4 * epsilon<T> * (1 + 2 * largest_knot / shortest);
    factor = 6 * (degree + 2) * epsilon<T> + (degree + 1) * position;
  }

  double bound(int order) const {
    double scale = 1.0;
    for (int d = 0; d < order; ++d) scale *= std::max(0, 2 * (degree - d)) / shortest;
    return scale;
  }

  /// Next to a knot rounding may choose the neighbouring cell: harmless where the derivative is
  /// continuous.
  bool at_jump(const Chunk<T>& chunk, T x, int order) const {
    if (chunk.inverse_spacing[0] == T(0) || order != degree || degree == 0) return false;
    for (const T knot : chunk.knots[0]) {
      if (std::abs(static_cast<double>(x - knot)) <= position * shortest) return true;
    }
    return false;
  }
};

}  // namespace kan::test
