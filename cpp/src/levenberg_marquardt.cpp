#include "kan/levenberg_marquardt.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "cholesky.hpp"

namespace kan {
namespace {

constexpr double first_raise = 2.0;
constexpr double least_damping = 1e-12;
constexpr double most_damping = 1e12;

void require(bool holds, const char* expected, double got) {
  if (!holds) throw std::invalid_argument(std::string(expected) + ", got " + std::to_string(got));
}

}  // namespace

template <class T>
LevenbergMarquardt<T>::LevenbergMarquardt(Buffer<T> parameters,
                                          const LevenbergMarquardtOptions& options)
    : options_(options), damping_(options.damping) {
  require(options.damping > 0 && std::isfinite(options.damping), "damping must be positive",
          options.damping);
  require(options.ridge >= 0 && std::isfinite(options.ridge), "ridge must not be negative",
          options.ridge);
  reset(std::move(parameters));
}

template <class T>
void LevenbergMarquardt<T>::reset(Buffer<T> parameters) {
  parameters_ = std::move(parameters);
  trial_ = parameters_;
  raise_ = first_raise;
  value_ = std::numeric_limits<double>::infinity();
  has_model_ = false;
}

template <class T>
double LevenbergMarquardt<T>::ridge_of(const Buffer<T>& parameters) const {
  double sum = 0.0;
  for (const T p : parameters) sum += static_cast<double>(p) * static_cast<double>(p);
  return options_.ridge * sum;
}

/// The model where the optimizer stands; whether it is finite.
template <class T>
bool LevenbergMarquardt<T>::find_model(Objective<T>& objective) {
  objective.model(parameters_.data(), model_);
  const std::size_t count = model_.parameters.size();
  model_.value += ridge_of(parameters_);
  double trace = 0.0;
  bool finite = std::isfinite(model_.value);
  for (std::size_t c = 0; c < count; ++c) {
    double& diagonal = model_.curvature[c * model_.stride + c];
    const auto p = static_cast<double>(parameters_[model_.parameters[c]]);
    diagonal += 2.0 * options_.ridge;
    model_.gradient[c] += 2.0 * options_.ridge * p;
    trace += diagonal;
    finite = finite && std::isfinite(diagonal) && std::isfinite(model_.gradient[c]);
  }
  if (!finite) return false;
  mean_diagonal_ = trace > 0.0 ? trace / static_cast<double>(count) : 1.0;
  value_ = model_.value;
  has_model_ = true;
  return true;
}

/// The step that minimises the damped model, and the point it leads to.
/// Returns: false if the damping is too small for the precision.
template <class T>
bool LevenbergMarquardt<T>::set_trial() {
  const std::size_t count = model_.parameters.size();
  const std::size_t stride = cholesky_stride(count);
  factor_.resize(stride * stride);
  for (std::size_t c = 0; c < count; ++c) {
    std::copy_n(&model_.curvature[c * model_.stride], c + 1, &factor_[c * stride]);
    factor_[c * stride + c] += damping_ * mean_diagonal_;
  }
  if (!factorise(factor_.data(), count)) return false;
  step_.resize(count);
  for (std::size_t c = 0; c < count; ++c) step_[c] = -model_.gradient[c];
  solve_factorised(factor_.data(), count, step_.data());
  trial_ = parameters_;
  for (std::size_t c = 0; c < count; ++c) {
    T& p = trial_[model_.parameters[c]];
    p = static_cast<T>(static_cast<double>(p) + step_[c]);
  }
  return true;
}

/// How far the model falls along the step d = -(A + mu)^-1 g: -(g . d - mu |d|^2) / 2.
template <class T>
double LevenbergMarquardt<T>::predicted_fall() const {
  double twice = 0.0;
  for (std::size_t c = 0; c < step_.size(); ++c) {
    twice += step_[c] * (damping_ * mean_diagonal_ * step_[c] - model_.gradient[c]);
  }
  return 0.5 * twice;
}

/// Takes the trial point if it is lower.
template <class T>
bool LevenbergMarquardt<T>::take_trial(Objective<T>& objective) {
  const double value = objective.value(trial_.data()) + ridge_of(trial_);
  if (!std::isfinite(value) || !(value < value_)) return false;
  const double bent = 2.0 * (value_ - value) / predicted_fall() - 1.0;
  damping_ = std::max(damping_ * std::clamp(1.0 - bent * bent * bent, 0.1, 2.0), least_damping);
  raise_ = first_raise;
  std::swap(parameters_, trial_);
  value_ = value;
  has_model_ = false;
  return true;
}

template <class T>
bool LevenbergMarquardt<T>::step(Objective<T>& objective) {
  require_same_size(*this, objective);
  if (objective.is_stochastic()) {
    throw std::invalid_argument("Levenberg-Marquardt needs all samples in every step, not batches");
  }
  objective.next_step();
  if (!has_model_ && !find_model(objective)) return false;
  constexpr auto rounding = static_cast<double>(std::numeric_limits<T>::epsilon());
  while (damping_ <= most_damping) {
    if (set_trial()) {
      if (!(predicted_fall() > rounding * value_)) return false;
      if (take_trial(objective)) return true;
    }
    damping_ *= raise_;
    raise_ *= 2.0;
  }
  return false;
}

template class LevenbergMarquardt<float>;
template class LevenbergMarquardt<double>;

}  // namespace kan
