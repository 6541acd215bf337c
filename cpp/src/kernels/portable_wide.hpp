#pragma once

// Layers with many outputs: the inner loops run along the outputs, which lie side by side in C, y
// and g. Internal linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/kernels.hpp"

namespace kan::kernels {

/// The coefficient rows and the weights of one edge bundle: input i of sample n.
template <int K, class T>
struct Bundle {
  const T* row[K + 2];
  T weight[K + 2];

  Bundle(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights, int i,
         std::size_t n) {
    const auto input = static_cast<std::size_t>(i);
    const auto outputs = static_cast<std::size_t>(shape.outputs);
    const T* own = C + input * static_cast<std::size_t>(shape.rows()) * outputs;
    const auto cell = static_cast<std::size_t>(cells[input * shape.stride + n]);
    const T* w = weights + input * (K + 2) * shape.stride + n;
    for (std::size_t r = 0; r <= K; ++r) row[r] = own + (cell + r) * outputs;
    row[K + 1] = own + static_cast<std::size_t>(shape.basis_count()) * outputs;
    for (std::size_t r = 0; r < K + 2; ++r) weight[r] = w[r * shape.stride];
  }
};

/// Inputs whose coefficients stay in the first-level cache while a tile of samples passes.
constexpr int input_block = 4;

template <int K, class T>
static void wide_contract(const Shape& shape, const T* C, const std::int32_t* cells,
                          const T* weights, std::size_t begin, std::size_t end, T* y) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  for (std::size_t n = begin * outputs; n < end * outputs; ++n) y[n] = T(0);
  for (int i0 = 0; i0 < shape.inputs; i0 += input_block) {
    const int i1 = i0 + input_block < shape.inputs ? i0 + input_block : shape.inputs;
    for (std::size_t n = begin; n < end; ++n) {
      T* __restrict out = y + n * outputs;
      for (int i = i0; i < i1; ++i) {
        const Bundle<K, T> edge(shape, C, cells, weights, i, n);
        for (std::size_t o = 0; o < outputs; ++o) {
          T sum = out[o];
#pragma GCC unroll 7
          for (int r = 0; r < K + 2; ++r) sum += edge.weight[r] * edge.row[r][o];
          out[o] = sum;
        }
      }
    }
  }
}

template <int K, class T>
static void wide_dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes,
                     const T* g, std::size_t begin, std::size_t end, T* dx) {
  constexpr std::size_t lanes = 8;
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const std::size_t whole = outputs / lanes * lanes;
  for (int i0 = 0; i0 < shape.inputs; i0 += input_block) {
    const int i1 = i0 + input_block < shape.inputs ? i0 + input_block : shape.inputs;
    for (std::size_t n = begin; n < end; ++n) {
      const T* gradient = g + n * outputs;
      for (int i = i0; i < i1; ++i) {
        const Bundle<K, T> edge(shape, C, cells, slopes, i, n);
        T lane[lanes] = {};
        for (std::size_t o = 0; o < whole; o += lanes) {
#pragma GCC unroll 8
          for (std::size_t j = 0; j < lanes; ++j) {
            T slope = edge.weight[0] * edge.row[0][o + j];
#pragma GCC unroll 7
            for (int r = 1; r < K + 2; ++r) slope += edge.weight[r] * edge.row[r][o + j];
            lane[j] += gradient[o + j] * slope;
          }
        }
        for (std::size_t o = whole; o < outputs; ++o) {
          T slope = edge.weight[0] * edge.row[0][o];
          for (int r = 1; r < K + 2; ++r) slope += edge.weight[r] * edge.row[r][o];
          lane[o - whole] += gradient[o] * slope;
        }
        dx[static_cast<std::size_t>(i) * shape.stride + n] =
            ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
            ((lane[1] + lane[5]) + (lane[3] + lane[7]));
      }
    }
  }
}

template <int K, class T>
static void wide_scatter(const Shape& shape, const std::int32_t* cells, const T* weights,
                         const T* g, std::size_t count, int first, int last, T* dC) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  for (int i = first; i < last; ++i) {
    for (std::size_t n = 0; n < count; ++n) {
      const Bundle<K, T> edge(shape, dC, cells, weights, i, n);
      const T* __restrict gradient = g + n * outputs;
      T* __restrict spline = dC + (edge.row[0] - dC);
      T* __restrict base = dC + (edge.row[K + 1] - dC);
      for (std::size_t o = 0; o < outputs; ++o) {
#pragma GCC unroll 6
        for (std::size_t r = 0; r <= K; ++r) {
          spline[r * outputs + o] += edge.weight[r] * gradient[o];
        }
        base[o] += edge.weight[K + 1] * gradient[o];
      }
    }
  }
}

}  // namespace kan::kernels
