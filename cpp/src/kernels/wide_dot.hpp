#pragma once

// dx of layers with many outputs. Where samples do not go cell by cell (sorted_dot.hpp): for each weight
// row t_r = sum_o g_o C_r,o in vectors, then sum_r slope_r t_r, then the lanes. Internal linkage, see
// triangle.hpp.

#include "kernels/sorted_dot.hpp"

namespace kan::kernels {
namespace {

/// t[j][r] += g C[row(r, cell of j)] for J inputs, whose rows begin at `row` and `base`.
template <std::size_t L, std::size_t K, std::size_t J, class T>
inline void dot_vector(Vector<T, L> gradient, const T* const (&row)[J], const T* const (&base)[J],
                       std::size_t outputs, std::size_t o, Vector<T, L> (&t)[J][K + 2]) {
#pragma GCC unroll 2
  for (std::size_t j = 0; j < J; ++j) {
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r)
      add_product<T, L>(t[j][r], gradient, load<L>(row[j] + r * outputs + o));
    add_product<T, L>(t[j][K + 1], gradient, load<L>(base[j] + o));
  }
}

/// dx of J inputs from i on, sample n.
template <std::size_t L, std::size_t K, std::size_t J, class T>
inline void dot_inputs(const WideLayer& layer, const T* C, const std::int32_t* cells,
                       const T* slopes, const T* g, std::size_t n, std::size_t i, T* dx) {
  const T* row[J];
  const T* base[J];
  Vector<T, L> t[J][K + 2];
#pragma GCC unroll 2
  for (std::size_t j = 0; j < J; ++j) {
    const T* own = C + (i + j) * layer.input_size();
    row[j] = own + static_cast<std::size_t>(cells[(i + j) * layer.stride + n]) * layer.outputs;
    base[j] = own + (layer.rows - 1) * layer.outputs;
#pragma GCC unroll 7
    for (std::size_t r = 0; r < K + 2; ++r) t[j][r] = Vector<T, L>{};
  }
  std::size_t o = 0;
  for (; o + L <= layer.outputs; o += L) {
    dot_vector<L, K, J>(load<L>(g + o), row, base, layer.outputs, o, t);
  }
  if (o < layer.outputs) {
    const std::size_t last = layer.outputs - L;
    dot_vector<L, K, J>(load_behind<L>(g + last, o - last), row, base, layer.outputs, last, t);
  }
#pragma GCC unroll 2
  for (std::size_t j = 0; j < J; ++j) {
    const T* s = slopes + (i + j) * (K + 2) * layer.stride + n;
    Vector<T, L> total{};
#pragma GCC unroll 7
    for (std::size_t r = 0; r < K + 2; ++r) {
      add_product<T, L>(total, splat<L>(s[r * layer.stride]), t[j][r]);
    }
    dx[(i + j) * layer.stride + n] = sum_of_lanes<T, L>(total);
  }
}

/// Inputs whose coefficients stay in the first-level cache while the samples pass by.
template <class T>
inline std::size_t dot_step(const WideLayer& layer) {
  constexpr std::size_t cache = 24576;
  const std::size_t fitting = cache / (layer.input_size() * sizeof(T)) / 2 * 2;
  return fitting < 2 ? 2 : fitting > 8 ? 8 : fitting;
}

template <std::size_t L, std::size_t K, class T>
void dot_looked_up(const WideLayer& layer, const T* C, const std::int32_t* cells, const T* slopes,
                   const T* g, std::size_t begin, std::size_t end, T* dx) {
  const std::size_t step = dot_step<T>(layer);
  for (std::size_t first = 0; first < layer.inputs; first += step) {
    const std::size_t last = first + step < layer.inputs ? first + step : layer.inputs;
    for (std::size_t n = begin; n < end; ++n) {
      const T* gradient = g + n * layer.outputs;
      std::size_t i = first;
      for (; i + 2 <= last; i += 2) {
        dot_inputs<L, K, 2>(layer, C, cells, slopes, gradient, n, i, dx);
      }
      if (i < last) dot_inputs<L, K, 1>(layer, C, cells, slopes, gradient, n, i, dx);
    }
  }
}

template <std::size_t L, std::size_t K, class T>
void dot_lanes(const WideLayer& layer, const T* C, const std::int32_t* cells, const T* slopes,
               const T* g, std::size_t begin, std::size_t end, T* dx) {
  if constexpr (goes_by_cells) {
    sorted_dot<L, K>(layer, C, cells, slopes, g, begin, end, dx);
  } else {
    dot_looked_up<L, K>(layer, C, cells, slopes, g, begin, end, dx);
  }
}

template <std::size_t K, class T>
void wide_dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes,
              const T* g, std::size_t begin, std::size_t end, T* dx) {
  const WideLayer layer(shape);
  if (layer.outputs >= lanes<T>) {
    dot_lanes<lanes<T>, K>(layer, C, cells, slopes, g, begin, end, dx);
  } else {
    dot_lanes<wide_lanes<T>, K>(layer, C, cells, slopes, g, begin, end, dx);
  }
}

}  // namespace
}  // namespace kan::kernels
