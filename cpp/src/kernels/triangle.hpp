#pragma once

// The local Cox-de Boor triangle. Internal linkage: every kernel file gets a copy compiled with its
// own flags, and the linker never mixes them.

namespace kan::kernels {

constexpr int max_values = 6;  // k + 1 at the highest degree

/// t[0 .. 2k-1] are the k knots up to the left end of the cell and the k from its right end on.
/// Turns the values of degree j - 1 (j of them) into those of degree j, in place.
template <class T>
static void raise_degree(const T* t, int degree, int j, T x, T* values) {
  T carried = T(0);
  for (int r = 0; r < j; ++r) {
    const T left = t[degree + r - j];
    const T right = t[degree + r];
    const T scaled = values[r] / (right - left);
    values[r] = carried + (right - x) * scaled;
    carried = (x - left) * scaled;
  }
  values[j] = carried;
}

/// Turns j weights of degree j - 1 functions into the j + 1 weights of the derivative, in place:
/// B'_{r,j} = j (B_{r-1,j-1} / (their support) - B_{r,j-1} / (theirs)).
template <class T>
static void differentiate(const T* t, int degree, int j, T* values) {
  T carried = T(0);
  for (int r = 0; r < j; ++r) {
    const T scaled = T(j) * values[r] / (t[degree + r] - t[degree + r - j]);
    values[r] = carried - scaled;
    carried = scaled;
  }
  values[j] = carried;
}

/// values[r] = order-th derivative at x of the r-th of the k + 1 functions alive on the cell.
template <class T>
static void triangle(const T* t, int degree, T x, int order, T* values) {
  if (order > degree) {
    for (int r = 0; r <= degree; ++r) values[r] = T(0);
    return;
  }
  values[0] = T(1);
  for (int j = 1; j <= degree - order; ++j) raise_degree(t, degree, j, x, values);
  for (int j = degree - order + 1; j <= degree; ++j) differentiate(t, degree, j, values);
}

/// The interval of [lo, hi] that holds x, by bisection; see find_cell in kan/basis.hpp.
template <class T>
static int bisect_cell(const T* knots, int intervals, int degree, T x) {
  const T* grid = knots + degree;
  int low = 0;
  int high = intervals;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (x < grid[middle]) {
      high = middle;
    } else {
      low = middle;
    }
  }
  // Only the right end of the grid can lead into an empty interval: walk back to a real one.
  while (low > 0 && !(grid[low] < grid[low + 1])) --low;
  return low;
}

}  // namespace kan::kernels
