#pragma once

// Vectors of L lanes, L chosen by the width a file is compiled for (KAN_VECTOR_BYTES): one source
// for every instruction set, by the compilers' own vector types. Internal linkage, see triangle.hpp.

#include <cstddef>
#include <cstdint>
#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Before a loop: its iterations are independent, so vectorise it without comparing addresses first.
#if defined(__clang__)
#define KAN_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define KAN_INDEPENDENT _Pragma("GCC ivdep")
#else
#define KAN_INDEPENDENT
#endif

namespace kan::kernels {
namespace {

/// A number as a type: what a generic lambda can be told at compile time.
template <std::size_t N>
struct Constant {
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for its number
  constexpr operator std::size_t() const { return N; }
};

/// Lanes of a full vector.
template <class T>
constexpr std::size_t lanes = KAN_VECTOR_BYTES / sizeof(T);

#if defined(__GNUC__) && !defined(KAN_PLAIN_VECTORS)

// With GCC a vector has the alignment of its lanes and is read through a pointer: copies are ten times
// as slow there. Clang forgets that alignment on the way through a template: there vectors have their
// own, and a copy is one instruction.
template <class T, std::size_t L>
struct VectorOf {
#if defined(__clang__)
  typedef T type __attribute__((vector_size(L * sizeof(T))));
#else
  typedef T type __attribute__((vector_size(L * sizeof(T)), aligned(alignof(T)), may_alias));
#endif
};

template <class T, std::size_t L = lanes<T>>
using Vector = typename VectorOf<T, L>::type;

template <std::size_t L, class T>
inline Vector<T, L> splat(T value) {
  return value - Vector<T, L>{};
}

/// sum + a * b, rounded once where the instruction set can: asked for by name, since a compiler that
/// fuses as it likes may fuse two copies of one loop differently.
template <class T, std::size_t L>
inline void add_product(Vector<T, L>& sum, Vector<T, L> a, Vector<T, L> b) {
  [[maybe_unused]] constexpr bool single = sizeof(T) == sizeof(float);
#if defined(__AVX512F__)
  if constexpr (single && L == 16) {
    sum = _mm512_fmadd_ps(a, b, sum);
    return;
  } else if constexpr (!single && L == 8) {
    sum = _mm512_fmadd_pd(a, b, sum);
    return;
  }
#endif
#if defined(__FMA__)
  if constexpr (single && L == 8) {
    sum = _mm256_fmadd_ps(a, b, sum);
  } else if constexpr (!single && L == 4) {
    sum = _mm256_fmadd_pd(a, b, sum);
  } else {
    sum += a * b;
  }
#elif defined(__aarch64__)
  if constexpr (single) {
    sum = vfmaq_f32(sum, a, b);
  } else {
    sum = vfmaq_f64(sum, a, b);
  }
#else
  sum += a * b;
#endif
}

/// value where cell == c, else 0, lane by lane.
template <class T, std::size_t L>
inline Vector<T, L> where_equal(Vector<std::int32_t, L> cell, std::int32_t c, Vector<T, L> value) {
  const auto wide = __builtin_convertvector(cell, decltype(value == value));
  return wide == c ? value : Vector<T, L>{};
}

/// Sum of the lanes, halving: one fixed tree.
template <class T, std::size_t L>
inline T sum_of_lanes(Vector<T, L> v) {
  if constexpr (L == 2) {
    return v[0] + v[1];
  } else {
    using Half = Vector<T, L / 2>;
    Half half[2];
    __builtin_memcpy(half, &v, sizeof(v));
    return sum_of_lanes<T, L / 2>(half[0] + half[1]);
  }
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define KAN_SHUFFLES

/// 0 ... N - 1 as a type.
template <std::size_t... J>
struct Indices {};
template <std::size_t N, std::size_t... J>
struct IndicesBelow : IndicesBelow<N - 1, N - 1, J...> {};
template <std::size_t... J>
struct IndicesBelow<0, J...> {
  using Type = Indices<J...>;
};

/// Blocks of H lanes of a and b: those at odd places added to those before them, a's first.
template <std::size_t H, class T, std::size_t L, std::size_t... J>
inline Vector<T, L> add_neighbours(Vector<T, L> a, Vector<T, L> b, Indices<J...>) {
  return __builtin_shufflevector(a, b, (J / H * 2 * H + J % H)...) +
         __builtin_shufflevector(a, b, (J / H * 2 * H + H + J % H)...);
}

/// sums[0] = the sums of the lanes of 2 H vectors, each halved as in `sum_of_lanes`.
template <std::size_t H, class T, std::size_t L>
inline void fold(Vector<T, L>* sums) {
#pragma GCC unroll 8
  for (std::size_t j = 0; j < H; ++j) {
    sums[j] =
        add_neighbours<H, T, L>(sums[2 * j], sums[2 * j + 1], typename IndicesBelow<L>::Type());
  }
  if constexpr (H > 1) fold<H / 2, T, L>(sums);
}
#endif
#endif

#else

/// The same arithmetic for compilers without vector types, which may vectorise it by themselves.
template <class T, std::size_t L = lanes<T>>
struct Vector {
  T lane[L];

  template <class F>
  static Vector of(const F& f) {
    Vector made;
    for (std::size_t j = 0; j < L; ++j) made.lane[j] = f(j);
    return made;
  }
  friend Vector operator*(const Vector& a, const Vector& b) {
    return of([&](std::size_t j) { return a.lane[j] * b.lane[j]; });
  }
  friend Vector operator+(const Vector& a, const Vector& b) {
    return of([&](std::size_t j) { return a.lane[j] + b.lane[j]; });
  }
  friend Vector operator-(const Vector& a, const Vector& b) {
    return of([&](std::size_t j) { return a.lane[j] - b.lane[j]; });
  }
  Vector& operator+=(const Vector& b) { return *this = *this + b; }
};

template <class T, std::size_t L>
inline void add_product(Vector<T, L>& sum, const Vector<T, L>& a, const Vector<T, L>& b) {
  sum += a * b;
}

template <std::size_t L, class T>
inline Vector<T, L> splat(T value) {
  return Vector<T, L>::of([&](std::size_t) { return value; });
}

template <class T, std::size_t L>
inline Vector<T, L> where_equal(Vector<std::int32_t, L> cell, std::int32_t c, Vector<T, L> value) {
  return Vector<T, L>::of([&](std::size_t j) { return cell.lane[j] == c ? value.lane[j] : T(0); });
}

template <class T, std::size_t L>
inline T sum_of_lanes(Vector<T, L> v) {
  for (std::size_t width = L / 2; width > 0; width /= 2) {
    for (std::size_t j = 0; j < width; ++j) v.lane[j] += v.lane[j + width];
  }
  return v.lane[0];
}

#endif

template <std::size_t L, class T>
inline Vector<T, L> load(const T* from) {
#if defined(__clang__)
  Vector<T, L> value;
  __builtin_memcpy(&value, from, sizeof(value));
  return value;
#else
  return *reinterpret_cast<const Vector<T, L>*>(from);
#endif
}

template <std::size_t L, class T>
inline void store(T* to, Vector<T, L> value) {
#if defined(__clang__)
  __builtin_memcpy(to, &value, sizeof(value));
#else
  *reinterpret_cast<Vector<T, L>*>(to) = value;
#endif
}

/// to[n] = sum of the L lanes of row n of rows [count][L], as `sum_of_lanes`.
template <std::size_t L, class T>
inline void sums_of_rows(const T* rows, std::size_t count, T* to) {
  std::size_t n = 0;
#if defined(KAN_SHUFFLES)
  for (; n + L <= count; n += L) {
    Vector<T, L> sums[L];
#pragma GCC unroll 16
    for (std::size_t j = 0; j < L; ++j) sums[j] = load<L>(rows + (n + j) * L);
    fold<L / 2, T, L>(sums);
    store<L>(to + n, sums[0]);
  }
#endif
  for (; n < count; ++n) to[n] = sum_of_lanes<T, L>(load<L>(rows + n * L));
}

/// The L values from `from` on, the first `cleared` of them replaced by 0.
template <std::size_t L, class T>
inline Vector<T, L> load_behind(const T* from, std::size_t cleared) {
  T kept[L];
  for (std::size_t j = 0; j < L; ++j) kept[j] = j < cleared ? T(0) : from[j];
  return load<L>(kept);
}

/// Stores all but the first `kept` lanes, whose places stay as they are.
template <std::size_t L, class T>
inline void store_behind(T* to, Vector<T, L> value, std::size_t kept) {
  T lane[L];
  store<L>(lane, value);
  for (std::size_t j = kept; j < L; ++j) to[j] = lane[j];
}

}  // namespace
}  // namespace kan::kernels
