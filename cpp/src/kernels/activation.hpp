#pragma once

// Square roots, exp, SiLU and the base functions with internal linkage (see triangle.hpp), free of
// branches so that loops over them vectorise. Same operations for every lane and for a lane alone: same bits.

#include <cstdint>
#include <cstring>
#if !defined(__GNUC__)
#include <math.h>
#endif

#include "kan/architecture.hpp"

namespace kan::kernels {

template <class T>
static inline T square_root(T x) {
#if defined(__GNUC__)
  return sizeof(T) == sizeof(float) ? static_cast<T>(__builtin_sqrtf(static_cast<float>(x)))
                                    : static_cast<T>(__builtin_sqrt(static_cast<double>(x)));
#else
  return sizeof(T) == sizeof(float) ? static_cast<T>(sqrtf(static_cast<float>(x)))
                                    : static_cast<T>(sqrt(static_cast<double>(x)));
#endif
}

template <class T>
struct ExpConstants;

// x = n ln 2 + r: n by rounding x / ln 2 through `shifter`, r with ln 2 in two parts (high exact).
template <>
struct ExpConstants<float> {
  using Bits = std::uint32_t;
  static constexpr float limit = 87.0f;
  static constexpr float inverse_ln2 = 1.44269504f;
  static constexpr float shifter = 12582912.0f;  // 1.5 * 2^23
  static constexpr float ln2_high = 0.693145752f;
  static constexpr float ln2_low = 1.42860677e-6f;
  static constexpr int mantissa_bits = 23;
  static constexpr int exponent_bias = 127;
  static constexpr int terms = 7;
};

template <>
struct ExpConstants<double> {
  using Bits = std::uint64_t;
  static constexpr double limit = 708.0;
  static constexpr double inverse_ln2 = 1.4426950408889634074;
  static constexpr double shifter = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double ln2_high = 0.693147180369123816490;
  static constexpr double ln2_low = 1.90821492927058770002e-10;
  static constexpr int mantissa_bits = 52;
  static constexpr int exponent_bias = 1023;
  static constexpr int terms = 12;
};

// 1/n!, from n = 0.
static constexpr double inverse_factorial[] = {
    1.0,        1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,      1.0 / 720,
    1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600};

/// e^x for |x| <= limit (beyond, e^limit or e^-limit), within 2 units in the last place in float
/// and 1e-15 relative in double. Taylor polynomial of r in [-ln 2 / 2, ln 2 / 2]: the remainder
/// r^8 / 8! is below 6e-9, r^13 / 13! below 2e-16.
template <class T>
static inline T exponential(T x) {
  using Constants = ExpConstants<T>;
  using Bits = typename Constants::Bits;
  x = x < Constants::limit ? x : Constants::limit;
  x = x > -Constants::limit ? x : -Constants::limit;
  const T shifted = x * Constants::inverse_ln2 + Constants::shifter;
  const T n = shifted - Constants::shifter;
  const T r = (x - n * Constants::ln2_high) - n * Constants::ln2_low;
  T sum = static_cast<T>(inverse_factorial[Constants::terms]);
  for (int j = Constants::terms - 1; j >= 0; --j) {
    sum = sum * r + static_cast<T>(inverse_factorial[j]);
  }
  Bits bits = 0;
  std::memcpy(&bits, &shifted, sizeof(T));
  bits = (bits + static_cast<Bits>(Constants::exponent_bias)) << Constants::mantissa_bits;
  T power = T(0);
  std::memcpy(&power, &bits, sizeof(T));
  return sum * power;
}

/// s(x) = 1 / (1 + e^-x), 0 where e^-x is beyond the limit (there x s(x) would not vanish).
template <class T>
static inline T sigmoid(T x) {
  const T s = T(1) / (T(1) + exponential(-x));
  // NOLINTNEXTLINE(misc-redundant-expression): a NaN stays one
  return x > -ExpConstants<T>::limit || x != x ? s : T(0);
}

template <class T>
static inline T silu(T x) {
  return x * sigmoid(x);
}

/// b(x) = x s(x) and its derivatives up to `order` <= 4; those of s are s1 = s (1 - s),
/// s2 = s1 (1 - 2 s), s3 = s1 (1 - 6 s1) and s4 = s2 (1 - 12 s1).
template <class T>
static inline void silu_derivatives(T x, int order, T* values) {
  const T s = sigmoid(x);
  const T first = s * (T(1) - s);
  const T second = first * (T(1) - T(2) * s);
  const T of_s[] = {s, first, second, first * (T(1) - T(6) * first),
                    second * (T(1) - T(12) * first)};
  values[0] = x * s;
  for (int d = 1; d <= order; ++d) values[d] = x * of_s[d] + T(d) * of_s[d - 1];
}

/// b(x) and its derivatives up to `order` <= 4.
template <class T>
static inline void base_derivatives(Base base, T x, int order, T* values) {
  if (base == Base::silu) {
    silu_derivatives(x, order, values);
    return;
  }
  const bool identity = base == Base::identity;
  values[0] = identity ? x : T(0);
  for (int d = 1; d <= order; ++d) values[d] = identity && d == 1 ? T(1) : T(0);
}

}  // namespace kan::kernels
