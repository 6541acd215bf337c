#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "kan/buffer.hpp"
#include "kan/network.hpp"
#include "kan/samples.hpp"
#include "kan/sparsity.hpp"

namespace kan {

/// Asked between groups of chunks, mostly some tens of milliseconds apart (curvatures of tens of
/// thousands of parameters take longer); answering true ends the call with kan::Interrupted.
using Interrupt = std::function<bool()>;

enum class Purpose { predict, gradient, curvature, statistics };

/// A linear form of adjacent parameters of a model that is 0 where a spline is one polynomial on both
/// sides of a knot: weights . parameters[first ... first + count).
struct Jump {
  std::size_t first;
  std::size_t count;
  std::array<double, 7> weights;
};

/// A loss near some parameters p: loss(p + d) ~ value + gradient . d + d . curvature d / 2, where the
/// curvature is that of Gauss and Newton: never negative, and exact where the residuals vanish.
/// It has one row and one column for every parameter that may move.
struct QuadraticModel {
  double value = 0.0;
  std::vector<std::size_t> parameters;  ///< which the rows belong to
  Buffer<double> gradient;              ///< [rows]
  Buffer<double> scale;                 ///< [rows], positive: see `LevenbergMarquardt`
  std::size_t stride = 0;               ///< at least the number of rows
  Buffer<double> curvature;             ///< [rows][stride], of which the lower triangle counts
  std::vector<Jump> jumps;              ///< what makes the network's splines rough
};

/// Runs batches through a network, chunk by chunk, in memory that depends on the network
/// and the threads alone.
///
/// The network is only read and must outlive the evaluator. Results are the same bits for any
/// number of threads, and predictions the same for a row alone and in a batch.
/// Threads: one evaluator per calling thread; several may share a network nobody changes.
template <class T>
class Evaluator {
 public:
  /// `most_rows` is a promise about the batches to come that saves memory; 0 promises nothing.
  /// Throws: std::bad_alloc.
  Evaluator(const Network<T>& network, Purpose purpose, std::size_t most_rows = 0);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;
  Evaluator& operator=(Evaluator&&) = delete;

  void set_interrupt(Interrupt interrupt);

  /// Throws: kan::Interrupted if the interrupt answers true.
  void stop_if_asked() const;

  /// Shapes: x [rows][I], y [rows][O]. Writes: y.
  void predict(const T* x, std::size_t rows, T* y);

  /// Inputs of layer l: activations [rows][I_l].
  void activations(const T* x, std::size_t rows, std::size_t l, T* activations);

  /// Smallest and largest value that reaches each input of layer l. Shapes: low, high [I_l].
  /// Throws: std::invalid_argument if there are no rows.
  void activation_range(const T* x, std::size_t rows, std::size_t l, T* low, T* high);

  /// At `parameters` [P], the network's own if null.
  /// Throws: std::invalid_argument if there are no samples or their weights do not have a positive sum.
  double loss(const Samples<T>& samples, Loss loss, const T* parameters = nullptr);

  /// Needs Purpose::gradient, as does `pullback`. At `parameters` [P], the network's own if null.
  /// Writes: gradient [P], 0 where nothing may move.
  /// Throws: as `loss`, and std::logic_error on an evaluator made for predictions.
  double loss_and_gradient(const Samples<T>& samples, Loss loss, T* gradient,
                           const T* parameters = nullptr);

  /// Of all rows. Needs Purpose::statistics, which serves gradients too, as do the next two.
  /// Throws: std::invalid_argument if there are no rows, std::logic_error for another purpose.
  std::vector<LayerStatistics> statistics(const T* x, std::size_t rows,
                                          const T* parameters = nullptr);

  /// See kan::regularity; weights of samples do not count. Throws: as `statistics`.
  double regularity(const Samples<T>& samples, const Sparsity& sparsity,
                    const T* parameters = nullptr);

  /// loss + lamb * regularity, and its gradient. Writes: as `loss_and_gradient`.
  /// Throws: as `loss` and `statistics`.
  double sparse_loss_and_gradient(const Samples<T>& samples, Loss loss, const Sparsity& sparsity,
                                  T* gradient, const T* parameters = nullptr);

  /// Needs Purpose::curvature. Memory: P^2 numbers.
  /// Throws: as `loss`, and std::logic_error for another purpose.
  /// Source: Schraudolph, Neural Computation 14 (2002) 1723-1738, for losses that are no squares.
  void model(const Samples<T>& samples, Loss loss, const T* parameters, QuadraticModel& model);

  /// The gradient of sum_no grad_y[n,o] y[n,o]. Shapes: grad_y [rows][O].
  /// Writes: grad_parameters [P] (all, trainable or not; 0 of the splines of layers that have none) and
  /// grad_x [rows][I], where not null.
  void pullback(const T* x, std::size_t rows, const T* grad_y, T* grad_parameters, T* grad_x);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

extern template class Evaluator<float>;
extern template class Evaluator<double>;

}  // namespace kan
