#pragma once

namespace kan {

/// The most derivatives there are of splines and functions: the way back of a jet of third order
/// needs the fourth.
constexpr int max_order = 4;

/// The B-splines of degree k that are not zero at x, and their derivatives, by the local
/// Cox-de Boor triangle on any non-decreasing knots.
///
/// Shapes: knots [intervals + 1 + 2k]; values [order + 1][k + 1]
/// Writes: values[d][r] = d-th derivative at x of basis function `cell + r`,
///         d = 0..order <= max_order.
///         x is taken as a point of the polynomial piece of `cell`, also when it lies outside it.
/// Source: Piegl and Tiller, The NURBS Book, algorithms A2.2 and A2.3.
template <class T>
void basis_functions(const T* knots, int degree, int cell, T x, int order, T* values) noexcept;

/// The interval of the grid that holds x: knots[k + cell] <= x < knots[k + cell + 1], never an
/// empty one; the first or last interval for x outside, and the last for x at the right end.
template <class T>
int find_cell(const T* knots, int intervals, int degree, T x) noexcept;

}  // namespace kan
