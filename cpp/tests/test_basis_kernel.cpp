#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel_chunks.hpp"

namespace {

using namespace kan::test;

/// Inside, at both ends, on knots, one rounding outside, beyond the ghosts, far outside.
template <class T>
std::vector<T> telling_points(const std::vector<T>& knots, int intervals, int degree) {
  const T lo = knots[size(degree)];
  const T hi = knots[size(degree + intervals)];
  const T far = T(50);
  std::vector<T> x = knots;
  x.insert(x.end(), {std::nextafter(lo, -far), std::nextafter(hi, far), std::nextafter(lo, far),
                     std::nextafter(hi, -far), lo - far, hi + far});
  Random random(7);
  const double margin = 0.3 * static_cast<double>(hi - lo);
  const auto more =
      random.values<T>(64, static_cast<double>(lo) - margin, static_cast<double>(hi) + margin);
  x.insert(x.end(), more.begin(), more.end());
  x.resize(whole_blocks(x.size()), lo);
  return x;
}

/// One kind of grid and one policy: what the basis of `kernels` gives at the telling points.
template <class T>
struct Basis {
  Chunk<T> chunk;

  Basis(const Kernels<T>& kernels, const std::vector<T>& knots, T inverse_spacing, int intervals,
        int degree, Base base, Extrapolation policy, int outputs = 1)
      : chunk{{1, outputs, intervals, degree, base, policy, 0}, 0} {
    chunk.x = telling_points(knots, intervals, degree);
    chunk.count = chunk.shape.stride = chunk.x.size();
    chunk.knots = {knots};
    chunk.inverse_spacing = {inverse_spacing};
    chunk.fill_basis(kernels);
  }

