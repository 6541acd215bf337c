#include "kan/objective.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kan {
namespace {

/// splitmix64: the same numbers on every platform.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

Purpose purpose_of(Order order, bool is_sparse) {
  if (order == Order::second && is_sparse) {
    throw std::invalid_argument("a regulariser of sparsity has no quadratic model");
  }
  if (order == Order::second) return Purpose::curvature;
  return is_sparse ? Purpose::statistics : Purpose::gradient;
}

}  // namespace

template <class T>
double Objective<T>::value(const T* parameters) {
  Buffer<T> gradient(parameter_count());
  return evaluate(parameters, gradient.data());
}

template <class T>
void Objective<T>::model(const T* /*parameters*/, QuadraticModel& /*model*/) {
  throw std::logic_error("this objective has no quadratic model: use a method of first order");
}

template class Objective<float>;
template class Objective<double>;

template <class T>
DataObjective<T>::DataObjective(const Network<T>& network, const Samples<T>& samples, Loss loss,
                                std::size_t batch, std::uint64_t seed, Order order,
                                std::optional<Sparsity> sparsity)
    : network_(network),
      samples_(samples),
      loss_(loss),
      sparsity_(sparsity),
      batch_(batch),
      random_state_(seed),
      current_(samples),
      evaluator_(network, purpose_of(order, sparsity.has_value()),
                 batch == 0 ? samples.count : std::min(batch, samples.count)) {
  if (batch_ == 0 || batch_ >= samples.count) return;
  order_.resize(samples.count);
  for (std::size_t n = 0; n < samples.count; ++n) {
    order_[n] = static_cast<std::int64_t>(samples.row(n));
  }
  next_ = samples.count;
}

template <class T>
double DataObjective<T>::evaluate(const T* parameters, T* gradient) {
  if (sparsity_) {
    return evaluator_.sparse_loss_and_gradient(current_, loss_, *sparsity_, gradient, parameters);
  }
  return evaluator_.loss_and_gradient(current_, loss_, gradient, parameters);
}

template <class T>
double DataObjective<T>::value(const T* parameters) {
  const double loss = evaluator_.loss(current_, loss_, parameters);
  if (!sparsity_) return loss;
  return loss + sparsity_->lamb * evaluator_.regularity(current_, *sparsity_, parameters);
}

template <class T>
void DataObjective<T>::model(const T* parameters, QuadraticModel& model) {
  evaluator_.model(current_, loss_, parameters, model);
}

template <class T>
void DataObjective<T>::next_step() {
  if (order_.empty()) return;
  if (next_ >= order_.size()) shuffle();
  current_.index = order_.data() + next_;
  current_.count = std::min(batch_, order_.size() - next_);
  next_ += current_.count;
}

/// Fisher and Yates.
template <class T>
void DataObjective<T>::shuffle() {
  for (std::size_t n = order_.size() - 1; n > 0; --n) {
    const auto other = static_cast<std::size_t>(next_random(random_state_) % (n + 1));
    std::swap(order_[n], order_[other]);
  }
  next_ = 0;
}

template class DataObjective<float>;
template class DataObjective<double>;

}  // namespace kan
