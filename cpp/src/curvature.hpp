#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chunk.hpp"
#include "jet_chunk.hpp"
#include "kan/buffer.hpp"
#include "kan/evaluator.hpp"
#include "kan/network.hpp"
#include "loss.hpp"

namespace kan {

/// The columns of a network's Jacobian: edge by edge the coefficients, so that those that one sample
/// touches are adjacent, then what every sample touches: base weights, affines and the numbers of
/// symbolic edges, and unknowns that do not belong to the network, behind its parameters. Only what may
/// move has a column.
template <class T>
class JacobianColumns {
 public:
  struct Edge {
    std::size_t layer, input, sum;
    std::int32_t first;  // column of coefficient 0; unused for base weights
  };
  struct Affine {
    std::size_t layer, which;  // row of Chunk::grad_affine
  };
  struct Symbolic {
    std::size_t layer, edge, input, sum;
    std::vector<std::size_t> moving;  // which of its EdgeAffine numbers have a column, in order
  };

  explicit JacobianColumns(const Network<T>& network, std::size_t unknowns = 0);

  const std::vector<Edge>& edges() const noexcept { return edges_; }
  const std::vector<Edge>& bases() const noexcept { return bases_; }
  const std::vector<Affine>& affines() const noexcept { return affines_; }
  const std::vector<Symbolic>& symbolics() const noexcept { return symbolics_; }
  const std::vector<std::size_t>& parameters() const noexcept { return parameters_; }
  const std::vector<std::size_t>& layers() const noexcept { return layers_; }  ///< of each column
  std::size_t dense_begin() const noexcept { return parameters_.size() - dense_count(); }
  std::size_t symbolic_begin() const noexcept { return symbolic_begin_; }
  std::size_t unknown_begin() const noexcept { return parameters_.size() - unknowns_; }
  std::size_t dense_count() const noexcept {
    return bases_.size() + affines_.size() + parameters_.size() - symbolic_begin_;
  }
  std::size_t width() const noexcept { return width_; }  ///< see kernels::SparseRows

 private:
  void add_column(std::size_t l, std::size_t parameter);
  void add_edges(const Network<T>& network, std::size_t l);
  void add_bases(const Network<T>& network, std::size_t l);
  void add_affines(const Network<T>& network, std::size_t l);
  void add_symbolics(const Network<T>& network, std::size_t l);

  std::vector<Edge> edges_, bases_;
  std::vector<Affine> affines_;
  std::vector<Symbolic> symbolics_;
  std::vector<std::size_t> parameters_, layers_;
  std::size_t symbolic_begin_ = 0;
  std::size_t unknowns_ = 0;
  std::size_t width_ = 4;
};

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

extern template class JacobianColumns<float>;
extern template class JacobianColumns<double>;
extern template class Curvature<float>;
extern template class Curvature<double>;

}  // namespace kan
