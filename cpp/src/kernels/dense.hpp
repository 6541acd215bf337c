#pragma once

// Narrow layers with few basis functions: all weights of a sample, D [R][stride] with
// R = I (M + 1) rows, meet the coefficients, C [R][S], as small matrix products with vectors along
// the samples; a function that is not alive adds 0. Internal linkage, see triangle.hpp.

#include "kernels/kernels.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// sums[o][v] += sum_m D[m][n + v L ...] C[m][o], rows in ascending order.
template <std::size_t O, std::size_t V, class T>
inline void dense_sums(const T* D, std::size_t stride, const T* C, std::size_t outputs,
                       std::size_t rows, Vector<T> (&sums)[O][V]) {
  constexpr std::size_t L = lanes<T>;
  for (std::size_t m = 0; m < rows; ++m) {
    Vector<T> d[V];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) d[v] = load<L>(D + m * stride + v * L);
#pragma GCC unroll 4
    for (std::size_t o = 0; o < O; ++o) {
      const Vector<T> c = splat<L>(C[m * outputs + o]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < V; ++v) add_product<T, lanes<T>>(sums[o][v], c, d[v]);
    }
  }
}

/// Calls block(n, constant V) for stretches of V vectors of samples that cover [begin, end).
template <std::size_t V, class T, class Block>
inline void for_samples(std::size_t begin, std::size_t end, const Block& block) {
  constexpr std::size_t L = lanes<T>;
  std::size_t n = begin;
  for (; n + V * L <= end; n += V * L) block(n, Constant<V>{});
  for (; n < end; n += L) block(n, Constant<1>{});
}

/// Calls block(o, constant O, constant V) for groups of O outputs, with the V that fills registers.
template <class Block>
inline void for_outputs(std::size_t outputs, const Block& block) {
  std::size_t o = 0;
  const auto take = [&](auto count, auto vectors) {
    for (; o + count <= outputs; o += count) block(o, count, vectors);
  };
  take(Constant<4>{}, Constant<2>{});
  take(Constant<2>{}, Constant<4>{});
  take(Constant<1>{}, Constant<8>{});
}

template <class T>
void dense_contract(const Shape& shape, const T* C, const T* weights, std::size_t begin,
                    std::size_t end, bool more, T* y) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const std::size_t rows =
      static_cast<std::size_t>(shape.inputs) * static_cast<std::size_t>(row_count(shape));
  const std::size_t stride = shape.stride;
  for_outputs(outputs, [&](std::size_t o, auto group, auto most) {
    constexpr std::size_t O = group;
    for_samples<most, T>(begin, end, [&](std::size_t n, auto vectors) {
      constexpr std::size_t V = vectors;
      Vector<T> sums[O][V] = {};
      for (std::size_t p = 0; more && p < O; ++p) {
        for (std::size_t v = 0; v < V; ++v) {
          sums[p][v] = load<lanes<T>>(y + (o + p) * stride + n + v * lanes<T>);
        }
      }
      dense_sums(weights + n, stride, C + o, outputs, rows, sums);
      for (std::size_t p = 0; p < O; ++p) {
        for (std::size_t v = 0; v < V; ++v) {
          store<lanes<T>>(y + (o + p) * stride + n + v * lanes<T>, sums[p][v]);
        }
      }
    });
  });
}

template <class T>
void dense_dot(const Shape& shape, const T* C, const T* slopes, const T* g, std::size_t begin,
               std::size_t end, T* dx) {
  constexpr std::size_t L = lanes<T>;
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto rows = static_cast<std::size_t>(row_count(shape));
  const std::size_t stride = shape.stride;
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.inputs); ++i) {
    const T* own = C + i * rows * outputs;
    const T* own_slopes = slopes + i * rows * stride;
    T* out = dx + i * stride;
    for (std::size_t n = begin; n < end; ++n) out[n] = T(0);
    for_outputs(outputs, [&](std::size_t o, auto group, auto most) {
      constexpr std::size_t O = group;
      for_samples<most, T>(begin, end, [&](std::size_t n, auto vectors) {
        constexpr std::size_t V = vectors;
        Vector<T> sums[O][V] = {};
        dense_sums(own_slopes + n, stride, own + o, outputs, rows, sums);
        for (std::size_t v = 0; v < V; ++v) {
          Vector<T> total = load<L>(out + n + v * L);
          for (std::size_t p = 0; p < O; ++p) {
            add_product<T, L>(total, load<L>(g + (o + p) * stride + n + v * L), sums[p][v]);
          }
          store<L>(out + n + v * L, total);
        }
      });
    });
  }
}

/// dC[m][o] += sum_n D[m][n] g[o][n] for B rows and O outputs: lanes first, then a fixed tree.
template <std::size_t B, std::size_t O, class T>
inline void dense_scatter_block(const T* D, const T* g, std::size_t stride, std::size_t count,
                                std::size_t outputs, T* dC) {
  constexpr std::size_t L = lanes<T>;
  Vector<T> sums[B][O] = {};
  for (std::size_t n = 0; n < count; n += L) {
    Vector<T> gradient[O];
#pragma GCC unroll 4
    for (std::size_t o = 0; o < O; ++o) gradient[o] = load<L>(g + o * stride + n);
#pragma GCC unroll 8
    for (std::size_t b = 0; b < B; ++b) {
      const Vector<T> d = load<L>(D + b * stride + n);
#pragma GCC unroll 4
      for (std::size_t o = 0; o < O; ++o) add_product<T, lanes<T>>(sums[b][o], d, gradient[o]);
    }
  }
  for (std::size_t b = 0; b < B; ++b) {
    for (std::size_t o = 0; o < O; ++o) {
      dC[b * outputs + o] += sum_of_lanes<T, L>(sums[b][o]);
    }
  }
}

template <class T>
void dense_scatter(const Shape& shape, const T* weights, const T* g, std::size_t count, int first,
                   int last, T* dC) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto rows = static_cast<std::size_t>(row_count(shape));
  const std::size_t stride = shape.stride;
  const std::size_t end = static_cast<std::size_t>(last) * rows;
  for_outputs(outputs, [&](std::size_t o, auto group, auto) {
    constexpr std::size_t O = group;
    constexpr std::size_t block = 8 / O;
    std::size_t m = static_cast<std::size_t>(first) * rows;
    for (; m + block <= end; m += block) {
      dense_scatter_block<block, O>(weights + m * stride, g + o * stride, stride, count, outputs,
                                    dC + m * outputs + o);
    }
    for (; m < end; ++m) {
      dense_scatter_block<1, O>(weights + m * stride, g + o * stride, stride, count, outputs,
                                dC + m * outputs + o);
    }
  });
}

}  // namespace
}  // namespace kan::kernels
