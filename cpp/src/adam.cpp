#include "kan/adam.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "kan/samples.hpp"
#include "kernels/dispatch.hpp"
#include "parallel.hpp"

namespace kan {
namespace {

constexpr int most_taken_back = 60;

void require(bool holds, const char* name, const char* range, double got) {
  if (!holds) {
    throw std::invalid_argument(std::string(name) + " must be " + range + ", got " +
                                std::to_string(got));
  }
}

template <class T>
bool all_finite(const Buffer<T>& values) {
  std::atomic<bool> finite{true};
  parallel_parameters(values.size(), [&](std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    if (first_nonfinite(values.data() + begin, count) < count) finite = false;
  });
  return finite;
}

}  // namespace

template <class T>
Adam<T>::Adam(Buffer<T> parameters, const AdamOptions& options)
    : options_(options), learning_rate_(options.learning_rate) {
  require(options.learning_rate > 0 && std::isfinite(options.learning_rate), "learning rate",
          "positive", options.learning_rate);
  require(options.beta1 >= 0 && options.beta1 < 1, "beta1", "in [0, 1)", options.beta1);
  require(options.beta2 >= 0 && options.beta2 < 1, "beta2", "in [0, 1)", options.beta2);
  require(options.epsilon > 0, "epsilon", "positive", options.epsilon);
  require(options.weight_decay >= 0 && std::isfinite(options.weight_decay), "weight decay",
          "non-negative", options.weight_decay);
  kernels::active<T>();  // throws here, not in the middle of a step, if KAN_ISA is wrong
  reset(std::move(parameters));
}

template <class T>
void Adam<T>::reset(Buffer<T> parameters) {
  parameters_ = std::move(parameters);
  other_ = parameters_;
  gradient_.assign(parameters_.size(), T(0));
  other_gradient_.assign(parameters_.size(), T(0));
  first_moment_.assign(parameters_.size(), T(0));
  second_moment_.assign(parameters_.size(), T(0));
  learning_rate_ = options_.learning_rate;
  taken_back_ = 0;
  updates_ = 0;
  evaluated_ = false;
  other_is_previous_ = false;
  value_ = std::numeric_limits<double>::infinity();
}

/// The next point, in other_; whether it is finite.
template <class T>
bool Adam<T>::update(const std::uint8_t* trainable) {
  other_is_previous_ = false;
  ++updates_;
  const double t = static_cast<double>(updates_);
  const kernels::AdamRates<T> rates{
      static_cast<T>(options_.beta1),
      static_cast<T>(options_.beta2),
      static_cast<T>(options_.epsilon),
      static_cast<T>(learning_rate_ / (1.0 - std::pow(options_.beta1, t))),
      static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(options_.beta2, t))),
      static_cast<T>(1.0 - learning_rate_ * options_.weight_decay)};
  std::atomic<bool> finite{true};
  parallel_parameters(parameters_.size(), [&](std::size_t begin, std::size_t end) {
    const std::uint8_t* flags = trainable != nullptr ? trainable + begin : nullptr;
    if (!kernels::active<T>().adam(rates, end - begin, flags, &gradient_[begin],
                                   &parameters_[begin], &first_moment_[begin],
                                   &second_moment_[begin], &other_[begin])) {
      finite = false;
    }
  });
  return finite;
}

/// Forgets what led away from the finite points; false after too many times in a row.
template <class T>
bool Adam<T>::take_back() {
  std::fill(first_moment_.begin(), first_moment_.end(), T(0));
  std::fill(second_moment_.begin(), second_moment_.end(), T(0));
  updates_ = 0;
  learning_rate_ *= 0.5;
  return ++taken_back_ < most_taken_back;
}

/// Value and gradient where the optimizer stands; whether both are finite.
template <class T>
bool Adam<T>::evaluate_here(Objective<T>& objective) {
  const double value = objective.evaluate(parameters_.data(), other_gradient_.data());
  if (!std::isfinite(value) || !all_finite(other_gradient_)) return false;
  value_ = value;
  evaluated_ = true;
  std::swap(gradient_, other_gradient_);
  return true;
}

template <class T>
bool Adam<T>::step(Objective<T>& objective) {
  require_same_size(*this, objective);
  objective.next_step();
  const bool stochastic = objective.is_stochastic();
  if ((stochastic || !evaluated_) && !evaluate_here(objective)) {
    if (!evaluated_) return false;
    if (other_is_previous_) std::swap(parameters_, other_);
    other_is_previous_ = false;
    return take_back();
  }
  if (!update(objective.trainable())) return take_back();
  if (!stochastic) {
    const double value = objective.evaluate(other_.data(), other_gradient_.data());
    if (!std::isfinite(value) || !all_finite(other_gradient_)) return take_back();
    value_ = value;
    std::swap(gradient_, other_gradient_);
  }
  std::swap(parameters_, other_);
  other_is_previous_ = true;
  taken_back_ = 0;
  return true;
}

template class Adam<float>;
template class Adam<double>;

}  // namespace kan
