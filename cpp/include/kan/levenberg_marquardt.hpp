#pragma once

#include "kan/optimizer.hpp"

namespace kan {

struct LevenbergMarquardtOptions {
  double damping =
      1.0;  ///< at first, times the scale of the model is added to the curvature's diagonal
  double ridge = 0.0;       ///< adds ridge |p|^2 to what is lowered
  double roughness = 1e-9;  ///< adds so much, times the model's scale, for each squared jump
};

/// The method of Levenberg and Marquardt: each step minimises the quadratic model of the objective
/// within a distance that grows while the model is right and shrinks while it is not.
///
/// The value never rises. A trace of roughness in what is lowered decides what the samples leave
/// open: splines go on smoothly through empty cells and beyond the data. Damping makes every linear
/// system definite, so that redundant parameters move as little as they can. Memory and time of a
/// step: two times P^2 numbers and P^3 / 6 multiply-adds.
/// Source: Nocedal and Wright, Numerical Optimization, chapter 10.3; Nielsen, IMM-REP-1999-05, for
/// the damping after a good step.
template <class T>
class LevenbergMarquardt final : public Optimizer<T> {
 public:
  /// Throws: std::invalid_argument on options out of range.
  LevenbergMarquardt(Buffer<T> parameters, const LevenbergMarquardtOptions& options);

  /// Throws: also std::invalid_argument if the objective is stochastic.
  bool step(Objective<T>& objective) override;
  /// Keeps the damping unless it has grown: how far a quadratic model holds changes little with the
  /// grid.
  void reset(Buffer<T> parameters) override;
  const Buffer<T>& parameters() const noexcept override { return parameters_; }
  double value() const noexcept override { return value_; }
  double damping() const noexcept { return damping_; }

 private:
  bool find_model(Objective<T>& objective);
  bool set_trial(const Objective<T>& objective);
  double predicted_fall() const;
  bool take_trial(Objective<T>& objective);
  double ridge_of(const Buffer<T>& parameters) const;
  double roughness_of(const Buffer<T>& parameters) const;
  double jump_at(const Jump& jump, const Buffer<T>& parameters) const;
  void add_priors();

  LevenbergMarquardtOptions options_;
  double damping_;
  double raise_;
  double value_ = std::numeric_limits<double>::infinity();
  double rough_ = 0.0;  // of the model: what is lowered beside the value
  bool has_model_ = false;
  QuadraticModel model_;
  Buffer<double> factor_;
  Buffer<double> step_;
  Buffer<T> parameters_, trial_;
};

extern template class LevenbergMarquardt<float>;
extern template class LevenbergMarquardt<double>;

}  // namespace kan
