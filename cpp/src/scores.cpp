#include "scores.hpp"

#include <cstddef>
#include <numeric>
#include <utility>

#include "size_term.hpp"

namespace kan {
namespace {

using Statistics = std::vector<LayerStatistics>;

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Which node every subnode of a layer belongs to.
std::vector<std::size_t> nodes_of_subnodes(const Layer& layer) {
  std::vector<std::size_t> nodes(size(layer.sums));
  std::iota(nodes.begin(), nodes.end(), std::size_t{0});
  for (std::size_t m = 0; m < layer.arities.size(); ++m) {
    nodes.insert(nodes.end(), size(layer.arities[m]), size(layer.sums) + m);
  }
  return nodes;
}

Scores scores_of_equal_outputs(const Architecture& architecture, const Statistics& statistics) {
  const std::size_t outputs = size(architecture.outputs());
  return edge_scores(architecture, statistics,
                     std::vector<double>(outputs, 1.0 / static_cast<double>(outputs)));
}

/// A B, or with `transposed` A B^T.
Matrix product(const Matrix& A, const Matrix& B, bool transposed = false) {
  Matrix C = Matrix::zeros(A.rows, transposed ? B.rows : B.cols);
  for (std::size_t i = 0; i < C.rows; ++i) {
    for (std::size_t k = 0; k < A.cols; ++k) {
      for (std::size_t j = 0; j < C.cols; ++j) {
        C.at(i, j) += A.at(i, k) * (transposed ? B.at(j, k) : B.at(k, j));
      }
    }
  }
  return C;
}

/// C += A^T B.
void add_product_of_transposed(const Matrix& A, const Matrix& B, Matrix& C) {
  for (std::size_t k = 0; k < A.rows; ++k) {
    for (std::size_t i = 0; i < A.cols; ++i) {
      for (std::size_t j = 0; j < B.cols; ++j) C.at(i, j) += A.at(k, i) * B.at(k, j);
    }
  }
}

/// diag(a) A.
Matrix scaled_rows(const Buffer<double>& a, Matrix A) {
  for (std::size_t e = 0; e < A.values.size(); ++e) A.values[e] *= a[e / A.cols];
  return A;
}

/// M[node][i] of a layer, the share of a node's score that an input gets.
Matrix shares_of(const Layer& layer, const LayerStatistics& own) {
  const std::vector<std::size_t> nodes = nodes_of_subnodes(layer);
  Matrix M = Matrix::zeros(size(layer.nodes()), size(layer.inputs));
  for (std::size_t i = 0; i < M.cols; ++i) {
    for (std::size_t s = 0; s < nodes.size(); ++s) {
      M.at(nodes[s], i) += own.edge[i * nodes.size() + s] / (own.sum[s] + least_sum);
    }
  }
  return M;
}

/// Adds the gradient by the shares of a layer to that by its statistics.
void add_by_shares(const Layer& layer, const LayerStatistics& own, const Matrix& by_M,
                   LayerStatistics& grad) {
  const std::vector<std::size_t> nodes = nodes_of_subnodes(layer);
  for (std::size_t i = 0; i < by_M.cols; ++i) {
    for (std::size_t s = 0; s < nodes.size(); ++s) {
      const std::size_t e = i * nodes.size() + s;
      const double total = own.sum[s] + least_sum;
      const double by_share = by_M.at(nodes[s], i);
      grad.edge[e] += by_share / total;
      grad.sum[s] -= by_share * own.edge[e] / (total * total);
    }
  }
}

/// What each input of the network has of the score of each node: of layer l, V_l = diag(a_l) P_l with
/// the scores a_{l-1} = M_l^T a_l and the paths P_l = M_l P_{l-1}, P_{-1} = 1.
struct NodePaths {
  std::vector<Matrix> M, P;
  std::vector<Buffer<double>> a;

  NodePaths(const Architecture& architecture, const Statistics& statistics)
      : a(scores_of_equal_outputs(architecture, statistics).nodes) {
    a.erase(a.begin());
    for (std::size_t l = 0; l < statistics.size(); ++l) {
      M.push_back(shares_of(architecture.layers[l], statistics[l]));
      P.push_back(l == 0 ? M[0] : product(M[l], P[l - 1]));
    }
  }

