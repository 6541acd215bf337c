#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chunk.hpp"
#include "kan/buffer.hpp"
#include "kan/network.hpp"
#include "loss.hpp"

namespace kan {

/// Where the numbers of a network's edges lie in a matrix of their own order: edge by edge, each with
/// its M coefficients and its base weight side by side, so that what a sample touches is adjacent.
struct EdgeOrder {
  struct Edge {
    std::size_t layer;
    std::size_t input;
    std::size_t sum;
    std::int32_t first;  // column of coefficient 0; the base weight's is M further
  };
  std::vector<Edge> edges;
  std::vector<std::size_t> parameter;  // of each column
  std::size_t width = 4;               // of a block of weights, see kernels::SparseRow
  std::size_t stride = 0;              // columns in memory: some zeros may fall behind the last

  template <class T>
  explicit EdgeOrder(const Network<T>& network);
};

/// Adds up the Gauss-Newton curvature of the samples of chunks.
template <class T>
class Curvature {
 public:
  Curvature(const Network<T>& network, const EdgeOrder& order);

  void clear();

  /// For a chunk that has been forward; uses its gradients as scratch. `scale` as in `add_loss`.
  void add(Chunk<T>& chunk, const T* parameters, Loss loss, const LossChunk<T>& view, double scale);

  /// Adds this one's sums to `curvature` [P][P], in the order of the network.
  void add_to(double* curvature) const;

 private:
  /// Where a chunk holds what one edge needs.
  struct Source {
    const std::int32_t* cells;
    const T* weights;  // [weight_count][stride]
    const T* grad_sum;
    std::size_t last;  // row of the base
    std::size_t alive;
    bool dense;
  };
  void find_sources(const Chunk<T>& chunk);
  void fill_row(std::size_t n, std::size_t stride);

  const Network<T>& network_;
  const EdgeOrder& order_;
  Buffer<double> matrix_;  // upper triangle by edges, [stride][stride]
  std::vector<Source> sources_;
  std::vector<std::int32_t> first_, apart_;
  Buffer<double> values_, single_;
};

extern template class Curvature<float>;
extern template class Curvature<double>;

}  // namespace kan
