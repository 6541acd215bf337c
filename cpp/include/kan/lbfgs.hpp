#pragma once

#include <deque>

#include "kan/optimizer.hpp"

namespace kan {

struct LbfgsOptions {
  double learning_rate = 1.0;  ///< first trial along each quasi-Newton direction
  int memory = 0;              ///< curvature pairs kept; 0: 100 for small problems to 10 for large
  int iterations_per_step = 20;
  int evaluations_per_step = 25;
};

/// Limited-memory BFGS with a strong Wolfe line search. One `step` is up to 20 iterations.
///
/// The value never rises, and a trial point with a non-finite value is a wall, not a poison.
/// Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4, 7.5, 3.5 and 3.6.
template <class T>
class Lbfgs final : public Optimizer<T> {
 public:
  /// Throws: std::invalid_argument on options out of range.
  Lbfgs(Buffer<T> parameters, const LbfgsOptions& options);

  bool step(Objective<T>& objective) override;
  void reset(Buffer<T> parameters) override;
  const Buffer<T>& parameters() const noexcept override { return point_.parameters; }
  double value() const noexcept override { return point_.value; }

 private:
  struct Point {
    double value = std::numeric_limits<double>::infinity();
    Buffer<T> parameters, gradient;
  };
  struct Pair {
    Buffer<T> moved, turned;  // s = x' - x and y = g' - g
    double inverse_product;   // 1 / (s . y)
  };

  bool iterate(Objective<T>& objective, int& evaluations);
  void set_direction();
  void remember(const Buffer<T>& parameters, const Buffer<T>& gradient);

  LbfgsOptions options_;
  bool evaluated_ = false;
  Point point_;
  std::deque<Pair> pairs_;
  Buffer<T> direction_;
};

extern template class Lbfgs<float>;
extern template class Lbfgs<double>;

}  // namespace kan
