#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kan/network.hpp"

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
    std::size_t layer, edge;
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

extern template class JacobianColumns<float>;
extern template class JacobianColumns<double>;

}  // namespace kan
