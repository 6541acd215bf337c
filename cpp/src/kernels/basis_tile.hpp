#pragma once

// What the basis kernel does with one tile of one input: the functions of each sample's cell, the
// policies outside the grid, and the layout that the layer's other kernels want. Internal linkage,
// see triangle.hpp.

#include <cstdint>

#include "kernels/basis_rows.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// All M rows, and the base behind them, from the k + 1 that are alive in each sample's cell.
template <int K, class T>
void spread(const Rows<T>& alive, const std::int32_t* cells, std::size_t count, int intervals,
            const Rows<T>& all) {
  constexpr std::size_t L = lanes<T>;
  const std::size_t stride = all.stride;
  for (std::size_t n = 0; n < count; n += L) {
    const Vector<std::int32_t, L> cell = load<L>(cells + n);
    Vector<T> value[K + 1];
    Vector<T> sum[K + 1];
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r) {
      value[r] = load<L>(alive[r] + n);
      sum[r] = Vector<T>{};
    }
    T* to = all.data + n;
    for (std::int32_t c = 0; c < intervals; ++c) {
#pragma GCC unroll 6
      for (std::size_t r = 0; r < K; ++r) sum[r] += where_equal<T, L>(cell, c, value[r]);
      sum[K] = where_equal<T, L>(cell, c, value[K]);
      store<L>(to, sum[0]);
      to += stride;
#pragma GCC unroll 5
      for (std::size_t r = 0; r < K; ++r) sum[r] = sum[r + 1];
    }
#pragma GCC unroll 5
    for (std::size_t r = 0; r < K; ++r) {
      store<L>(to, sum[r]);
      to += stride;
    }
    store<L>(to, load<L>(alive[K + 1] + n));
  }
}

template <class T>
struct BasisTile {
  const Shape& shape;
  const T* knots;
  T inverse_spacing;
  const T* x;
  std::size_t count;
  std::int32_t* cells;
  T* weights;
  T* slopes;  // may be null

  template <int K>
  void run() const {
    T scratch[2][(K + 2) * tile_rows];
    T inside[tile_rows];
    const bool dense = is_dense(shape);
    const BasisRows<T> rows{dense ? Rows<T>{scratch[0], tile_rows} : Rows<T>{weights, shape.stride},
                            dense || slopes == nullptr ? Rows<T>{scratch[1], tile_rows}
                                                       : Rows<T>{slopes, shape.stride}};
    const bool outside = shape.extrapolation != Extrapolation::polynomial && clamp(inside);
    const T* at = outside ? inside : x;
    const bool linear =
        shape.extrapolation == Extrapolation::linear || shape.extrapolation == Extrapolation::error;
    functions<K>(at, slopes != nullptr || (outside && linear), rows);
    const bool base_ends = outside && shape.extrapolation == Extrapolation::clamp;
    base_rows(shape.base, base_ends ? at : x, count, rows.values[K + 1],
              slopes != nullptr ? rows.slopes[K + 1] : nullptr);
    if (outside) {
      if (linear) continue_linearly<K>(at, rows);
      if (base_ends && slopes != nullptr) end_slopes<K>(at, rows);
      if (shape.extrapolation == Extrapolation::zero) fade<K>(rows);
    }
    if (!dense) return;
    spread<K>(rows.values, cells, count, shape.intervals, Rows<T>{weights, shape.stride});
    if (slopes == nullptr) return;
    spread<K>(rows.slopes, cells, count, shape.intervals, Rows<T>{slopes, shape.stride});
  }

 private:
  /// nearest[n] = the point of the grid that is nearest to x[n]; whether any is another point.
  bool clamp(T* nearest) const {
    const T lo = knots[shape.degree];
    const T hi = knots[shape.degree + shape.intervals];
    int outside = 0;
    for (std::size_t n = 0; n < count; ++n) {
      const T least = x[n] < lo ? lo : x[n];  // what is no number stays none
      nearest[n] = least > hi ? hi : least;
      outside |= static_cast<int>(nearest[n] != x[n]);
    }
    return outside != 0;
  }

  template <int K>
  void functions(const T* at, bool with_slopes, const BasisRows<T>& rows) const {
    if (K > 0 && inverse_spacing != T(0)) {
      T t[tile_rows];
      locate_uniform(knots + K, shape.intervals, inverse_spacing, at, count, cells, t);
      with_slopes ? uniform_rows<K, true>(t, count, inverse_spacing, rows)
                  : uniform_rows<K, false>(t, count, inverse_spacing, rows);
    } else {
      T near[2 * max_values * tile_rows];
      locate_any<K>(knots, shape.intervals, at, count, cells, near);
      with_slopes ? any_rows<K, true>(near, at, count, rows)
                  : any_rows<K, false>(near, at, count, rows);
    }
  }

  template <int K>
  void continue_linearly(const T* at, const BasisRows<T>& rows) const {
    for (std::size_t r = 0; r <= K; ++r) {
      KAN_INDEPENDENT
      for (std::size_t n = 0; n < count; ++n) {
        rows.values(r, n) += rows.slopes(r, n) * (x[n] - at[n]);
      }
    }
  }

  template <int K>
  void end_slopes(const T* at, const BasisRows<T>& rows) const {
    for (std::size_t r = 0; r <= K + 1; ++r) {
      KAN_INDEPENDENT
      for (std::size_t n = 0; n < count; ++n) {
        rows.slopes(r, n) = x[n] == at[n] ? rows.slopes(r, n) : T(0);
      }
    }
  }

  template <int K>
  void fade(const BasisRows<T>& rows) const {
    T values[max_values];
    for (std::size_t n = 0; n < count; ++n) {
      if (!(x[n] < knots[K]) && !(x[n] > knots[K + shape.intervals])) continue;
      for (int order = 0; order < (slopes != nullptr ? 2 : 1); ++order) {
        ghost_values(shape, knots, x[n], cells[n], order, values);
        for (std::size_t r = 0; r <= K; ++r) {
          (order == 0 ? rows.values : rows.slopes)(r, n) = values[r];
        }
      }
    }
  }
};

}  // namespace
}  // namespace kan::kernels
