#pragma once

// Vectors of the width the file is compiled for (KAN_VECTOR_BYTES), by the compilers' own vector
// types: one source for every instruction set.

#include <cstddef>

namespace kan::kernels {
namespace {

#if defined(__GNUC__) && !defined(KAN_PLAIN_VECTORS)
template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(KAN_VECTOR_BYTES), aligned(4), may_alias));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(KAN_VECTOR_BYTES), aligned(8), may_alias));
};
template <class T>
using Vector = typename VectorOf<T>::type;
#else
/// The same arithmetic for compilers without vector types, which may vectorise it by themselves.
template <class T>
struct Vector {
  T lane[KAN_VECTOR_BYTES / sizeof(T)];

  template <class F>
  static Vector of(const F& f) {
    Vector made;
    for (std::size_t j = 0; j < KAN_VECTOR_BYTES / sizeof(T); ++j) made.lane[j] = f(j);
    return made;
  }
  friend Vector operator-(T a, const Vector& b) {
    return of([&](std::size_t j) { return a - b.lane[j]; });
  }
  friend Vector operator*(const Vector& a, const Vector& b) {
    return of([&](std::size_t j) { return a.lane[j] * b.lane[j]; });
  }
  friend Vector operator*(T a, const Vector& b) {
    return of([&](std::size_t j) { return a * b.lane[j]; });
  }
  Vector& operator+=(const Vector& b) {
    for (std::size_t j = 0; j < KAN_VECTOR_BYTES / sizeof(T); ++j) lane[j] += b.lane[j];
    return *this;
  }
};
#endif

template <class T>
constexpr std::size_t lanes = KAN_VECTOR_BYTES / sizeof(T);

}  // namespace
}  // namespace kan::kernels
