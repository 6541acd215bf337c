#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/kernels.hpp"
#include "numbers.hpp"

/// What the tests of kernels work on: a layer, a chunk of samples and their basis.
namespace kan::test {

using kan::Base;
using kan::Extrapolation;
using kan::kernels::Kernels;
using kan::kernels::Shape;

inline constexpr Extrapolation policies[] = {Extrapolation::linear, Extrapolation::clamp,
                                             Extrapolation::zero, Extrapolation::polynomial,
                                             Extrapolation::error};

inline std::size_t whole_blocks(std::size_t count) {
  return (count + kan::kernels::lane_block - 1) / kan::kernels::lane_block *
         kan::kernels::lane_block;
}

/// Calls use(begin, end) for tiles that begin at multiples of lane_block, the first a short one.
template <class Use>
void for_tiles(std::size_t count, const Use& use) {
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < count; begin = end) {
    end = std::min(count,
                   begin == 0 ? 2 * kan::kernels::lane_block : begin + kan::kernels::tile_rows);
    use(begin, end);
  }
}

/// A layer and a chunk: everything that the kernels read.
template <class T>
struct Chunk {
  Shape shape;
  std::size_t count;
  std::vector<std::vector<T>> knots = {};
  std::vector<T> inverse_spacing = {};
  std::vector<T> x = {}, weights = {}, slopes = {}, C = {}, g = {};
  std::vector<std::int32_t> cells = {};

  std::size_t block() const { return size(weight_count(shape)) * shape.stride; }

  /// Cells, weights and slopes by `kernels`.
  void fill_basis(const Kernels<T>& kernels) {
    cells.assign(size(shape.inputs) * shape.stride, -1);
    weights.assign(size(shape.inputs) * block(), std::numeric_limits<T>::quiet_NaN());
    slopes = weights;
    for (std::size_t i = 0; i < size(shape.inputs); ++i) {
      for_tiles(shape.stride, [&](std::size_t begin, std::size_t end) {
        kernels.basis(shape, knots[i].data(), inverse_spacing[i], &x[i * shape.stride], begin, end,
                      &cells[i * shape.stride], &weights[i * block()], &slopes[i * block()]);
      });
    }
  }
};

template <class T>
Chunk<T> random_chunk(int inputs, int outputs, int intervals, int degree, std::size_t count,
                      Extrapolation policy = Extrapolation::linear) {
  const std::size_t stride = whole_blocks(count);
  Chunk<T> chunk{{inputs, outputs, intervals, degree, Base::silu, policy, stride}, count};
  Random random(size(inputs + 31 * outputs + 977 * intervals + 5 * degree) + count);
  for (int i = 0; i < inputs; ++i) {
    const bool uniform = i % 2 == 0;
    chunk.knots.push_back(uniform ? uniform_knots<T>(intervals, degree, -1, 1)
                                  : uneven_knots<T>(intervals, degree, false, random));
    chunk.inverse_spacing.push_back(uniform ? static_cast<T>(intervals / 2.0) : T(0));
  }
  chunk.x = random.values<T>(size(inputs) * stride, -1.3, 1.3);
  chunk.C = random.values<T>(size(inputs) * size(row_count(chunk.shape)) * size(outputs));
  chunk.g = random.values<T>(size(outputs) * stride);
  for (std::size_t n = count; n < stride; ++n) {
    for (std::size_t o = 0; o < size(outputs); ++o) {
      chunk.g[is_wide(chunk.shape) ? n * size(outputs) + o : o * stride + n] = T(0);
    }
  }
  chunk.fill_basis(kan::kernels::reference<T>());
  return chunk;
}

}  // namespace kan::test
