#pragma once

// Samples by their cells. Internal linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/vector.hpp"
#include "kernels/wide.hpp"

namespace kan::kernels {
namespace {

#if defined(__AVX512F__) && defined(__GNUC__)
#define KAN_COMPRESS
/// So many cells or fewer are searched for one after the other, sixteen samples at a time: quicker than
/// counting, which takes the samples one by one.
constexpr int few_cells = 32;
#endif

/// Up to `Samples` samples by their cells, up to `Cells` of them, for one input; in order within each.
template <std::size_t Samples, std::size_t Cells>
struct CellOrder {
  std::int32_t sample[Samples + lane_block];
  std::int32_t first[Cells + 2];  // of each cell; the last is the count

  /// cells [count] are readable up to the end of a lane block.
  void sort(const std::int32_t* cells, std::size_t count, int intervals) {
#if defined(KAN_COMPRESS)
    if (intervals <= few_cells) return collect(cells, count, intervals);
#endif
    for (int c = 0; c <= intervals + 1; ++c) first[c] = 0;
    for (std::size_t n = 0; n < count; ++n) ++first[cells[n] + 2];
    for (int c = 2; c <= intervals; ++c) first[c + 1] += first[c];
    for (std::size_t n = 0; n < count; ++n) {
      sample[first[cells[n] + 1]++] = static_cast<std::int32_t>(n);
    }
  }

 private:
#if defined(KAN_COMPRESS)
  void collect(const std::int32_t* cells, std::size_t count, int intervals) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    std::int32_t found = 0;
    for (std::int32_t c = 0; c < intervals; ++c) {
      const __m512i wanted = _mm512_set1_epi32(c);
      first[c] = found;
      for (std::size_t n = 0; n < count; n += 16) {
        const std::size_t left = count - n;
        const auto there = static_cast<__mmask16>(left < 16 ? (1U << left) - 1U : 0xFFFFU);
        const __mmask16 own =
            _mm512_mask_cmpeq_epi32_mask(there, _mm512_loadu_si512(cells + n), wanted);
        const __m512i number = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int>(n)));
        _mm512_storeu_si512(sample + found, _mm512_maskz_compress_epi32(own, number));
        found += __builtin_popcount(own);
      }
    }
    first[intervals] = found;
  }
#endif
};

}  // namespace
}  // namespace kan::kernels
