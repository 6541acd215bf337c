#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "expected_basis.hpp"

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
  const auto more = random.values<T>(kan::kernels::tile_rows + 40, static_cast<double>(lo) - margin,
                                     static_cast<double>(hi) + margin);
  x.insert(x.end(), more.begin(), more.end());
  x.resize(whole_blocks(x.size()), lo);
  return x;
}

/// One kind of grid and one policy: what the basis of `kernels` gives at the telling points.
template <class T>
struct Basis {
  Chunk<T> chunk;
  std::vector<std::vector<T>> derivatives;  // as chunk.weights, by order

  Basis(const Kernels<T>& kernels, const std::vector<T>& knots, T inverse_spacing, int intervals,
        int degree, Base base, Extrapolation policy, int outputs = 1)
      : chunk{{1, outputs, intervals, degree, base, policy, 0}, 0} {
    chunk.x = telling_points(knots, intervals, degree);
    chunk.count = chunk.shape.stride = chunk.x.size();
    chunk.knots = {knots};
    chunk.inverse_spacing = {inverse_spacing};
    chunk.fill_basis(kernels);
    fill_derivatives(kernels, most_order);
  }

  void fill_derivatives(const Kernels<T>& kernels, int order) {
    const T none = std::numeric_limits<T>::quiet_NaN();
    derivatives.assign(size(order) + 1, std::vector<T>(chunk.block(), none));
    std::vector<T*> to;
    for (auto& one : derivatives) to.push_back(one.data());
    chunk.cells.assign(chunk.count, -1);
    for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
      kernels.derivatives(chunk.shape, chunk.knots[0].data(), chunk.inverse_spacing[0],
                          chunk.x.data(), begin, end, order, chunk.cells.data(), to.data());
    });
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

/// Checks one derivative of a basis at every point.
template <class T>
void check_derivative(const Basis<T>& basis, int order, const std::vector<T>& values,
                      const Expected<T>& all) {
  const Chunk<T>& chunk = basis.chunk;
  const Tolerance<T> tolerance(chunk);
  for (std::size_t n = 0; n < chunk.count; ++n) {
    if (tolerance.at_jump(chunk, chunk.x[n], order)) continue;
    const auto x = static_cast<double>(chunk.x[n]);
    const double scale = all.largest(order, n, tolerance.bound(order));
    for (int m = 0; m < row_count(chunk.shape); ++m) {
      const bool is_base = m == basis_count(chunk.shape);
      const double allowed = tolerance.factor * (is_base ? std::max(4.0, std::abs(x)) : scale);
      const double got = basis.row(values, n, m);
      const double expected = all.row(order, n, m);
      if (std::abs(got - expected) <= allowed) continue;
      FAIL_CHECK("x " << x << ", row " << m << ", order " << order << ", cell " << chunk.cells[n]
                      << ": got " << got << ", expected " << expected << ", tolerance " << allowed);
      return;
    }
  }
}

/// Checks weights and slopes of one basis, and all derivatives.
template <class T>
void check_basis(const Basis<T>& basis, const Expected<T>& expected) {
  for (const std::int32_t cell : basis.chunk.cells) {
    REQUIRE(cell >= 0);
    REQUIRE(cell < basis.chunk.shape.intervals);
  }
  check_derivative(basis, 0, basis.chunk.weights, expected);
  check_derivative(basis, 1, basis.chunk.slopes, expected);
  for (int order = 0; order <= most_order; ++order) {
    check_derivative(basis, order, basis.derivatives[size(order)], expected);
  }
}

/// By every set, and with all functions of a sample or those of its cell.
template <class T>
void check_sets(const std::vector<T>& knots, T inverse_spacing, int intervals, int degree,
                Base base, Extrapolation policy) {
  const Expected<T> expected(Basis<T>(kan::kernels::reference<T>(), knots, inverse_spacing,
                                      intervals, degree, base, policy)
                                 .chunk);
  for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
    for (const int outputs : {1, 8}) {
      INFO("set " << kernels->name << ", outputs " << outputs);
      check_basis(
          Basis<T>(*kernels, knots, inverse_spacing, intervals, degree, base, policy, outputs),
          expected);
    }
  }
}

