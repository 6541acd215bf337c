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
  require(options.roughness >= 0 && std::isfinite(options.roughness),
          "roughness must not be negative", options.roughness);
  reset(std::move(parameters));
}

template <class T>
void LevenbergMarquardt<T>::reset(Buffer<T> parameters) {
  parameters_ = std::move(parameters);
  trial_ = parameters_;
  damping_ = std::min(damping_, options_.damping);
  raise_ = first_raise;
  value_ = std::numeric_limits<double>::infinity();
  has_model_ = false;
}

template <class T>
double LevenbergMarquardt<T>::jump_at(const Jump& jump, const Buffer<T>& parameters) const {
  double sum = 0.0;
  for (std::size_t m = 0; m < jump.count; ++m) {
    const std::size_t p = model_.parameters[jump.first + m];
    sum += jump.weights[m] * static_cast<double>(parameters[p]);
  }
  return sum;
}

template <class T>
double LevenbergMarquardt<T>::ridge_of(const Buffer<T>& parameters) const {
  double sum = 0.0;
  for (const std::size_t p : model_.parameters) {
    sum += static_cast<double>(parameters[p]) * static_cast<double>(parameters[p]);
  }
  return options_.ridge * sum;
}

template <class T>
double LevenbergMarquardt<T>::roughness_of(const Buffer<T>& parameters) const {
  double sum = 0.0;
  for (const Jump& jump : model_.jumps) {
    const double own = jump_at(jump, parameters);
    sum += model_.scale[jump.first] * own * own;
  }
  return options_.roughness * sum;
}

/// Adds the priors' gradient and curvature to the model.
template <class T>
void LevenbergMarquardt<T>::add_priors() {
  for (std::size_t c = 0; c < model_.parameters.size(); ++c) {
    const auto p = static_cast<double>(parameters_[model_.parameters[c]]);
    model_.gradient[c] += 2.0 * options_.ridge * p;
    model_.curvature[c * model_.stride + c] += 2.0 * options_.ridge;
  }
  for (const Jump& jump : model_.jumps) {
    const double factor = 2.0 * options_.roughness * model_.scale[jump.first];
    const double own = jump_at(jump, parameters_);
    for (std::size_t m = 0; m < jump.count; ++m) {
      const double weight = factor * jump.weights[m];
      model_.gradient[jump.first + m] += weight * own;
      double* row = &model_.curvature[(jump.first + m) * model_.stride + jump.first];
      for (std::size_t q = 0; q <= m; ++q) row[q] += weight * jump.weights[q];
    }
  }
}

/// The model where the optimizer stands; whether it is finite.
template <class T>
bool LevenbergMarquardt<T>::find_model(Objective<T>& objective) {
  objective.model(parameters_.data(), model_);
  add_priors();
  model_.value += ridge_of(parameters_);
  rough_ = roughness_of(parameters_);
  bool finite = std::isfinite(model_.value) && std::isfinite(rough_);
  for (std::size_t c = 0; c < model_.parameters.size(); ++c) {
    finite = finite && std::isfinite(model_.curvature[c * model_.stride + c]) &&
             std::isfinite(model_.gradient[c]);
  }
  if (!finite) return false;
  value_ = model_.value;
  has_model_ = true;
  return true;
}

/// The step that minimises the damped model, and the point it leads to.
/// Returns: false if the damping is too small for the precision.
template <class T>
bool LevenbergMarquardt<T>::set_trial(const Objective<T>& objective) {
  const std::size_t count = model_.parameters.size();
  const std::size_t stride = cholesky_stride(count);
  factor_.resize(stride * stride);
  for (std::size_t c = 0; c < count; ++c) {
    std::copy_n(&model_.curvature[c * model_.stride], c + 1, &factor_[c * stride]);
    factor_[c * stride + c] += damping_ * model_.scale[c];
  }
  const auto go_on = [&objective] { objective.stop_if_asked(); };
  if (!factorise(factor_.data(), count, go_on)) return false;
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

/// How far the model falls along the step d = -(A + M)^-1 g, M diagonal: (d . M d - g . d) / 2.
template <class T>
double LevenbergMarquardt<T>::predicted_fall() const {
  double twice = 0.0;
  for (std::size_t c = 0; c < step_.size(); ++c) {
    twice += step_[c] * (damping_ * model_.scale[c] * step_[c] - model_.gradient[c]);
  }
  return 0.5 * twice;
}

/// Takes the trial point if it is lower, with the roughness and without.
template <class T>
bool LevenbergMarquardt<T>::take_trial(Objective<T>& objective) {
  const double value = objective.value(trial_.data()) + ridge_of(trial_);
  const double fall = value_ - value + rough_ - roughness_of(trial_);
  if (!std::isfinite(value) || !(value < value_) || !(fall > 0.0)) return false;
  const double bent = 2.0 * fall / predicted_fall() - 1.0;
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
    if (set_trial(objective)) {
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
