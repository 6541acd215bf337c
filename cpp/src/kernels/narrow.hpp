#pragma once

// Layers with few outputs: the inner loops run along the samples of a tile. With few basis
// functions the k + 1 weights are spread over all M rows, so that nothing has to be gathered;
// a row that is not alive adds 0 and changes no bit. Internal linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/kernels.hpp"

namespace kan::kernels {
namespace {

/// Most basis functions for which multiplying all M rows beats looking up k + 1 of them.
template <class T>
constexpr int dense_limit = static_cast<int>(64 / sizeof(T));

template <class T>
bool is_dense(const Shape& shape) {
  return basis_count(shape) <= dense_limit<T>;
}

inline std::size_t weight_rows(const Shape& shape) {
  return static_cast<std::size_t>(weight_count(shape));
}

/// The weights of one input for one tile as a full matrix [M + 1][tile_rows].
template <class T>
struct DenseTile {
  T value[(dense_limit<T> + 1) * tile_rows];

  void fill(const Shape& shape, const std::int32_t* cells, const T* weights, std::size_t begin,
            std::size_t count) {
    const auto functions = static_cast<std::size_t>(basis_count(shape));
    for (std::size_t m = 0; m < functions * tile_rows; ++m) value[m] = T(0);
    const std::size_t base = weight_rows(shape) - 1;
    for (std::size_t r = 0; r < base; ++r) {
      const T* w = weights + r * shape.stride + begin;
      for (std::size_t n = 0; n < count; ++n) {
        value[(static_cast<std::size_t>(cells[begin + n]) + r) * tile_rows + n] = w[n];
      }
    }
    for (std::size_t n = 0; n < count; ++n) {
      value[functions * tile_rows + n] = weights[base * shape.stride + begin + n];
    }
  }
};

/// sum[n] += sum_m dense[m][n] C[m][o], rows in ascending order.
template <class T>
void add_dense(const Shape& shape, const DenseTile<T>& dense, const T* C, int o, std::size_t count,
               T* __restrict sum) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto rows = static_cast<std::size_t>(row_count(shape));
  const T* c = C + o;
  std::size_t m = 0;
  for (; m + 4 <= rows; m += 4) {
    const T* d = dense.value + m * tile_rows;
    const T c0 = c[m * outputs];
    const T c1 = c[(m + 1) * outputs];
    const T c2 = c[(m + 2) * outputs];
    const T c3 = c[(m + 3) * outputs];
    for (std::size_t n = 0; n < count; ++n) {
      sum[n] = (((sum[n] + d[n] * c0) + d[tile_rows + n] * c1) + d[2 * tile_rows + n] * c2) +
               d[3 * tile_rows + n] * c3;
    }
  }
  for (; m < rows; ++m) {
    const T* d = dense.value + m * tile_rows;
    const T c0 = c[m * outputs];
    for (std::size_t n = 0; n < count; ++n) sum[n] += d[n] * c0;
  }
}

/// sum[n] += sum_r weights[r][n] C[row(r, cell[n])][o], looked up sample by sample.
template <class T>
void add_looked_up(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
                   int o, std::size_t begin, std::size_t count, T* __restrict sum) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const T base =
      C[static_cast<std::size_t>(basis_count(shape)) * outputs + static_cast<std::size_t>(o)];
  const std::size_t last = weight_rows(shape) - 1;
  for (std::size_t r = 0; r < last; ++r) {
    const T* c = C + r * outputs + static_cast<std::size_t>(o);
    const T* w = weights + r * shape.stride + begin;
    for (std::size_t n = 0; n < count; ++n) {
      sum[n] += w[n] * c[static_cast<std::size_t>(cells[begin + n]) * outputs];
    }
  }
  const T* w = weights + last * shape.stride + begin;
  for (std::size_t n = 0; n < count; ++n) sum[n] += w[n] * base;
}

/// The coefficients of input i, [M + 1][S].
template <class T>
const T* input_rows(const Shape& shape, const T* C, int i) {
  return C + static_cast<std::size_t>(i) * static_cast<std::size_t>(row_count(shape)) *
                 static_cast<std::size_t>(shape.outputs);
}

