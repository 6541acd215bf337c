// The fast kernels, compiled once per instruction set by baseline.cpp, avx2.cpp and avx512.cpp, which
// define KAN_VECTOR_BYTES, KAN_KERNEL_SET (the function that returns them) and KAN_SET_NAME.

#include <cassert>

#include "kernels/adam_update.hpp"
#include "kernels/basis_lanes.hpp"
#include "kernels/basis_tile.hpp"
#include "kernels/blend.hpp"
#include "kernels/dense.hpp"
#include "kernels/kernels.hpp"
#include "kernels/looked_up.hpp"
#include "kernels/outer.hpp"
#include "kernels/wide_contract.hpp"
#include "kernels/wide_dot.hpp"
#include "kernels/wide_scatter.hpp"

namespace kan::kernels {
namespace {

/// Calls `use.run<K>()` with the degree as a constant, so that loops over it unroll.
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
void derivatives(const Shape& shape, const T* knots, T inverse_spacing, const T* x,
                 std::size_t begin, std::size_t end, int order, std::int32_t* cells,
                 T* const* derivatives) {
  assert(padded(end) - begin <= tile_rows);
  BasisTile<T> tile{shape, knots, inverse_spacing, x + begin, padded(end) - begin, cells + begin,
                    order, {}};
  for (int d = 0; d <= order; ++d) tile.to[d] = derivatives[d] + begin;
  with_degree(shape.degree, tile);
}

template <class T>
void basis(const Shape& shape, const T* knots, T inverse_spacing, const T* x, std::size_t begin,
           std::size_t end, std::int32_t* cells, T* weights, T* slopes) {
  T* const rows[] = {weights, slopes};
  derivatives(shape, knots, inverse_spacing, x, begin, end, slopes != nullptr ? 1 : 0, cells, rows);
}

template <class T>
void basis_of_row(const Shape& shape, const T* knots, const T* inverse_spacing, const T* x,
                  std::int32_t* cells, T* weights) {
  with_degree(shape.degree, BasisLanes<T>{shape, knots, inverse_spacing, x, cells, weights});
}

template <class T>
struct WideContract {
  const Shape& shape;
  const T* C;
  const std::int32_t* cells;
  const T* weights;
  std::size_t begin, end;
  bool more;
  T* y;

  template <int K>
  void run() const {
    wide_contract<K>(shape, C, cells, weights, begin, end, more, y);
  }
};

template <class T>
void contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
              std::size_t begin, std::size_t end, bool more, T* y) {
  if (is_wide(shape)) {
    with_degree(shape.degree, WideContract<T>{shape, C, cells, weights, begin, end, more, y});
  } else if (is_dense(shape)) {
    dense_contract(shape, C, weights, begin, padded(end), more, y);
  } else {
    looked_up_contract(shape, C, cells, weights, begin, padded(end), more, y);
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
  } else if (is_dense(shape)) {
    dense_dot(shape, C, slopes, g, begin, padded(end), dx);
  } else {
    looked_up_dot(shape, C, cells, slopes, g, begin, padded(end), dx);
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
  } else if (is_dense(shape)) {
    dense_scatter(shape, weights, g, padded(count), first, last, dC);
  } else {
    looked_up_scatter(shape, cells, weights, g, count, first, last, dC);
  }
}

}  // namespace

template <class T>
const Kernels<T>& KAN_KERNEL_SET() {
  static constexpr Kernels<T> kernels{
      KAN_SET_NAME, basis<T>, derivatives<T>, basis_of_row<T>, contract<T>, dot<T>, scatter<T>,
      blend<T>,     adam<T>,  add_block,      add_dense,       subtract_product};
  return kernels;
}

template const Kernels<float>& KAN_KERNEL_SET();
template const Kernels<double>& KAN_KERNEL_SET();

}  // namespace kan::kernels
