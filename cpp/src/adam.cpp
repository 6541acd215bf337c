#include "kan/adam.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "kan/samples.hpp"

namespace kan {
namespace {

constexpr int most_taken_back = 60;

void require(bool holds, const char* name, const char* range, double got) {
  if (!holds) {
    throw std::invalid_argument(std::string(name) + " must be " + range + ", got " +
                                std::to_string(got));
  }
}

struct Rates {
  double step;   // learning rate over the bias of the first moment
  double bias2;  // 1 / sqrt(bias of the second moment)
  double decay;  // learning rate times weight decay
};

/// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= step m / (sqrt(v) bias2 + eps)
template <class T>
void fused_update(std::size_t count, const AdamOptions& options, const Rates& rates,
                  const T* __restrict gradient, T* __restrict first, T* __restrict second,
                  T* __restrict parameters) {
  const T b1 = static_cast<T>(options.beta1);
  const T b2 = static_cast<T>(options.beta2);
  const T c1 = T(1) - b1;
  const T c2 = T(1) - b2;
  const T step = static_cast<T>(rates.step);
  const T bias2 = static_cast<T>(rates.bias2);
  const T epsilon = static_cast<T>(options.epsilon);
  for (std::size_t p = 0; p < count; ++p) {
    first[p] = b1 * first[p] + c1 * gradient[p];
    second[p] = b2 * second[p] + c2 * gradient[p] * gradient[p];
    parameters[p] -= step * first[p] / (std::sqrt(second[p]) * bias2 + epsilon);
  }
}

template <class T>
bool all_finite(const std::vector<T>& values) {
  return first_nonfinite(values.data(), values.size()) == values.size();
}

}  // namespace

template <class T>
Adam<T>::Adam(std::vector<T> parameters, const AdamOptions& options)
    : options_(options), learning_rate_(options.learning_rate) {
  require(options.learning_rate > 0 && std::isfinite(options.learning_rate), "learning rate",
          "positive", options.learning_rate);
  require(options.beta1 >= 0 && options.beta1 < 1, "beta1", "in [0, 1)", options.beta1);
  require(options.beta2 >= 0 && options.beta2 < 1, "beta2", "in [0, 1)", options.beta2);
  require(options.epsilon > 0, "epsilon", "positive", options.epsilon);
  require(options.weight_decay >= 0 && std::isfinite(options.weight_decay), "weight decay",
          "non-negative", options.weight_decay);
  reset(std::move(parameters));
}

template <class T>
void Adam<T>::reset(std::vector<T> parameters) {
  parameters_ = std::move(parameters);
  previous_ = parameters_;
  gradient_.assign(parameters_.size(), T(0));
  next_gradient_.assign(parameters_.size(), T(0));
  first_moment_.assign(parameters_.size(), T(0));
  second_moment_.assign(parameters_.size(), T(0));
  learning_rate_ = options_.learning_rate;
  taken_back_ = 0;
  updates_ = 0;
  evaluated_ = false;
  value_ = std::numeric_limits<double>::infinity();
}

template <class T>
void Adam<T>::update(const std::uint8_t* trainable) {
  ++updates_;
  const double t = static_cast<double>(updates_);
  const Rates rates{learning_rate_ / (1.0 - std::pow(options_.beta1, t)),
                    1.0 / std::sqrt(1.0 - std::pow(options_.beta2, t)),
                    learning_rate_ * options_.weight_decay};
  if (rates.decay > 0) {
    const T keep = static_cast<T>(1.0 - rates.decay);
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      if (trainable == nullptr || trainable[p] != 0) parameters_[p] *= keep;
    }
  }
  fused_update(parameters_.size(), options_, rates, gradient_.data(), first_moment_.data(),
               second_moment_.data(), parameters_.data());
}

/// Back to the last point with a finite value; false after too many times in a row.
template <class T>
bool Adam<T>::take_back() {
  parameters_ = previous_;
  std::fill(first_moment_.begin(), first_moment_.end(), T(0));
  std::fill(second_moment_.begin(), second_moment_.end(), T(0));
  updates_ = 0;
  learning_rate_ *= 0.5;
  return ++taken_back_ < most_taken_back;
}

template <class T>
bool Adam<T>::step(Objective<T>& objective) {
  require_same_size(*this, objective);
  objective.next_step();
  if (objective.is_stochastic() || !evaluated_) {
    const double value = objective.evaluate(parameters_.data(), next_gradient_.data());
    if (!std::isfinite(value) || !all_finite(next_gradient_)) return evaluated_ && take_back();
    value_ = value;
    evaluated_ = true;
    std::swap(gradient_, next_gradient_);
  }
  previous_ = parameters_;
  if (objective.is_stochastic()) {
    update(objective.trainable());
    if (!all_finite(parameters_)) return take_back();
    taken_back_ = 0;
    return true;
  }
  const std::vector<T> first = first_moment_;
  const std::vector<T> second = second_moment_;
  update(objective.trainable());
  if (!all_finite(parameters_)) return take_back();
  try {
    const double value = objective.evaluate(parameters_.data(), next_gradient_.data());
    if (!std::isfinite(value) || !all_finite(next_gradient_)) return take_back();
    value_ = value;
  } catch (...) {
    parameters_ = previous_;
    first_moment_ = first;
    second_moment_ = second;
    --updates_;
    throw;
  }
  taken_back_ = 0;
  std::swap(gradient_, next_gradient_);
  return true;
}

template class Adam<float>;
template class Adam<double>;

}  // namespace kan
