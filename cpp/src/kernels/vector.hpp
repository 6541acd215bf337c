#pragma once

// Vectors of the width the file is compiled for (KAN_VECTOR_BYTES), by the compilers' own vector
// types: one source for every instruction set.

#include <cstddef>

namespace kan::kernels {
namespace {

#if defined(__GNUC__)
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
#endif

template <class T>
constexpr std::size_t lanes = KAN_VECTOR_BYTES / sizeof(T);

}  // namespace
}  // namespace kan::kernels
