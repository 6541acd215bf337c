#pragma once

#include <vector>

#include "kan/objective.hpp"

namespace kan {

/// A point x + alpha d on the search line, with the value and slope of the objective there.
template <class T>
struct LinePoint {
  double alpha = 0.0;
  double value = 0.0;
  double slope = 0.0;
  Buffer<T> parameters, gradient;
};

/// The line to search and what is known of its start.
template <class T>
struct SearchLine {
  Objective<T>& objective;
  const Buffer<T>& start;
  const Buffer<T>& direction;
  double value;  ///< at alpha = 0
  double slope;  ///< at alpha = 0, negative
};

/// Looks for a point that satisfies the strong Wolfe conditions
///   f(alpha) <= f(0) + c1 alpha f'(0),  |f'(alpha)| <= c2 |f'(0)|,  c1 = 1e-4, c2 = 0.9,
/// beginning at `first_alpha`, with at most `evaluations` evaluations, which it counts down.
/// Returns: whether `found` is such a point or, failing that, at least a lower one than the start.
/// Source: Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6.
template <class T>
bool strong_wolfe(const SearchLine<T>& line, double first_alpha, int& evaluations,
                  LinePoint<T>& found);

/// a . b in double, in one fixed order.
template <class T>
double inner(const Buffer<T>& a, const Buffer<T>& b);

}  // namespace kan
