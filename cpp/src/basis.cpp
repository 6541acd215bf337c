#include "kan/basis.hpp"

#include "kernels/triangle.hpp"

namespace kan {

template <class T>
void basis_functions(const T* knots, int degree, int cell, T x, int order, T* values) noexcept {
  for (int d = 0; d <= order; ++d) {
    kernels::triangle(knots + cell + 1, degree, x, d, values + d * (degree + 1));
  }
}

template <class T>
int find_cell(const T* knots, int intervals, int degree, T x) noexcept {
  return kernels::bisect_cell(knots, intervals, degree, x);
}

template void basis_functions(const float*, int, int, float, int, float*) noexcept;
template void basis_functions(const double*, int, int, double, int, double*) noexcept;
template int find_cell(const float*, int, int, float) noexcept;
template int find_cell(const double*, int, int, double) noexcept;

}  // namespace kan
