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
/// A step that makes the objective non-finite is taken back, and the learning rate halved.
/// Source: Kingma and Ba, arXiv 1412.6980, algorithm 1; Loshchilov and Hutter, arXiv 1711.05101.
template <class T>
class Adam final : public Optimizer<T> {
 public:
  /// Throws: std::invalid_argument on options out of range.
  Adam(std::vector<T> parameters, const AdamOptions& options);

  bool step(Objective<T>& objective) override;
  void reset(std::vector<T> parameters) override;
  const std::vector<T>& parameters() const noexcept override { return parameters_; }
  double value() const noexcept override { return value_; }

 private:
  void update(const std::uint8_t* trainable);
  bool take_back();

  AdamOptions options_;
  double learning_rate_;
  int taken_back_ = 0;
  long long updates_ = 0;
  bool evaluated_ = false;
  double value_ = std::numeric_limits<double>::infinity();
  std::vector<T> parameters_, previous_, gradient_, next_gradient_, first_moment_, second_moment_;
};

extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace kan
