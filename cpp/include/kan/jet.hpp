#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "kan/evaluator.hpp"
#include "kan/network.hpp"

namespace kan {

constexpr int max_jet_order = 3;

/// A partial derivative: along which inputs, in ascending order.
struct Derivative {
  int order = 0;
  std::array<int, max_jet_order> inputs = {};  // `order` of them count
};

/// The value of a function of `inputs` variables and its partial derivatives up to `order`: first the
/// value, then order by order, each in lexical order: u, u_0, u_1, u_00, u_01, u_11, ...
class JetShape {
 public:
  /// Throws: std::invalid_argument unless inputs > 0 and 0 <= order <= max_jet_order.
  JetShape(int inputs, int order);

  int inputs() const noexcept { return inputs_; }
  int order() const noexcept { return order_; }
  std::size_t size() const noexcept { return derivatives_.size(); }
  const Derivative& operator[](std::size_t place) const noexcept { return derivatives_[place]; }

  /// Where a derivative is, its inputs in any order. Call with what the shape has.
  std::size_t place(Derivative derivative) const noexcept;

 private:
  int inputs_, order_;
  std::vector<Derivative> derivatives_;
};

/// One condition on the jets of a network at some points, linearised where they are:
/// residual_n + sum_pd seeds[p,n,o] d u_p,o + sum_e unknown_seeds[n,e] d unknown_e.
template <class T>
struct Residual {
  const T* x;  ///< [rows][I]
  std::size_t rows;
  const double* values;         ///< [rows]
  const T* seeds;               ///< [places][rows][O], derivatives of the residual by the jet
  const double* unknown_seeds;  ///< [rows][unknowns], null where there are none
  double weight;                ///< of the sum of squares in the loss
};

/// Runs jets of points through a network, chunk by chunk, and the gradients back: the outputs with their
/// partial derivatives along the inputs, exactly, by the chain rule of Faa di Bruno in every layer.
///
/// A jet goes through the three kernels as a few rows would: one row for each of its numbers, which
/// meets the same coefficients with weights of its own. At knots of splines where a derivative jumps it is
/// that of one side. Threads and bits: as `Evaluator`.
/// Source: Faa di Bruno's formula, Constantine and Savits, Trans. AMS 348 (1996) 503-520.
template <class T>
class JetEvaluator {
 public:
  /// Throws: as JetShape, and std::bad_alloc.
  JetEvaluator(const Network<T>& network, int order);
  ~JetEvaluator();
  JetEvaluator(JetEvaluator&&) noexcept;
  JetEvaluator(const JetEvaluator&) = delete;
  JetEvaluator& operator=(const JetEvaluator&) = delete;
  JetEvaluator& operator=(JetEvaluator&&) = delete;

  const JetShape& shape() const noexcept;
  void set_interrupt(Interrupt interrupt);

  /// At `parameters` [P], the network's own if null.
  /// Shapes: x [rows][I]; jets [places][rows][O]. Throws: kan::Interrupted.
  void jets(const T* x, std::size_t rows, T* jets, const T* parameters = nullptr);

  /// The gradient of sum grad_jets * jets. Writes: grad_parameters [P] (all, trainable or not) and grad_x
  /// [rows][I], where not null. Throws: kan::Interrupted.
  void pullback(const T* x, std::size_t rows, const T* grad_jets, T* grad_parameters, T* grad_x,
                const T* parameters = nullptr);

 private:
  template <class U>
  friend class ResidualModel;
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/// Adds up the quadratic model of a sum of squared residuals, for methods of second order. The
/// parameters are those of the network [P] and some unknowns behind them.
template <class T>
class ResidualModel {
 public:
  ResidualModel(const Network<T>& network, std::size_t unknowns);
  ~ResidualModel();
  ResidualModel(const ResidualModel&) = delete;
  ResidualModel& operator=(const ResidualModel&) = delete;

  /// Begins at 0.
  void begin(QuadraticModel& model);

  /// Adds weight * sum of squares of one residual. The evaluator belongs to the same network.
  /// Throws: kan::Interrupted.
  void add(JetEvaluator<T>& evaluator, const Residual<T>& residual, const T* parameters,
           QuadraticModel& model);

  /// Writes: the model's scale.
  void finish(QuadraticModel& model) const;

 private:
  struct Sums;
  std::unique_ptr<Sums> sums_;
};

extern template class JetEvaluator<float>;
extern template class JetEvaluator<double>;
extern template class ResidualModel<float>;
extern template class ResidualModel<double>;

}  // namespace kan
