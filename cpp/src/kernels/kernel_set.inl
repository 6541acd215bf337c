// The fast kernels, compiled once per instruction set by baseline.cpp, avx2.cpp and avx512.cpp, which
// define KAN_VECTOR_BYTES and KAN_KERNEL_SET.

#include "kernels/basis_rows.hpp"
#include "kernels/kernels.hpp"
#include "kernels/narrow.hpp"
#include "kernels/wide.hpp"

namespace kan::kernels {
namespace {

/// Calls `use.template operator()<K>()` with the degree as a constant, so that loops over it unroll.
template <class Use>
void with_degree(int degree, const Use& use) {
  switch (degree) {
    case 0: return use.template run<0>();
    case 1: return use.template run<1>();
    case 2: return use.template run<2>();
    case 3: return use.template run<3>();
    case 4: return use.template run<4>();
    default: return use.template run<5>();
  }
}

std::size_t padded(std::size_t end) { return (end + lane_block - 1) / lane_block * lane_block; }

template <class T>
void outside_points(const Shape& shape, const T* knots, const T* x, std::size_t begin,
                    std::size_t end, std::int32_t* cells, T* weights, T* slopes) {
  T value[max_values + 1];
  T slope[max_values + 1];
  for (std::size_t n = begin; n < end; ++n) {
    if (!(x[n] < knots[shape.degree]) && !(x[n] > knots[shape.degree + shape.intervals])) continue;
    cells[n] = basis_point(shape, knots, x[n], value, slope);
    for (int r = 0; r < weight_count(shape); ++r) {
      weights[static_cast<std::size_t>(r) * shape.stride + n] = value[r];
      if (slopes != nullptr) slopes[static_cast<std::size_t>(r) * shape.stride + n] = slope[r];
    }
  }
}

template <class T>
struct BasisTile {
  const Shape& shape;
  const T* knots;
  T inverse_spacing;
  const T* x;
  std::size_t begin, end;
  std::int32_t* cells;
  T* weights;
  T* slopes;

  template <int K>
  void run() const {
    const std::size_t count = end - begin;
    const BasisRows<T> rows{weights + begin, slopes != nullptr ? slopes + begin : nullptr,
                            shape.stride};
    if (K > 0 && inverse_spacing != T(0)) {
      T t[tile_rows];
      locate_uniform(knots + K, shape.intervals, inverse_spacing, x + begin, count, cells + begin,
                     t);
      slopes != nullptr ? uniform_rows<K, true>(t, count, inverse_spacing, rows)
                        : uniform_rows<K, false>(t, count, inverse_spacing, rows);
    } else {
      T near[2 * max_values * tile_rows];
      locate_any<K>(knots, shape.intervals, x + begin, count, cells + begin, near);
      slopes != nullptr ? any_rows<K, true>(near, x + begin, count, rows)
                        : any_rows<K, false>(near, x + begin, count, rows);
    }
    const std::size_t base_row = (K + 1) * shape.stride;
    base_rows(shape.base, x + begin, count, rows.values + base_row,
              slopes != nullptr ? rows.slopes + base_row : nullptr);
    if (shape.extrapolation != Extrapolation::polynomial && any_outside(count)) {
      outside_points(shape, knots, x, begin, end, cells, weights, slopes);
    }
  }

  bool any_outside(std::size_t count) const {
    const T lo = knots[shape.degree];
    const T hi = knots[shape.degree + shape.intervals];
    int outside = 0;
    for (std::size_t n = 0; n < count; ++n) {
      outside |= static_cast<int>(x[begin + n] < lo) | static_cast<int>(x[begin + n] > hi);
    }
    return outside != 0;
  }
};

template <class T>
void basis(const Shape& shape, const T* knots, T inverse_spacing, const T* x, std::size_t begin,
           std::size_t end, std::int32_t* cells, T* weights, T* slopes) {
  with_degree(shape.degree, BasisTile<T>{shape, knots, inverse_spacing, x, begin, padded(end),
                                         cells, weights, slopes});
}

template <class T>
void contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
              std::size_t begin, std::size_t end, T* y) {
  if (is_wide(shape)) {
    wide_contract(shape, C, cells, weights, begin, end, y);
  } else {
    narrow_contract(shape, C, cells, weights, begin, padded(end), y);
  }
}

template <class T>
struct WideDot {
  const Shape& shape;
  const T* C;
  const std::int32_t* cells;
  const T* slopes;
  const T* g;
  std::size_t begin, end;
  T* dx;

  template <int K>
  void run() const {
    wide_dot<K>(shape, C, cells, slopes, g, begin, end, dx);
  }
};

template <class T>
void dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes, const T* g,
         std::size_t begin, std::size_t end, T* dx) {
  if (is_wide(shape)) {
    with_degree(shape.degree, WideDot<T>{shape, C, cells, slopes, g, begin, end, dx});
  } else {
    narrow_dot(shape, C, cells, slopes, g, begin, padded(end), dx);
  }
}

template <class T>
struct WideScatter {
  const Shape& shape;
  const std::int32_t* cells;
  const T* weights;
  const T* g;
  std::size_t count;
  int first, last;
  T* dC;

  template <int K>
  void run() const {
    wide_scatter<K>(shape, cells, weights, g, count, first, last, dC);
  }
};

template <class T>
void scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
             std::size_t count, int first, int last, T* dC) {
  if (is_wide(shape)) {
    with_degree(shape.degree, WideScatter<T>{shape, cells, weights, g, count, first, last, dC});
  } else {
    narrow_scatter(shape, cells, weights, g, padded(count), first, last, dC);
  }
}

}  // namespace

#define KAN_TEXT_OF(name) #name
#define KAN_TEXT(name) KAN_TEXT_OF(name)

template <class T>
const Kernels<T>& KAN_KERNEL_SET() {
  static constexpr Kernels<T> kernels{KAN_TEXT(KAN_KERNEL_SET), basis<T>, contract<T>, dot<T>,
                                      scatter<T>};
  return kernels;
}

template const Kernels<float>& KAN_KERNEL_SET();
template const Kernels<double>& KAN_KERNEL_SET();

}  // namespace kan::kernels
