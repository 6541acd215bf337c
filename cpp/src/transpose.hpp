#pragma once

#include <cstddef>

namespace kan {

/// to[c * to_stride + r] = from[r * from_stride + c] for r < rows, c < columns, in cache-sized tiles.
template <class T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride) noexcept {
  constexpr std::size_t tile = 16;
  for (std::size_t r0 = 0; r0 < rows; r0 += tile) {
    const std::size_t r1 = r0 + tile < rows ? r0 + tile : rows;
    for (std::size_t c0 = 0; c0 < columns; c0 += tile) {
      const std::size_t c1 = c0 + tile < columns ? c0 + tile : columns;
      for (std::size_t c = c0; c < c1; ++c) {
        for (std::size_t r = r0; r < r1; ++r) to[c * to_stride + r] = from[r * from_stride + c];
      }
    }
  }
}

}  // namespace kan