  /// What row m of the coefficients is multiplied by.
  double row(const std::vector<T>& values, std::size_t n, int m) const {
    const int k = chunk.shape.degree;
    const bool is_base = m == basis_count(chunk.shape);
    const int r = is_base                 ? weight_count(chunk.shape) - 1
                  : is_dense(chunk.shape) ? m
                                          : m - chunk.cells[n];
    if (!is_base && !is_dense(chunk.shape) && (r < 0 || r > k)) return 0.0;
    return static_cast<double>(values[size(r) * chunk.shape.stride + n]);
  }
};

/// The policies spelled out with the definition of the basis.
template <class T>
long double expected_row(const Chunk<T>& chunk, long double x, int m, int order) {
  const auto& knots = chunk.knots[0];
  const int k = chunk.shape.degree;
  const int G = chunk.shape.intervals;
  const Extrapolation policy = chunk.shape.extrapolation;
  const long double lo = static_cast<long double>(knots[size(k)]);
  const long double hi = static_cast<long double>(knots[size(k + G)]);
  const long double nearest = std::clamp(x, lo, hi);
  const bool outside = x != nearest;
  if (m == basis_count(chunk.shape)) {
    const long double at = policy == Extrapolation::clamp ? nearest : x;
    if (chunk.shape.base == Base::zero) return 0.0L;
    if (order == 1 && policy == Extrapolation::clamp && outside) return 0.0L;
    if (chunk.shape.base == Base::identity) return order == 0 ? at : 1.0L;
    const long double s = 1.0L / (1.0L + std::exp(-at));
    return order == 0 ? at * s : s * (1.0L + at * (1.0L - s));
  }
  if (outside && policy == Extrapolation::zero) {
    if (x < static_cast<long double>(knots.front()) ||
        x >= static_cast<long double>(knots.back())) {
      return 0.0L;
    }
    int interval = 0;
    while (x >= static_cast<long double>(knots[size(interval + 1)])) ++interval;
    return derivative_by_definition(knots, m, k, interval, x, order);
  }
  int interval = k + G - 1;
  while (interval > k && nearest < static_cast<long double>(knots[size(interval)])) --interval;
  const auto derivative = [&](long double at, int d) {
    return derivative_by_definition(knots, m, k, interval, at, d);
  };
  if (!outside || policy == Extrapolation::polynomial) return derivative(x, order);
  if (policy == Extrapolation::clamp) return order == 0 ? derivative(nearest, 0) : 0.0L;
  return order == 0 ? derivative(nearest, 0) + derivative(nearest, 1) * (x - nearest)
                    : derivative(nearest, 1);
}

/// Checks values and slopes of one basis against the definition, in units of the tolerance.
///
/// A position in a cell is known to `position` = 4 eps (1 + 2 max |knot| / h) of its length (the
/// knots, x - lo and 1/h are rounded once each, the position counts up to 2 max |knot| / h cells);
/// it changes values by k times that, and slopes by k times that over h. Each of k levels of the
/// triangle and the continuation round some 6 times. All relative to the largest of the weights.
template <class T>
void check_basis(const Basis<T>& basis) {
  const Chunk<T>& chunk = basis.chunk;
  const auto& knots = chunk.knots[0];
  const int k = chunk.shape.degree;
  double shortest = 1e300;
  double largest_knot = 0.0;
  for (std::size_t j = 0; j < knots.size(); ++j) {
    largest_knot = std::max(largest_knot, std::abs(static_cast<double>(knots[j])));
    if (j > 0 && knots[j] > knots[j - 1]) {
      shortest = std::min(shortest, static_cast<double>(knots[j] - knots[j - 1]));
    }
  }
  const double position = 4 * epsilon<T> * (1 + 2 * largest_knot / shortest);
  const double factor = 6 * (k + 2) * epsilon<T> + (k + 1) * position;
  for (std::size_t n = 0; n < chunk.count; ++n) {
    const auto x = static_cast<long double>(chunk.x[n]);
    REQUIRE(chunk.cells[n] >= 0);
    REQUIRE(chunk.cells[n] < chunk.shape.intervals);
    for (const int order : {0, 1}) {
      // Next to a knot rounding may choose the neighbouring cell: harmless where the derivative is
      // continuous.
      const bool uniform = chunk.inverse_spacing[0] != T(0);
      bool at_jump = false;
      for (const T knot : knots) {
        const double distance = std::abs(static_cast<double>(chunk.x[n] - knot));
        at_jump |= uniform && k - order < 1 && k > 0 && distance <= position * shortest;
      }
      if (at_jump) continue;
      double scale = order == 0 ? 1.0 : (k + 1) / shortest;
      for (int m = 0; m < basis_count(chunk.shape); ++m) {
        scale = std::max(scale, std::abs(static_cast<double>(expected_row(chunk, x, m, order))));
      }
      for (int m = 0; m < row_count(chunk.shape); ++m) {
        const double own =
            m == basis_count(chunk.shape) ? std::max(1.0, std::abs(static_cast<double>(x))) : scale;
        const double got = basis.row(order == 0 ? chunk.weights : chunk.slopes, n, m);
        const auto expected = static_cast<double>(expected_row(chunk, x, m, order));
        if (!(std::abs(got - expected) <= factor * own)) {
          FAIL_CHECK("x " << static_cast<double>(x) << ", row " << m << ", order " << order
                          << ", cell " << chunk.cells[n] << ": got " << got << ", expected "
                          << expected << ", tolerance " << factor * own);
          return;
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set gives the basis of the definition, inside and by every policy", T,
                   float, double) {
  Random random(11);
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const int intervals : {1, 3, 10, 40}) {
      const std::vector<T> grids[] = {uniform_knots<T>(intervals, degree, -1, 1),
                                      uniform_knots<T>(intervals, degree, 0.5, 3.5),
                                      uneven_knots<T>(intervals, degree, false, random),
                                      uneven_knots<T>(intervals, degree, true, random)};
      for (std::size_t kind = 0; kind < 4; ++kind) {
        const T inverse = kind > 1 ? T(0) : static_cast<T>(intervals / (kind == 0 ? 2.0 : 3.0));
        for (const Extrapolation policy : policies) {
          if (intervals == 40 && policy == Extrapolation::error) continue;
          for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
            INFO("set " << kernels->name << ", degree " << degree << ", intervals " << intervals
                        << ", grid " << kind << ", policy " << static_cast<int>(policy));
            for (const int outputs : {1, 8}) {  // all functions of a sample, or those of its cell
              check_basis(Basis<T>(*kernels, grids[kind], inverse, intervals, degree, Base::silu,
                                   policy, outputs));
            }
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("what is no number gives no number, in every set and by every policy", T, float,
                   double) {
  const T none = std::numeric_limits<T>::quiet_NaN();
  for (const T inverse : {T(0), T(2)}) {
    for (const Extrapolation policy : policies) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        Basis<T> basis(*kernels, uniform_knots<T>(4, 3, -1, 1), inverse, 4, 3, Base::zero, policy,
                       8);
        basis.chunk.x[5] = none;
        basis.chunk.fill_basis(*kernels);
        INFO("set " << kernels->name << ", policy " << static_cast<int>(policy));
        CHECK(std::isnan(basis.chunk.weights[5]));
        CHECK(std::isfinite(basis.chunk.weights[4]));
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set gives the other base functions too", T, float, double) {
  for (const Base base : {Base::identity, Base::zero}) {
    for (const Extrapolation policy : policies) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        INFO("set " << kernels->name << ", policy " << static_cast<int>(policy));
        check_basis(Basis<T>(*kernels, uniform_knots<T>(4, 3, -1, 1), T(2), 4, 3, base, policy));
      }
    }
  }
}

TEST_CASE_TEMPLATE("on knots that are not uniform every set finds the reference's cells", T, float,
                   double) {
  Random random(5);
  for (const int intervals : {1, 2, 31, 32, 33, 100}) {
    for (const bool repeated : {false, true}) {
      const auto knots = uneven_knots<T>(intervals, 3, repeated, random);
      const Basis<T> expected(kan::kernels::reference<T>(), knots, T(0), intervals, 3, Base::zero,
                              Extrapolation::linear);
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        const Basis<T> got(*kernels, knots, T(0), intervals, 3, Base::zero, Extrapolation::linear);
        INFO("set " << kernels->name << ", intervals " << intervals);
        CHECK(got.chunk.cells == expected.chunk.cells);
      }
    }
  }
}

TEST_CASE_TEMPLATE("weights are the same bits whether slopes are wanted or not", T, float, double) {
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const T inverse : {T(0), T(2)}) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        const Basis<T> both(*kernels, uniform_knots<T>(4, degree, -1, 1), inverse, 4, degree,
                            Base::silu, Extrapolation::linear);
        const Chunk<T>& chunk = both.chunk;
        std::vector<T> weights(chunk.weights.size());
        std::vector<std::int32_t> cells(chunk.cells.size());
        for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
          kernels->basis(chunk.shape, chunk.knots[0].data(), inverse, chunk.x.data(), begin, end,
                         cells.data(), weights.data(), nullptr);
        });
        INFO("set " << kernels->name << ", degree " << degree << ", 1/h " << inverse);
        CHECK(cells == chunk.cells);
        CHECK(same_bits(weights, chunk.weights));
      }
    }
  }
}

}  // namespace
