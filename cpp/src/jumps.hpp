#pragma once

#include <vector>

#include "kan/evaluator.hpp"
#include "kan/network.hpp"

namespace kan {

/// The jumps of the k-th derivative of one spline of input i of layer l at the knots inside its grid,
/// its coefficients being parameters column, column + 1, ...; each scaled as if the knots were 1 apart.
/// Knots that coincide have none.
/// Source: Dierckx, Curve and Surface Fitting with Splines, chapter 5.2.2.
template <class T>
void add_jumps(const Network<T>& network, std::size_t l, std::size_t i, std::size_t column,
               std::vector<Jump>& jumps);

}  // namespace kan
