#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "kan/objective.hpp"

namespace kan {

/// An iterative method that lowers an objective. Between steps its parameters are always those of
/// an accepted point: if a step throws, they are what they were before it.
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step. Returns false when the method cannot lower the objective any further.
  /// Throws: what the objective throws.
  virtual bool step(Objective<T>& objective) = 0;

  /// Starts again from these parameters, forgetting everything learnt about others. To be called
  /// whenever the meaning of the parameters changed, as it does with the grid.
  virtual void reset(std::vector<T> parameters) = 0;

  virtual const std::vector<T>& parameters() const noexcept = 0;

  /// The objective's last value; infinity before the first step.
  virtual double value() const noexcept = 0;
};

/// The best point of a run.
template <class T>
struct Best {
  double value = std::numeric_limits<double>::infinity();
  std::vector<T> parameters;
};

/// Up to `steps` steps; stops early where `step` returns false.
/// Writes: values[s], the objective after step s (before it, if stochastic), for the steps done.
///         best, the lowest of them, where not null; more, whether further steps can help.
/// Returns: the number of steps done.
template <class T>
std::size_t run(Optimizer<T>& optimizer, Objective<T>& objective, std::size_t steps, double* values,
                Best<T>* best, bool* more);

}  // namespace kan
