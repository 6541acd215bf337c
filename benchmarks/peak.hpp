#pragma once

// What the machine can do at most: multiply-adds on values that never leave the registers.

#include <cstddef>
#include <cstring>

namespace kan_benchmark {

constexpr int rounds = 20000;
constexpr std::size_t chains = 12;  // hide the latency of a multiply-add in less than 16 registers

// One function per width: name, bytes of a vector, what the compiler may use for it.
#define KAN_MULTIPLY_ADDS(name, bytes, options)                                            \
  template <class T>                                                                       \
  __attribute__((noinline, optimize("O2", "fp-contract=fast") options)) double name(T a) { \
    typedef T V __attribute__((vector_size(bytes)));                                       \
    V sum[chains];                                                                         \
    for (std::size_t c = 0; c < chains; ++c) sum[c] = static_cast<T>(c) - V{};             \
    const V factor = a - V{};                                                              \
    const V term = static_cast<T>(1e-3) - V{};                                             \
    for (int r = 0; r < rounds; ++r) {                                                     \
      _Pragma("GCC unroll 12") for (std::size_t c = 0; c < chains; ++c) {                  \
        sum[c] = sum[c] * factor + term;                                                   \
      }                                                                                    \
    }                                                                                      \
    volatile T kept = T(0);                                                                \
    for (std::size_t c = 0; c < chains; ++c) kept = sum[c][0];                             \
    static_cast<void>(kept);                                                               \
    return 2.0 * rounds * static_cast<double>(chains * (bytes) / sizeof(T));               \
  }

KAN_MULTIPLY_ADDS(multiply_adds_16, 16, )
#if defined(__x86_64__)
#define KAN_TARGET(options) , target(options)
KAN_MULTIPLY_ADDS(multiply_adds_32, 32, KAN_TARGET("avx2,fma"))
KAN_MULTIPLY_ADDS(multiply_adds_64, 64, KAN_TARGET("avx512f,fma"))
#endif

/// Does them with the instructions of a kernel set; returns how many operations they were.
template <class T>
double multiply_adds(const char* set, T factor) {
#if defined(__x86_64__)
  if (std::strcmp(set, "avx512") == 0) return multiply_adds_64(factor);
  if (std::strcmp(set, "avx2") == 0) return multiply_adds_32(factor);
#endif
  return multiply_adds_16(factor);
}

}  // namespace kan_benchmark