  /// The gradient by M, from those by V.
  std::vector<Matrix> by_shares(const std::vector<Matrix>& by_V) const {
    std::vector<Matrix> by_P, by_M;
    for (std::size_t l = 0; l < M.size(); ++l) by_P.push_back(scaled_rows(a[l], by_V[l]));
    for (std::size_t l = M.size(); l-- > 1;) add_product_of_transposed(M[l], by_P[l], by_P[l - 1]);
    Buffer<double> by_score(P[0].cols, 0.0);  // the gradient by a_{l-1}; scores end at the inputs
    for (std::size_t l = 0; l < M.size(); ++l) {
      by_M.push_back(l == 0 ? by_P[0] : product(by_P[l], P[l - 1], true));
      Buffer<double> by_own(M[l].rows, 0.0);
      for (std::size_t j = 0; j < M[l].rows; ++j) {
        for (std::size_t i = 0; i < M[l].cols; ++i) {
          by_M[l].at(j, i) += a[l][j] * by_score[i];
          by_own[j] += M[l].at(j, i) * by_score[i];
        }
        for (std::size_t f = 0; f < P[l].cols; ++f) by_own[j] += by_V[l].at(j, f) * P[l].at(j, f);
      }
      by_score = std::move(by_own);
    }
    return by_M;
  }
};

}  // namespace

Scores edge_scores(const Architecture& architecture, const Statistics& statistics,
                   const std::vector<double>& output_scores) {
  const std::size_t depth = statistics.size();
  Scores scores{std::vector<Buffer<double>>(depth), std::vector<Buffer<double>>(depth),
                std::vector<Buffer<double>>(depth + 1)};
  scores.nodes[depth].assign(output_scores.begin(), output_scores.end());
  for (std::size_t l = depth; l-- > 0;) {
    const Layer& layer = architecture.layers[l];
    const LayerStatistics& own = statistics[l];
    const std::size_t sums = size(layer.subnodes());
    for (const std::size_t node : nodes_of_subnodes(layer)) {
      scores.subnodes[l].push_back(scores.nodes[l + 1][node]);
    }
    scores.edges[l].resize(own.edge.size());
    scores.nodes[l].assign(size(layer.inputs), 0.0);
    for (std::size_t e = 0; e < own.edge.size(); ++e) {
      const std::size_t s = e % sums;
      scores.edges[l][e] = own.edge[e] * scores.subnodes[l][s] / (own.sum[s] + least_sum);
      scores.nodes[l][e / sums] += scores.edges[l][e];
    }
  }
  return scores;
}

/// The gradient follows the scores from the inputs, where they end, up.
double edge_backward_term(const Sparsity& sparsity, const Architecture& architecture,
                          const Statistics& statistics, Statistics* grads) {
  const Scores scores = scores_of_equal_outputs(architecture, statistics);
  double value = 0.0;
  Buffer<double> by_input_score(size(architecture.inputs()), 0.0);
  for (std::size_t l = 0; l < statistics.size(); ++l) {
    const Layer& layer = architecture.layers[l];
    const LayerStatistics& own = statistics[l];
    const std::size_t sums = size(layer.subnodes());
    const Matrix V{size(layer.inputs), sums, scores.edges[l]};
    Matrix by_V;
    value += size_term(sparsity, V, grads != nullptr ? &by_V : nullptr);
    if (grads == nullptr) continue;
    Buffer<double> by_score(size(layer.nodes()), 0.0);
    const std::vector<std::size_t> nodes = nodes_of_subnodes(layer);
    for (std::size_t e = 0; e < V.values.size(); ++e) {
      const std::size_t s = e % sums;
      const double by_edge_score = by_V.values[e] + by_input_score[e / sums];
      const double total = own.sum[s] + least_sum;
      (*grads)[l].edge[e] += by_edge_score * scores.subnodes[l][s] / total;
      (*grads)[l].sum[s] -= by_edge_score * V.values[e] / total;
      by_score[nodes[s]] += by_edge_score * own.edge[e] / total;
    }
    by_input_score = std::move(by_score);
  }
  return value;
}

double node_backward_term(const Sparsity& sparsity, const Architecture& architecture,
                          const Statistics& statistics, Statistics* grads) {
  const NodePaths paths(architecture, statistics);
  std::vector<Matrix> by_V(statistics.size());
  double value = 0.0;
  for (std::size_t l = 0; l < statistics.size(); ++l) {
    value += size_term(sparsity, scaled_rows(paths.a[l], paths.P[l]),
                       grads != nullptr ? &by_V[l] : nullptr);
  }
  if (grads == nullptr) return value;
  const std::vector<Matrix> by_M = paths.by_shares(by_V);
  for (std::size_t l = 0; l < statistics.size(); ++l) {
    add_by_shares(architecture.layers[l], statistics[l], by_M[l], (*grads)[l]);
  }
  return value;
}

}  // namespace kan
