#pragma once

#include <cstddef>
#include <limits>

#include "kan/buffer.hpp"
#include "kan/objective.hpp"

namespace kan {

/// An iterative method that lowers an objective. Between steps its parameters are always those of
/// an accepted point: if a step throws, they are what they were before it.
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step. Returns false when the method cannot lower the objective any further.
  /// Throws: what the objective throws, std::invalid_argument if it has another number of parameters.
  virtual bool step(Objective<T>& objective) = 0;

  /// Starts again from these parameters, forgetting everything learnt about others. To be called
  /// whenever the meaning of the parameters changed, as it does with the grid.
  virtual void reset(Buffer<T> parameters) = 0;

  virtual const Buffer<T>& parameters() const noexcept = 0;

  /// Those before the last step, for methods whose steps may raise the value.
  virtual const Buffer<T>& previous() const noexcept { return parameters(); }

  /// The objective's last value; infinity before the first step.
  virtual double value() const noexcept = 0;
};

/// Throws: std::invalid_argument unless both have the same number of parameters.
template <class T>
void require_same_size(const Optimizer<T>& optimizer, const Objective<T>& objective);

/// The best point of a run.
template <class T>
struct Best {
  double value = std::numeric_limits<double>::infinity();
  Buffer<T> parameters;
};

/// Up to `steps` steps; stops early where `step` returns false.
/// Writes: values[s], the optimizer's value after step s, for the steps done; best, the lowest of
///         them, where not null (never for stochastic objectives: their values do not compare);
///         more, whether further steps can help.
/// Returns: the number of steps done.
template <class T>
std::size_t run(Optimizer<T>& optimizer, Objective<T>& objective, std::size_t steps, double* values,
                Best<T>* best, bool* more);

}  // namespace kan