TEST_CASE_TEMPLATE(
    "every set gives the basis of the definition and its derivatives, by every policy", T, float,
    double) {
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
          INFO("degree " << degree << ", intervals " << intervals << ", grid " << kind
                         << ", policy " << static_cast<int>(policy));
          check_sets<T>(grids[kind], inverse, intervals, degree, Base::silu, policy);
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
      for (const int outputs : {1, 8}) {
        for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
          Basis<T> basis(*kernels, uniform_knots<T>(4, 3, -1, 1), inverse, 4, 3, Base::zero, policy,
                         outputs);
          basis.chunk.x[5] = none;
          basis.chunk.fill_basis(*kernels);
          basis.fill_derivatives(*kernels, most_order);
          INFO("set " << kernels->name << ", policy " << static_cast<int>(policy) << ", outputs "
                      << outputs);
          const std::size_t alive = is_dense(basis.chunk.shape) ? size(basis.chunk.cells[5]) : 0;
          const std::size_t at = alive * basis.chunk.shape.stride + 5;
          CHECK(std::isnan(basis.chunk.weights[at]));
          CHECK(std::isnan(basis.derivatives[0][at]));
          CHECK(std::isnan(basis.derivatives[2][at]));
          CHECK(std::isfinite(basis.derivatives[2][4]));
          CHECK(std::isfinite(basis.chunk.weights[4]));
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set gives the other base functions too", T, float, double) {
  for (const Base base : {Base::identity, Base::zero}) {
    for (const Extrapolation policy : policies) {
      INFO("base " << static_cast<int>(base) << ", policy " << static_cast<int>(policy));
      check_sets<T>(uniform_knots<T>(4, 3, -1, 1), T(2), 4, 3, base, policy);
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
      for (const int outputs : {1, 8}) {
        for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
          for (const Extrapolation policy : policies) {
            const Basis<T> both(*kernels, uniform_knots<T>(4, degree, -1, 1), inverse, 4, degree,
                                Base::silu, policy, outputs);
            const Chunk<T>& chunk = both.chunk;
            std::vector<T> weights(chunk.weights.size());
            std::vector<std::int32_t> cells(chunk.cells.size());
            for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
              kernels->basis(chunk.shape, chunk.knots[0].data(), inverse, chunk.x.data(), begin,
                             end, cells.data(), weights.data(), nullptr);
            });
            INFO("set " << kernels->name << ", degree " << degree << ", 1/h " << inverse
                        << ", outputs " << outputs << ", policy " << static_cast<int>(policy));
            CHECK(cells == chunk.cells);
            CHECK(same_bits(weights, chunk.weights));
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("values have the same bits whatever derivatives are wanted", T, float, double) {
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const T inverse : {T(0), T(2)}) {
      for (const int outputs : {1, 8}) {
        for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
          Basis<T> basis(*kernels, uniform_knots<T>(4, degree, -1, 1), inverse, 4, degree,
                         Base::silu, Extrapolation::linear, outputs);
          const auto all = basis.derivatives;
          const auto cells = basis.chunk.cells;
          INFO("set " << kernels->name << ", degree " << degree << ", 1/h " << inverse);
          for (int order = 0; order < most_order; ++order) {
            basis.fill_derivatives(*kernels, order);
            CHECK(same_bits(basis.derivatives[0], basis.chunk.weights));
            CHECK(basis.chunk.cells == cells);
            for (std::size_t d = 2; d <= size(order); ++d) {
              CHECK(same_bits(basis.derivatives[d], all[d]));
            }
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("a sample alone has the bits of its derivatives in a tile", T, float, double) {
  for (const Extrapolation policy : policies) {
    for (const T inverse : {T(0), T(2)}) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        const Basis<T> all(*kernels, uniform_knots<T>(4, 3, -1, 1), inverse, 4, 3, Base::silu,
                           policy);
        for (std::size_t n = 0; n < all.chunk.count; n += 5) {
          Basis<T> alone = all;
          alone.chunk.x.assign(kan::kernels::lane_block, all.chunk.x[n]);
          alone.chunk.count = alone.chunk.shape.stride = alone.chunk.x.size();
          alone.fill_derivatives(*kernels, most_order);
          INFO("set " << kernels->name << ", policy " << static_cast<int>(policy));
          for (int order = 0; order <= most_order; ++order) {
            for (int m = 0; m < row_count(all.chunk.shape); ++m) {
              CHECK(alone.row(alone.derivatives[size(order)], 0, m) ==
                    all.row(all.derivatives[size(order)], n, m));
            }
          }
        }
      }
    }
  }
}

}  // namespace
