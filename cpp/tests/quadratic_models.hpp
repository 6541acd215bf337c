#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kan/evaluator.hpp"
#include "networks.hpp"

/// What the tests of quadratic models share.
namespace kan::test {

/// Over the lower triangle; every parameter of the model must be there once.
inline double worst_difference(const QuadraticModel& model, const std::vector<double>& expected,
                               std::size_t parameters) {
  double worst = 0.0;
  std::vector<int> seen(parameters);
  for (std::size_t c = 0; c < model.parameters.size(); ++c) {
    if (seen[model.parameters[c]]++ != 0) return std::nan("");
    for (std::size_t d = 0; d <= c; ++d) {
      const double value = expected[model.parameters[c] * parameters + model.parameters[d]];
      worst = std::max(worst, std::abs(model.curvature[c * model.stride + d] - value));
    }
  }
  return worst;
}

}  // namespace kan::test
