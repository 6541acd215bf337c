#pragma once

#include "kan/optimizer.hpp"

namespace kan {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  ///< decoupled: p -= learning_rate * weight_decay * p
};

/// Adam with decoupled weight decay, in one fused pass over the parameters.
///
/// A step that makes the objective non-finite is taken back, and the learning rate halved. If an
/// evaluation throws, the moments keep the gradient that the step began with.
/// Source: Kingma and Ba, arXiv 1412.6980, algorithm 1; Loshchilov and Hutter, arXiv 1711.05101.
template <class T>
class Adam final : public Optimizer<T> {
 public:
  /// Throws: std::invalid_argument on options out of range.
  Adam(Buffer<T> parameters, const AdamOptions& options);

  bool step(Objective<T>& objective) override;
  void reset(Buffer<T> parameters) override;
  const Buffer<T>& parameters() const noexcept override { return parameters_; }
  const Buffer<T>& previous() const noexcept override { return other_; }
  double value() const noexcept override { return value_; }

 private:
  bool update(const std::uint8_t* trainable);
  bool evaluate_here(Objective<T>& objective);
  bool take_back();

  AdamOptions options_;
  double learning_rate_;
  int taken_back_ = 0;
  long long updates_ = 0;
  bool evaluated_ = false;
  bool other_is_previous_ = false;  // whether other_ holds the point before this one
  double value_ = std::numeric_limits<double>::infinity();
  Buffer<T> parameters_, gradient_;
  Buffer<T> other_, other_gradient_;  // of the point before, or of the one being tried
  Buffer<T> first_moment_, second_moment_;
};

extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace kan
