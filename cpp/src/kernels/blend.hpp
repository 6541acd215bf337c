#pragma once

// Sums of rows times factors, vectorised along the samples. Internal linkage, see triangle.hpp.

#include "kernels/kernels.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// to[n] (+)= sum_t from[t][n] factors[t][n]
template <std::size_t N, class T>
inline void blend_row(std::size_t count, const T* const (&from)[most_terms],
                      const T* const* factors, bool more, T* to) {
  constexpr std::size_t L = lanes<T>;
  for (std::size_t n = 0; n < count; n += L) {
    Vector<T> sum = more ? load<L>(to + n) : Vector<T>{};
#pragma GCC unroll 3
    for (std::size_t t = 0; t < N; ++t) {
      const Vector<T> factor = factors[t] != nullptr ? load<L>(factors[t] + n) : splat<L>(T(1));
      add_product<T, L>(sum, load<L>(from[t] + n), factor);
    }
    store<L>(to + n, sum);
  }
}

template <class T>
void blend(std::size_t rows, std::size_t stride, std::size_t count, std::size_t terms,
           const T* const* from, const T* const* factors, bool more, T* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    // NOLINTNEXTLINE(misc-const-correctness): the pointers are set one by one
    const T* own[most_terms] = {};
    for (std::size_t t = 0; t < terms; ++t) own[t] = from[t] + r * stride;
    T* row = to + r * stride;
    if (terms == 1) blend_row<1>(count, own, factors, more, row);
    if (terms == 2) blend_row<2>(count, own, factors, more, row);
    if (terms == 3) blend_row<3>(count, own, factors, more, row);
  }
}

}  // namespace
}  // namespace kan::kernels
