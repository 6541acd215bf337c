#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kan/evaluator.hpp"

namespace kan {

/// A function of the flat parameter vector that an optimizer lowers.
template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::size_t parameter_count() const = 0;

  /// Writes: gradient [P]. Returns the value. Throws: kan::Interrupted.
  virtual double evaluate(const T* parameters, T* gradient) = 0;

  /// The value alone. Throws: as `evaluate`.
  virtual double value(const T* parameters);

  /// A quadratic model, for methods of second order.
  /// Throws: std::logic_error where there is none, and as `evaluate`.
  virtual void model(const T* parameters, QuadraticModel& model);

  /// For methods that compute long by themselves. Throws: kan::Interrupted if somebody wants it.
  virtual void stop_if_asked() const {}

  /// Whether each step sees other data, so that values of two steps cannot be compared.
  virtual bool is_stochastic() const { return false; }

  /// Called once before each step.
  virtual void next_step() {}

  /// One byte per parameter, 1 if it may move; null if all may.
  virtual const std::uint8_t* trainable() const { return nullptr; }
};

/// What a DataObjective will be asked for: values and gradients, or quadratic models too.
enum class Order { first, second };

/// The loss of a network on data, on all of it or on shuffled minibatches.
///
/// The network lends its shape and grids; its own parameters are neither used nor changed. Those that
/// are evaluated must be 0 where an edge is masked, as `Network::parameters` are. Samples are never
/// copied: a minibatch is a stretch of a shuffled index, reshuffled when it is used up.
template <class T>
class DataObjective final : public Objective<T> {
 public:
  /// `batch` 0 or at least the number of samples means all of them.
  /// With `sparsity` its regulariser is part of the value.
  /// Throws: std::invalid_argument if that is wanted of second order.
  DataObjective(const Network<T>& network, const Samples<T>& samples, Loss loss, std::size_t batch,
                std::uint64_t seed, Order order = Order::first,
                std::optional<Sparsity> sparsity = std::nullopt);

  void set_interrupt(Interrupt interrupt) { evaluator_.set_interrupt(std::move(interrupt)); }

  std::size_t parameter_count() const override { return network_.parameter_count(); }
  double evaluate(const T* parameters, T* gradient) override;
  double value(const T* parameters) override;
  void model(const T* parameters, QuadraticModel& model) override;
  void stop_if_asked() const override { evaluator_.stop_if_asked(); }
  bool is_stochastic() const override { return !order_.empty(); }
  void next_step() override;
  const std::uint8_t* trainable() const override { return network_.trainable().data(); }

 private:
  void shuffle();

  const Network<T>& network_;
  Samples<T> samples_;
  Loss loss_;
  std::optional<Sparsity> sparsity_;
  std::size_t batch_;
  std::uint64_t random_state_;
  std::size_t next_ = 0;
  std::vector<std::int64_t> order_;
  Samples<T> current_;
  Evaluator<T> evaluator_;
};

extern template class DataObjective<float>;
extern template class DataObjective<double>;

}  // namespace kan
