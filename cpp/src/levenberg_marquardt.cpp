#include "kan/levenberg_marquardt.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "cholesky.hpp"

namespace kan {
namespace {

constexpr int most_trials = 30;
constexpr double first_raise = 2.0;
constexpr double least_damping = 1e-15;

void require(bool holds, const char* expected, double got) {
  if (!holds) throw std::invalid_argument(std::string(expected) + ", got " + std::to_string(got));
}

}  // namespace

template <class T>
LevenbergMarquardt<T>::LevenbergMarquardt(Buffer<T> parameters,
                                          const LevenbergMarquardtOptions& options)
    : options_(options) {
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
  damping_ = options_.damping;
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
  const std::size_t count = parameters_.size();
  if (options_.ridge > 0.0) {
    const std::uint8_t* trainable = objective.trainable();
    model_.value += ridge_of(parameters_);
    for (std::size_t p = 0; p < count; ++p) {
      if (trainable != nullptr && trainable[p] == 0) continue;
      model_.gradient[p] += 2.0 * options_.ridge * static_cast<double>(parameters_[p]);
      model_.curvature[p * count + p] += 2.0 * options_.ridge;
    }
  }
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!finite(model_.value) ||
      !std::all_of(model_.gradient.begin(), model_.gradient.end(), finite) ||
      !std::all_of(model_.curvature.begin(), model_.curvature.end(), finite)) {
    return false;
  }
  value_ = model_.value;
  has_model_ = true;
  return true;
}

/// The step of the damped model and the point it leads to; false if the damping is too small.
template <class T>
bool LevenbergMarquardt<T>::set_trial() {
  const std::size_t count = parameters_.size();
  const std::size_t stride = cholesky_stride(count);
  double trace = 0.0;
  for (std::size_t p = 0; p < count; ++p) trace += model_.curvature[p * count + p];
  const double added = damping_ * (trace > 0.0 ? trace / static_cast<double>(count) : 1.0);
  factor_.resize(stride * stride);
  for (std::size_t p = 0; p < count; ++p) {
    std::copy_n(&model_.curvature[p * count], p + 1, &factor_[p * stride]);
    factor_[p * stride + p] += added;
  }
  if (!factorise(factor_.data(), count)) return false;
  step_.resize(count);
  for (std::size_t p = 0; p < count; ++p) step_[p] = -model_.gradient[p];
  solve_factorised(factor_.data(), count, step_.data());
  for (std::size_t p = 0; p < count; ++p) {
    trial_[p] = static_cast<T>(static_cast<double>(parameters_[p]) + step_[p]);
  }
  return true;
}

/// How far the model falls along the step.
template <class T>
double LevenbergMarquardt<T>::predicted_fall() const {
  const std::size_t count = parameters_.size();
  double fall = 0.0;
  for (std::size_t p = 0; p < count; ++p) {
    const double* row = &model_.curvature[p * count];
    double turned = 0.0;
    for (std::size_t q = 0; q < count; ++q) turned += row[q] * step_[q];
    fall -= step_[p] * (model_.gradient[p] + 0.5 * turned);
  }
  return fall;
}

template <class T>
bool LevenbergMarquardt<T>::step(Objective<T>& objective) {
  require_same_size(*this, objective);
  if (objective.is_stochastic()) {
    throw std::invalid_argument("Levenberg-Marquardt needs all samples in every step, not batches");
  }
  objective.next_step();
  if (!has_model_ && !find_model(objective)) return false;
  for (int trial = 0; trial < most_trials; ++trial) {
    if (set_trial()) {
      const double value = objective.value(trial_.data()) + ridge_of(trial_);
      if (std::isfinite(value) && value < value_) {
        const double ratio = (value_ - value) / predicted_fall();
        const double bent = 2.0 * ratio - 1.0;
        damping_ = std::max(damping_ * std::clamp(1.0 - bent * bent * bent, 0.1, 2.0), least_damping);
        raise_ = first_raise;
        std::swap(parameters_, trial_);
        value_ = value;
        has_model_ = false;
        return true;
      }
    }
    damping_ *= raise_;
    raise_ *= 2.0;
  }
  return false;
}

template class LevenbergMarquardt<float>;
template class LevenbergMarquardt<double>;

}  // namespace kan
