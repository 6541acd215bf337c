#include "kan/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "line_search.hpp"

namespace kan {
namespace {

void require(bool holds, const std::string& expected, double got) {
  if (!holds) throw std::invalid_argument(expected + ", got " + std::to_string(got));
}

template <class T>
void add_scaled(Buffer<T>& to, double factor, const Buffer<T>& what) {
  for (std::size_t p = 0; p < to.size(); ++p) {
    to[p] = static_cast<T>(static_cast<double>(to[p]) + factor * static_cast<double>(what[p]));
  }
}

template <class T>
void scale(Buffer<T>& values, double factor) {
  for (T& value : values) value = static_cast<T>(factor * static_cast<double>(value));
}

/// More pairs mean far fewer iterations on ill-conditioned small problems, and there they cost less
/// than an evaluation does; on large ones ten must do.
int fitting_memory(std::size_t parameters) {
  constexpr std::size_t numbers = 1'000'000;
  return static_cast<int>(
      std::clamp<std::size_t>(numbers / std::max<std::size_t>(parameters, 1), 10, 100));
}

template <class T>
double sum_of_magnitudes(const Buffer<T>& values) {
  double sum = 0.0;
  for (const T value : values) sum += std::abs(static_cast<double>(value));
  return sum;
}

}  // namespace

template <class T>
Lbfgs<T>::Lbfgs(Buffer<T> parameters, const LbfgsOptions& options) : options_(options) {
  require(options.learning_rate > 0 && std::isfinite(options.learning_rate),
          "learning rate must be positive", options.learning_rate);
  require(options.memory >= 0, "memory must not be negative", options.memory);
  require(options.iterations_per_step >= 1, "iterations per step must be at least 1",
          options.iterations_per_step);
  require(options.evaluations_per_step >= 1, "evaluations per step must be at least 1",
          options.evaluations_per_step);
  if (options_.memory == 0) options_.memory = fitting_memory(parameters.size());
  reset(std::move(parameters));
}

template <class T>
void Lbfgs<T>::reset(Buffer<T> parameters) {
  point_ = Point{};
  point_.parameters = std::move(parameters);
  point_.gradient.assign(point_.parameters.size(), T(0));
  pairs_.clear();
  evaluated_ = false;
}

template <class T>
bool Lbfgs<T>::step(Objective<T>& objective) {
  require_same_size(*this, objective);
  objective.next_step();
  const Point before = point_;
  try {
    if (!evaluated_ || objective.is_stochastic()) {
      point_.value = objective.evaluate(point_.parameters.data(), point_.gradient.data());
      evaluated_ = true;
      pairs_.clear();
    }
    // Another batch may lead on where this one does not.
    if (!std::isfinite(point_.value)) return objective.is_stochastic();
    int evaluations = options_.evaluations_per_step;
    for (int i = 0; i < options_.iterations_per_step && evaluations > 0; ++i) {
      if (!iterate(objective, evaluations)) {
        return evaluations <= 0 || objective.is_stochastic();
      }
    }
  } catch (...) {
    point_ = before;
    pairs_.clear();
    evaluated_ = false;
    throw;
  }
  return true;
}

/// One line search; false if neither the quasi-Newton direction nor the gradient leads down.
template <class T>
bool Lbfgs<T>::iterate(Objective<T>& objective, int& evaluations) {
  while (evaluations > 0) {
    set_direction();
    const double slope = inner(point_.gradient, direction_);
    if (slope < 0.0) {
      const double magnitude = sum_of_magnitudes(point_.gradient);
      const double first =
          options_.learning_rate * (pairs_.empty() ? std::min(1.0, 1.0 / magnitude) : 1.0);
      LinePoint<T> found;
      const SearchLine<T> line{objective, point_.parameters, direction_, point_.value, slope};
      if (strong_wolfe(line, first, evaluations, found)) {
        remember(found.parameters, found.gradient);
        point_ = {found.value, std::move(found.parameters), std::move(found.gradient)};
        return true;
      }
    }
    if (pairs_.empty()) return false;
    pairs_.clear();
  }
  return false;
}

/// direction = -H gradient by the two-loop recursion, H from the pairs (algorithm 7.4).
template <class T>
void Lbfgs<T>::set_direction() {
  direction_ = point_.gradient;
  std::vector<double> alphas(pairs_.size());
  for (std::size_t j = pairs_.size(); j-- > 0;) {
    alphas[j] = pairs_[j].inverse_product * inner(pairs_[j].moved, direction_);
    add_scaled(direction_, -alphas[j], pairs_[j].turned);
  }
  if (!pairs_.empty()) {
    const Pair& last = pairs_.back();
    scale(direction_, 1.0 / (last.inverse_product * inner(last.turned, last.turned)));
  }
  for (std::size_t j = 0; j < pairs_.size(); ++j) {
    const double beta = pairs_[j].inverse_product * inner(pairs_[j].turned, direction_);
    add_scaled(direction_, alphas[j] - beta, pairs_[j].moved);
  }
  scale(direction_, -1.0);
}

/// Keeps the pair if it says something about positive curvature.
template <class T>
void Lbfgs<T>::remember(const Buffer<T>& parameters, const Buffer<T>& gradient) {
  Pair pair{parameters, gradient, 0.0};
  add_scaled(pair.moved, -1.0, point_.parameters);
  add_scaled(pair.turned, -1.0, point_.gradient);
  const double product = inner(pair.moved, pair.turned);
  const double least = static_cast<double>(std::numeric_limits<T>::epsilon()) *
                       std::sqrt(inner(pair.moved, pair.moved) * inner(pair.turned, pair.turned));
  if (!(product > least)) return;
  pair.inverse_product = 1.0 / product;
  pairs_.push_back(std::move(pair));
  if (pairs_.size() > static_cast<std::size_t>(options_.memory)) pairs_.pop_front();
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace kan
