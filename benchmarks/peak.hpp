#pragma once

// What the machine can do at most: multiply-adds on values that never leave the registers.

#include <cstddef>
#include <cstring>

namespace kan_benchmark {

constexpr int rounds = 20000;
constexpr std::size_t chains = 12;  // enough for the latency of a multiply-add, few enough for 16 registers

#define KAN_MULTIPLY_ADDS(name, bytes, options)                                        \
  template <class T>                                                                   \
  __attribute__((target(options), optimize("O2", "fp-contract=fast"), noinline)) double name(T factor) { \
    typedef T V __attribute__((vector_size(bytes)));                                   \
    V sum[chains];                                                                     \
    for (std::size_t c = 0; c < chains; ++c) sum[c] = T(c) - V{};                      \
    const V a = factor - V{};                                                          \
    const V b = T(1e-3) - V{};                                                         \
    for (int r = 0; r < rounds; ++r) {                                                 \
      _Pragma("GCC unroll 12") for (std::size_t c = 0; c < chains; ++c) sum[c] = sum[c] * a + b; \
    }                                                                                  \
    volatile T kept = T(0);                                                            \
    for (std::size_t c = 0; c < chains; ++c) kept = sum[c][0];                         \
    static_cast<void>(kept);                                                           \
    return 2.0 * rounds * chains * (bytes) / sizeof(T);                                \
  }

KAN_MULTIPLY_ADDS(multiply_adds_baseline, 16, "sse2")
KAN_MULTIPLY_ADDS(multiply_adds_avx2, 32, "avx2,fma")
KAN_MULTIPLY_ADDS(multiply_adds_avx512, 64, "avx512f,fma")
#undef KAN_MULTIPLY_ADDS

/// Does them with the instructions of a kernel set; returns how many operations they were.
template <class T>
double multiply_adds(const char* set, T factor) {
  if (std::strcmp(set, "avx512") == 0) return multiply_adds_avx512(factor);
  if (std::strcmp(set, "avx2") == 0) return multiply_adds_avx2(factor);
  return multiply_adds_baseline(factor);
}

}  // namespace kan_benchmark
