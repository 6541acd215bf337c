#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chunk.hpp"
#include "jacobian_columns.hpp"
#include "jet_chunk.hpp"
#include "kan/buffer.hpp"
#include "kan/evaluator.hpp"
#include "kan/network.hpp"
#include "loss.hpp"

namespace kan {

/// Adds up the curvature of Gauss and Newton, chunk by chunk.
template <class T>
class Curvature {
 public:
  /// For `rows` samples at a time, and the Jacobian of so many unknowns beside the network.
  Curvature(const Network<T>& network, std::size_t rows, std::size_t unknowns = 0);

  /// Bytes that one sample of a chunk takes.
  static std::size_t bytes_per_row(const Network<T>& network) noexcept;

  /// Rows whose Jacobian fits into the second-level cache.
  static std::size_t rows_at_once(const Network<T>& network) noexcept;

  /// Takes up what changed in the network: grids, masks, what may move.
  /// Writes: parameters, stride and jumps of the model, and a curvature of 0.
  void begin(QuadraticModel& model);

  /// For a chunk that has been forward; its gradients are scratch. `scale` as in `add_loss`.
  /// Adds: to the lower triangle of the model's curvature.
  void add(Chunk<T>& chunk, const T* parameters, Loss loss, const LossChunk<T>& view, double scale,
           QuadraticModel& model);

  /// For a chunk whose sensitivities are those of residuals [count]; `unknown_rows` [count][unknowns] are
  /// their derivatives by the unknowns. Adds: gradient and curvature of half the sum of squares.
  void add(const JetChunk<T>& chunk, const T* parameters, const double* residuals,
           const double* unknown_rows, QuadraticModel& model);

  /// Writes: scale, the mean curvature of splines, base weights and affines each, from that of all
  /// samples; the numbers of symbolic edges, each of its own unit, have their own. Inputs far out make
  /// base weights stiff, not the splines beside them; and targets in other units make the same steps:
  /// parameters of the last layer have the unit of the targets, and the curvature of the others its
  /// square. `square` is the mean of their squares.
  void finish(double square, QuadraticModel& model) const;

 private:
  void make_room();
  void set_own_scale(std::size_t begin, QuadraticModel& model) const;
  void set_scale(double square, std::size_t begin, std::size_t end, QuadraticModel& model) const;
  template <class C>
  void fill_rows(const C& chunk, const T* parameters, std::size_t first, std::size_t count,
                 int threads);
  template <class C>
  void fill_blocks(const C& chunk, std::size_t first, std::size_t begin, std::size_t end);
  template <class C>
  void fill_dense(const C& chunk, std::size_t first, std::size_t begin, std::size_t end);
  template <class C>
  void fill_symbolic(const C& chunk, const T* parameters, std::size_t first, std::size_t begin,
                     std::size_t end);
  void add_rows(std::size_t count, int threads, QuadraticModel& model) const;
  void add_gradient(std::size_t count, const double* residuals, QuadraticModel& model) const;

  const Network<T>& network_;
  std::size_t rows_, unknowns_;
  std::vector<std::uint8_t> trainable_;
  JacobianColumns<T> columns_;
  std::size_t dense_stride_ = 0;
  std::vector<std::int32_t> first_;  // [rows][edges]
  Buffer<double> values_;            // [rows][edges][width]
  Buffer<double> dense_;             // [rows][dense_stride]
};

extern template class Curvature<float>;
extern template class Curvature<double>;

}  // namespace kan
