#pragma once

// What the basis kernel does with one tile of one input: the functions of each sample's cell, the
// policies outside the grid, and the layout that the layer's other kernels want. Internal linkage,
// see triangle.hpp.

#include <cstdint>

#include "kernels/basis_rows.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// All M rows, and the base behind them, from the k + 1 that are alive in each sample's cell and the base
/// behind those, in place.
template <int K, class T>
void spread(const Rows<T>& rows, const std::int32_t* cells, std::size_t count, int intervals) {
  constexpr std::size_t L = lanes<T>;
  for (std::size_t n = 0; n < count; n += L) {
    const Vector<std::int32_t, L> cell = load<L>(cells + n);
    Vector<T> value[K + 1];
    Vector<T> sum[K + 1];
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r) {
      value[r] = load<L>(rows[r] + n);
      sum[r] = Vector<T>{};
    }
    const Vector<T> base = load<L>(rows[K + 1] + n);
    T* to = rows.data + n;
    for (std::int32_t c = 0; c < intervals; ++c) {
#pragma GCC unroll 6
      for (std::size_t r = 0; r < K; ++r) sum[r] += where_equal<T, L>(cell, c, value[r]);
      sum[K] = where_equal<T, L>(cell, c, value[K]);
      store<L>(to, sum[0]);
      to += rows.stride;
#pragma GCC unroll 5
      for (std::size_t r = 0; r < K; ++r) sum[r] = sum[r + 1];
    }
#pragma GCC unroll 5
    for (std::size_t r = 0; r < K; ++r) {
      store<L>(to, sum[r]);
      to += rows.stride;
    }
    store<L>(to, base);
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
  int order;
  T* to[most_order + 1];  // rows of each derivative up to `order`

  template <int K>
  void run() const {
    T spare[(K + 1) * tile_rows];  // slopes that nobody asked for
    Rows<T> rows[most_order + 1] = {};
    for (int d = 0; d <= order; ++d) rows[d] = Rows<T>{to[d], shape.stride};
    if (order == 0) rows[1] = Rows<T>{spare, tile_rows};
    T nearest[tile_rows];
    const bool outside = shape.extrapolation != Extrapolation::polynomial && is_outside();
    if (outside) clamp(nearest);
    const T* at = outside ? nearest : x;
    const bool linear = outside && (shape.extrapolation == Extrapolation::linear ||
                                    shape.extrapolation == Extrapolation::error);
    const bool ends = outside && shape.extrapolation == Extrapolation::clamp;
    functions<K>(at, linear && order == 0 ? 1 : order, rows);
    base<K>(ends ? at : x, rows);
    if (linear) continue_linearly<K>(at, rows);
    if (ends) end<K>(at, 1, K + 1, rows);
    if (outside && shape.extrapolation == Extrapolation::zero) fade<K>(rows);
    for (int d = 0; is_dense(shape) && d <= order; ++d) {
      spread<K>(rows[d], cells, count, shape.intervals);
    }
  }

 private:
  T lo() const { return knots[shape.degree]; }
  T hi() const { return knots[shape.degree + shape.intervals]; }

  /// Whether any sample is not on the grid.
  bool is_outside() const {
    const T least = lo();
    const T most = hi();
    int inside = 1;
    for (std::size_t n = 0; n < count; ++n)
      inside &= static_cast<int>(x[n] >= least && x[n] <= most);
    return inside == 0;
  }

  /// nearest[n] = the point of the grid that is nearest to x[n].
  void clamp(T* nearest) const {
    const T least = lo();
    const T most = hi();
    for (std::size_t n = 0; n < count; ++n) {
      const T inside = x[n] < least ? least : x[n];  // what is no number stays none
      nearest[n] = inside > most ? most : inside;
    }
  }

  template <int K>
  void functions(const T* at, int most, const Rows<T>* rows) const {
    const BasisRows<T> two{rows[0], rows[1]};
    if (K > 0 && inverse_spacing != T(0)) {
      const UniformPoints<T> points{at, lo(), inverse_spacing, T(shape.intervals - 1)};
      most > 0 ? uniform_rows<K, true>(points, count, cells, two)
               : uniform_rows<K, false>(points, count, cells, two);
      if (most < 2) return;
      T t[tile_rows];
      for (std::size_t n = 0; n < count; ++n) t[n] = points.place(n).t;
      higher<K>(UniformCells<K, T>{t, inverse_spacing}, most, rows);
    } else {
      T near[(K > 0 ? 2 * K : 1) * tile_rows];
      locate_any<K>(knots, shape.intervals, at, count, cells, near);
      most > 0 ? any_rows<K, true>(near, at, count, two) : any_rows<K, false>(near, at, count, two);
      higher<K>(AnyCells<K, T>{near, at}, most, rows);
    }
  }

  template <int K, class Cells>
  void higher(const Cells& of, int most, const Rows<T>* rows) const {
    if (most >= 2) derivative_rows<K, 2>(of, count, rows[2]);
    if (most >= 3) derivative_rows<K, 3>(of, count, rows[3]);
    if (most >= 4) derivative_rows<K, 4>(of, count, rows[4]);
  }

  template <int K>
  void base(const T* at, const Rows<T>* rows) const {
    if (order > 1) {
      base_derivative_rows(shape.base, at, count, order, rows, K + 1);
    } else {
      base_rows(shape.base, at, count, rows[0][K + 1], order > 0 ? rows[1][K + 1] : nullptr);
    }
  }

  template <int K>
  void continue_linearly(const T* at, const Rows<T>* rows) const {
    for (std::size_t r = 0; r <= K; ++r) {
      KAN_INDEPENDENT
      for (std::size_t n = 0; n < count; ++n) rows[0](r, n) += rows[1](r, n) * (x[n] - at[n]);
    }
    end<K>(at, 2, K, rows);
  }

  /// Derivatives from order `first` on of rows up to `last` are 0 outside.
  template <int K>
  void end(const T* at, int first, std::size_t last, const Rows<T>* rows) const {
    for (int d = first; d <= order; ++d) {
      for (std::size_t r = 0; r <= last; ++r) {
        KAN_INDEPENDENT
        for (std::size_t n = 0; n < count; ++n) {
          // what is no number stays none
          rows[d](r, n) = x[n] < at[n] || x[n] > at[n] ? T(0) : rows[d](r, n);
        }
      }
    }
  }

  template <int K>
  void fade(const Rows<T>* rows) const {
    T values[max_values];
    for (std::size_t n = 0; n < count; ++n) {
      if (!(x[n] < knots[K]) && !(x[n] > knots[K + shape.intervals])) continue;
      for (int d = 0; d <= order; ++d) {
        ghost_values(shape, knots, x[n], cells[n], d, values);
        for (std::size_t r = 0; r <= K; ++r) rows[d](r, n) = values[r];
      }
    }
  }
};

}  // namespace
}  // namespace kan::kernels
