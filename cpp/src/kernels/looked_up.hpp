#pragma once

// Narrow layers with many basis functions: loops along the samples, which look up the rows of
// their cells. Internal linkage, see triangle.hpp.

#include <cassert>
#include <cstdint>

#include "kernels/kernels.hpp"

namespace kan::kernels {
namespace {

/// sum[n] += sum_r weights[r][n] C[row(r, cell[n])][o], sample by sample.
template <class T>
void add_looked_up(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
                   std::size_t count, T* __restrict sum) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto alive = static_cast<std::size_t>(shape.degree) + 1;
  const T base = C[static_cast<std::size_t>(basis_count(shape)) * outputs];
  for (std::size_t r = 0; r < alive; ++r) {
    const T* c = C + r * outputs;
    const T* w = weights + r * shape.stride;
    for (std::size_t n = 0; n < count; ++n) {
      sum[n] += w[n] * c[static_cast<std::size_t>(cells[n]) * outputs];
    }
  }
  const T* w = weights + alive * shape.stride;
  for (std::size_t n = 0; n < count; ++n) sum[n] += w[n] * base;
}

/// Calls use(i, o, coefficients from o on, cells, weights) for all edges, outputs innermost.
template <class T, class Use>
void for_edges(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
               std::size_t begin, const Use& use) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const std::size_t rows = static_cast<std::size_t>(row_count(shape)) * outputs;
  const std::size_t block = static_cast<std::size_t>(weight_count(shape)) * shape.stride;
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.inputs); ++i) {
    for (std::size_t o = 0; o < outputs; ++o) {
      use(i, o, C + i * rows + o, cells + i * shape.stride + begin, weights + i * block + begin);
    }
  }
}

template <class T>
void looked_up_contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
                        std::size_t begin, std::size_t end, bool more, T* y) {
  for_edges(shape, C, cells, weights, begin,
            [&](std::size_t i, std::size_t o, const T* c, const std::int32_t* cell, const T* w) {
              T* sum = y + o * shape.stride + begin;
              for (std::size_t n = 0; i == 0 && !more && n < end - begin; ++n) sum[n] = T(0);
              add_looked_up(shape, c, cell, w, end - begin, sum);
            });
}

template <class T>
void looked_up_dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes,
                   const T* g, std::size_t begin, std::size_t end, T* dx) {
  const std::size_t count = end - begin;
  assert(count <= tile_rows);
  for_edges(shape, C, cells, slopes, begin,
            [&](std::size_t i, std::size_t o, const T* c, const std::int32_t* cell, const T* w) {
              T slope[tile_rows];
              for (std::size_t n = 0; n < count; ++n) slope[n] = T(0);
              add_looked_up(shape, c, cell, w, count, slope);
              const T* gradient = g + o * shape.stride + begin;
              T* out = dx + i * shape.stride + begin;
              for (std::size_t n = 0; n < count; ++n) {
                out[n] = (o == 0 ? T(0) : out[n]) + gradient[n] * slope[n];
              }
            });
}

template <class T>
void looked_up_scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
                       std::size_t count, int first, int last, T* dC) {
  const auto outputs = static_cast<std::size_t>(shape.outputs);
  const auto alive = static_cast<std::size_t>(shape.degree) + 1;
  const auto rows = static_cast<std::size_t>(row_count(shape));
  const std::size_t stride = shape.stride;
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
    T* own = dC + i * rows * outputs;
    T* base = own + (rows - 1) * outputs;
    const T* w = weights + i * (alive + 1) * stride;
    for (std::size_t n = 0; n < count; ++n) {
      T* row = own + static_cast<std::size_t>(cells[i * stride + n]) * outputs;
      for (std::size_t o = 0; o < outputs; ++o) {
        const T gradient = g[o * stride + n];
        for (std::size_t r = 0; r < alive; ++r) {
          row[r * outputs + o] += w[r * stride + n] * gradient;
        }
        base[o] += w[alive * stride + n] * gradient;
      }
    }
  }
}

}  // namespace
}  // namespace kan::kernels
