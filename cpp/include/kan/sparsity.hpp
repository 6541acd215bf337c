#pragma once

#include <cstddef>
#include <vector>

#include "kan/buffer.hpp"
#include "kan/network.hpp"

namespace kan {

/// Standard deviations over samples (divided by N - 1) of what passes through one layer.
struct LayerStatistics {
  Buffer<double> input;   ///< [I], of x_i
  Buffer<double> spline;  ///< [I][S], of the spline and base of an edge
  Buffer<double> edge;    ///< [I][S], of all of an edge: where it is symbolic, its function too
  Buffer<double> sum;     ///< [S], of the sums before any affine
};

/// What of an edge counts as its size V: with R = std of its input + 0.1 and T = std of its sum,
///   edge_forward_spline_n  spline / R
///   edge_forward_spline_u  edge
///   edge_forward_sum       edge / R
///   edge_backward          the edge's score, see `edge_scores`
///   node_backward          scores of inputs through nodes: for every layer a matrix [nodes][I_0]
enum class SizeMetric {
  edge_forward_spline_n,
  edge_forward_spline_u,
  edge_forward_sum,
  edge_backward,
  node_backward
};

/// A regulariser that makes networks sparse:
///   lamb ( sum over matrices V of l1 sum(V) + entropy (H_rows(V) + H_columns(V))
///          + sum over layers of coef sum |c| sqrt(I) / S + coefdiff sum |c_m+1 - c_m| sqrt(I) / S )
/// with H_rows = -mean over rows of sum p log2(p + 1e-4), p = V / (its row's sum + 1).
/// The factor sqrt(I) gives coefficients the scale that they have in pykan.
/// Source: Liu et al., arXiv 2404.19756, section 2.5.1, and pykan.
struct Sparsity {
  SizeMetric metric = SizeMetric::edge_forward_spline_n;
  double lamb = 0.0;
  double l1 = 1.0;
  double entropy = 2.0;
  double coef = 0.0;
  double coefdiff = 0.0;
};

/// Shares of the network's output: every output starts with `output_scores` [nodes of the last layer],
/// every factor of a product has the score of the product, and a sum passes its score on,
///   edge score = edge statistic * score of the sum / (T + 1e-4).
/// Statistics may be those of the first layers only, whose last layer is the output then.
struct Scores {
  std::vector<Buffer<double>> edges;     ///< of each layer, [I][S]
  std::vector<Buffer<double>> subnodes;  ///< of each layer, [S]
  std::vector<Buffer<double>> nodes;     ///< [I_0], then the nodes of each layer
};
Scores edge_scores(const Architecture& architecture, const std::vector<LayerStatistics>& statistics,
                   const std::vector<double>& output_scores);

/// The regulariser without its factor `lamb`. Shapes: parameters [P].
/// Writes: where not null, its gradient by the statistics.
/// Adds: where not null, lamb times its gradient by the parameters at fixed statistics.
template <class T>
double regularity(const Network<T>& network, const T* parameters, const Sparsity& sparsity,
                  const std::vector<LayerStatistics>& statistics,
                  std::vector<LayerStatistics>* by_statistics, T* grad_parameters);

}  // namespace kan