template <class T>
void narrow_contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
                     std::size_t begin, std::size_t end, T* y) {
  const std::size_t count = end - begin;
  for (int o = 0; o < shape.outputs; ++o) {
    T* row = y + static_cast<std::size_t>(o) * shape.stride;
    for (std::size_t n = begin; n < end; ++n) row[n] = T(0);
  }
  DenseTile<T> dense;
  for (int i = 0; i < shape.inputs; ++i) {
    const auto input = static_cast<std::size_t>(i);
    const std::int32_t* own_cells = cells + input * shape.stride;
    const T* own_weights = weights + input * weight_rows(shape) * shape.stride;
    const T* own = input_rows(shape, C, i);
    if (is_dense<T>(shape)) dense.fill(shape, own_cells, own_weights, begin, count);
    for (int o = 0; o < shape.outputs; ++o) {
      T* sum = y + static_cast<std::size_t>(o) * shape.stride + begin;
      if (is_dense<T>(shape)) {
        add_dense(shape, dense, own, o, count, sum);
      } else {
        add_looked_up(shape, own, own_cells, own_weights, o, begin, count, sum);
      }
    }
  }
}

template <class T>
void narrow_dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes,
                const T* g, std::size_t begin, std::size_t end, T* dx) {
  const std::size_t count = end - begin;
  DenseTile<T> dense;
  T slope[tile_rows];
  for (int i = 0; i < shape.inputs; ++i) {
    const auto input = static_cast<std::size_t>(i);
    const std::int32_t* own_cells = cells + input * shape.stride;
    const T* own_slopes = slopes + input * weight_rows(shape) * shape.stride;
    const T* own = input_rows(shape, C, i);
    T* __restrict out = dx + input * shape.stride + begin;
    for (std::size_t n = 0; n < count; ++n) out[n] = T(0);
    if (is_dense<T>(shape)) dense.fill(shape, own_cells, own_slopes, begin, count);
    for (int o = 0; o < shape.outputs; ++o) {
      const T* gradient = g + static_cast<std::size_t>(o) * shape.stride + begin;
      for (std::size_t n = 0; n < count; ++n) slope[n] = T(0);
      if (is_dense<T>(shape)) {
        add_dense(shape, dense, own, o, count, slope);
      } else {
        add_looked_up(shape, own, own_cells, own_slopes, o, begin, count, slope);
      }
      for (std::size_t n = 0; n < count; ++n) out[n] += gradient[n] * slope[n];
    }
  }
}

/// sum_n a[n] b[n] over whole lane blocks, in 16 partial sums and a fixed tree.
template <class T>
T tile_product(const T* a, const T* b, std::size_t count) {
  T lane[lane_block] = {};
  for (std::size_t n = 0; n < count; n += lane_block) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < lane_block; ++j) lane[j] += a[n + j] * b[n + j];
  }
  for (std::size_t width = lane_block / 2; width > 0; width /= 2) {
    for (std::size_t j = 0; j < width; ++j) lane[j] += lane[j + width];
  }
  return lane[0];
}

template <class T>
void scatter_looked_up(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
                       std::size_t count, T* dC) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  T* base = dC + static_cast<std::size_t>(basis_count(shape)) * outputs;
  const std::size_t last = weight_rows(shape) - 1;
  for (std::size_t n = 0; n < count; ++n) {
    T* first = dC + static_cast<std::size_t>(cells[n]) * outputs;
    for (std::size_t o = 0; o < outputs; ++o) {
      const T gradient = g[o * shape.stride + n];
      for (std::size_t r = 0; r < last; ++r) {
        first[r * outputs + o] += weights[r * shape.stride + n] * gradient;
      }
      base[o] += weights[last * shape.stride + n] * gradient;
    }
  }
}

template <class T>
void narrow_scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
                    std::size_t count, int first, int last, T* dC) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto rows = static_cast<std::size_t>(row_count(shape));
  DenseTile<T> dense;
  for (int i = first; i < last; ++i) {
    const auto input = static_cast<std::size_t>(i);
    const std::int32_t* own_cells = cells + input * shape.stride;
    const T* own_weights = weights + input * weight_rows(shape) * shape.stride;
    T* own = dC + input * rows * outputs;
    if (!is_dense<T>(shape)) {
      scatter_looked_up(shape, own_cells, own_weights, g, count, own);
      continue;
    }
    for (std::size_t begin = 0; begin < count; begin += tile_rows) {
      const std::size_t tile = count - begin < tile_rows ? count - begin : tile_rows;
      dense.fill(shape, own_cells, own_weights, begin, tile);
      for (std::size_t m = 0; m < rows; ++m) {
        for (std::size_t o = 0; o < outputs; ++o) {
          own[m * outputs + o] +=
              tile_product(dense.value + m * tile_rows, g + o * shape.stride + begin, tile);
        }
      }
    }
  }
}

}  // namespace
}  // namespace kan::kernels
