#include "kan/sparsity.hpp"

#include <cmath>

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

constexpr double least_input = 0.1;    // added to the deviation of an input
constexpr double least_sum = 1e-4;     // added to the deviation of a sum
constexpr double least_share = 1e-4;   // added to a share before its logarithm
constexpr double log_2 = 0.69314718055994530942;

using Matrix = Buffer<double>;  // row by row

/// Which node every subnode of a layer belongs to.
std::vector<std::size_t> nodes_of_subnodes(const Layer& layer) {
  std::vector<std::size_t> nodes;
  for (std::size_t s = 0; s < size(layer.sums); ++s) nodes.push_back(s);
  for (std::size_t m = 0; m < layer.arities.size(); ++m) {
    nodes.insert(nodes.end(), size(layer.arities[m]), size(layer.sums) + m);
  }
  return nodes;
}

/// -mean over lines of sum p log2(p + 1e-4), p = V / (sum of the line + 1). A line is a row, or with
/// `columns` a column. Adds: `weight` times the gradient to `grad`.
double entropy_of_lines(const Matrix& V, std::size_t rows, std::size_t cols, bool columns,
                        double weight, double* grad) {
  const std::size_t lines = columns ? cols : rows;
  const std::size_t length = columns ? rows : cols;
  double entropy = 0.0;
  for (std::size_t line = 0; line < lines; ++line) {
    const auto at = [&](std::size_t n) { return columns ? n * cols + line : line * cols + n; };
    double total = 1.0;
    for (std::size_t n = 0; n < length; ++n) total += V[at(n)];
    double mean_slope = 0.0;
    const auto slope = [&](double p) {
      return -(std::log2(p + least_share) + p / ((p + least_share) * log_2)) /
             static_cast<double>(lines);
    };
    for (std::size_t n = 0; n < length; ++n) {
      const double p = V[at(n)] / total;
      entropy -= p * std::log2(p + least_share) / static_cast<double>(lines);
      mean_slope += slope(p) * p;
    }
    for (std::size_t n = 0; grad != nullptr && n < length; ++n) {
      grad[at(n)] += weight * (slope(V[at(n)] / total) - mean_slope) / total;
    }
  }
  return entropy;
}

/// Of one matrix of sizes. Writes: its gradient where not null.
double size_term(const Sparsity& sparsity, const Matrix& V, std::size_t rows, std::size_t cols,
                 Matrix* gradient) {
  double* grad = nullptr;
  if (gradient != nullptr) {
    gradient->assign(V.size(), sparsity.l1);
    grad = gradient->data();
  }
  double total = 0.0;
  for (const double v : V) total += v;
  const double entropy = entropy_of_lines(V, rows, cols, false, sparsity.entropy, grad) +
                         entropy_of_lines(V, rows, cols, true, sparsity.entropy, grad);
  return sparsity.l1 * total + sparsity.entropy * entropy;
}

std::vector<double> equal_shares(const Architecture& architecture) {
  const std::size_t outputs = size(architecture.outputs());
  return std::vector<double>(outputs, 1.0 / static_cast<double>(outputs));
}

LayerStatistics zeros_like(const LayerStatistics& own) {
  return {Matrix(own.input.size(), 0.0), Matrix(own.spline.size(), 0.0),
          Matrix(own.edge.size(), 0.0), Matrix(own.sum.size(), 0.0)};
}

/// Sizes that an edge has by itself: `edge_forward_...`.
double forward_term(const Sparsity& sparsity, const Layer& layer, const LayerStatistics& own,
                    LayerStatistics* grad) {
  const std::size_t inputs = size(layer.inputs);
  const std::size_t sums = size(layer.subnodes());
  const bool of_spline = sparsity.metric == SizeMetric::edge_forward_spline_n;
  const bool relative = sparsity.metric != SizeMetric::edge_forward_spline_u;
  Matrix V = of_spline ? own.spline : own.edge;
  const auto divisor = [&](std::size_t i) { return relative ? own.input[i] + least_input : 1.0; };
  for (std::size_t e = 0; e < V.size(); ++e) V[e] /= divisor(e / sums);
  Matrix by_V;
  const double value = size_term(sparsity, V, inputs, sums, grad != nullptr ? &by_V : nullptr);
  if (grad == nullptr) return value;
  Matrix& by_size = of_spline ? grad->spline : grad->edge;
  for (std::size_t e = 0; e < V.size(); ++e) {
    const std::size_t i = e / sums;
    by_size[e] += by_V[e] / divisor(i);
    if (relative) grad->input[i] -= by_V[e] * V[e] / divisor(i);
  }
  return value;
}

/// Sizes by scores of edges. The gradient follows the scores from the inputs, where they end, up.
double edge_backward_term(const Sparsity& sparsity, const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics,
                          std::vector<LayerStatistics>* grads) {
  const Scores scores = edge_scores(architecture, statistics, equal_shares(architecture));
  double value = 0.0;
  Matrix by_input_score(size(architecture.inputs()), 0.0);
  for (std::size_t l = 0; l < statistics.size(); ++l) {
    const Layer& layer = architecture.layers[l];
    const LayerStatistics& own = statistics[l];
    const std::size_t sums = size(layer.subnodes());
    Matrix by_V;
    value += size_term(sparsity, scores.edges[l], size(layer.inputs), sums,
                       grads != nullptr ? &by_V : nullptr);
    if (grads == nullptr) continue;
    Matrix by_score(size(layer.nodes()), 0.0);
    const std::vector<std::size_t> nodes = nodes_of_subnodes(layer);
    for (std::size_t e = 0; e < by_V.size(); ++e) {
      const std::size_t s = e % sums;
      const double by_edge_score = by_V[e] + by_input_score[e / sums];
      const double total = own.sum[s] + least_sum;
      (*grads)[l].edge[e] += by_edge_score * scores.subnodes[l][s] / total;
      (*grads)[l].sum[s] -= by_edge_score * scores.edges[l][e] / total;
      by_score[nodes[s]] += by_edge_score * own.edge[e] / total;
    }
    by_input_score = std::move(by_score);
  }
  return value;
}

/// M[node][i] of a layer, the share of a node's score that an input gets.
Matrix shares_of(const Layer& layer, const LayerStatistics& own) {
  const std::size_t inputs = size(layer.inputs);
  const std::size_t sums = size(layer.subnodes());
  const std::vector<std::size_t> nodes = nodes_of_subnodes(layer);
  Matrix M(size(layer.nodes()) * inputs, 0.0);
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      M[nodes[s] * inputs + i] += own.edge[i * sums + s] / (own.sum[s] + least_sum);
    }
  }
  return M;
}

/// Adds the gradient by the shares of a layer to that by its statistics.
void add_by_shares(const Layer& layer, const LayerStatistics& own, const Matrix& by_M,
                   LayerStatistics& grad) {
  const std::size_t inputs = size(layer.inputs);
  const std::size_t sums = size(layer.subnodes());
  const std::vector<std::size_t> nodes = nodes_of_subnodes(layer);
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      const double total = own.sum[s] + least_sum;
      const double by_share = by_M[nodes[s] * inputs + i];
      grad.edge[i * sums + s] += by_share / total;
      grad.sum[s] -= by_share * own.edge[i * sums + s] / (total * total);
    }
  }
}

/// V of layer l is diag(a_l) P_l with P_l = M_l P_{l-1}, P_{-1} = 1, and a_{l-1} = M_l^T a_l: what each
/// input of the network has of the score of each node.
double node_backward_term(const Sparsity& sparsity, const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics,
                          std::vector<LayerStatistics>* grads) {
  const std::size_t depth = statistics.size();
  const std::size_t features = size(architecture.inputs());
  const Scores scores = edge_scores(architecture, statistics, equal_shares(architecture));
  std::vector<Matrix> M, P, by_P(depth), by_a(depth);
  double value = 0.0;
  for (std::size_t l = 0; l < depth; ++l) {
    const Layer& layer = architecture.layers[l];
    const std::size_t nodes = size(layer.nodes());
    const std::size_t inputs = size(layer.inputs);
    M.push_back(shares_of(layer, statistics[l]));
    Matrix paths = l == 0 ? M[0] : Matrix(nodes * features, 0.0);
    for (std::size_t j = 0; l > 0 && j < nodes; ++j) {
      for (std::size_t i = 0; i < inputs; ++i) {
        for (std::size_t f = 0; f < features; ++f) {
          paths[j * features + f] += M[l][j * inputs + i] * P[l - 1][i * features + f];
        }
      }
    }
    P.push_back(std::move(paths));
    const Buffer<double>& a = scores.nodes[l + 1];
    Matrix V = P[l];
    for (std::size_t e = 0; e < V.size(); ++e) V[e] *= a[e / features];
    Matrix by_V;
    value += size_term(sparsity, V, nodes, features, grads != nullptr ? &by_V : nullptr);
    if (grads == nullptr) continue;
    by_P[l] = by_V;
    by_a[l].assign(nodes, 0.0);
    for (std::size_t e = 0; e < V.size(); ++e) {
      by_P[l][e] *= a[e / features];
      by_a[l][e / features] += by_V[e] * P[l][e];
    }
  }
  if (grads == nullptr) return value;
  for (std::size_t l = depth; l-- > 1;) {  // through P_l = M_l P_{l-1}
    const std::size_t inputs = size(architecture.layers[l].inputs);
    for (std::size_t j = 0; j < size(architecture.layers[l].nodes()); ++j) {
      for (std::size_t i = 0; i < inputs; ++i) {
        for (std::size_t f = 0; f < features; ++f) {
          by_P[l - 1][i * features + f] += M[l][j * inputs + i] * by_P[l][j * features + f];
        }
      }
    }
  }
  for (std::size_t l = 0; l < depth; ++l) {  // through a_{l-1} = M_l^T a_l, from the inputs up
    const std::size_t inputs = size(architecture.layers[l].inputs);
    const Buffer<double>& a = scores.nodes[l + 1];
    Matrix by_M(M[l].size(), 0.0);
    for (std::size_t j = 0; j < a.size(); ++j) {
      for (std::size_t i = 0; i < inputs; ++i) {
        double own = 0.0;
        if (l == 0) {
          own = by_P[0][j * features + i];
        } else {
          for (std::size_t f = 0; f < features; ++f) {
            own += by_P[l][j * features + f] * P[l - 1][i * features + f];
          }
          own += a[j] * by_a[l - 1][i];
          by_a[l][j] += M[l][j * inputs + i] * by_a[l - 1][i];
        }
        by_M[j * inputs + i] = own;
      }
    }
    add_by_shares(architecture.layers[l], statistics[l], by_M, (*grads)[l]);
  }
  return value;
}

double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0; }

/// Of the coefficients of one layer; adds lamb times the gradient where not null.
template <class T>
double coefficient_term(const Network<T>& network, std::size_t l, const T* parameters,
                        const Sparsity& sparsity, T* grad) {
  const Layer& layer = network.layer(l);
  const std::size_t sums = size(layer.subnodes());
  const std::size_t functions = size(layer.basis_functions());
  const double scale = std::sqrt(static_cast<double>(layer.inputs)) / static_cast<double>(sums);
  double value = 0.0;
  const auto add = [&](std::size_t p, double slope) {
    if (grad != nullptr) grad[p] += static_cast<T>(sparsity.lamb * scale * slope);
  };
  for (std::size_t i = 0; i < size(layer.inputs); ++i) {
    const std::size_t first = network.offsets(l).coefficients + i * size(layer.rows()) * sums;
    for (std::size_t p = first; p < first + functions * sums; ++p) {
      const auto c = static_cast<double>(parameters[p]);
      value += scale * sparsity.coef * std::abs(c);
      add(p, sparsity.coef * sign(c));
      if (p + sums >= first + functions * sums) continue;
      const double step = static_cast<double>(parameters[p + sums]) - c;
      value += scale * sparsity.coefdiff * std::abs(step);
      add(p + sums, sparsity.coefdiff * sign(step));
      add(p, -sparsity.coefdiff * sign(step));
    }
  }
  return value;
}

}  // namespace

Scores edge_scores(const Architecture& architecture, const std::vector<LayerStatistics>& statistics,
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

template <class T>
double regularity(const Network<T>& network, const T* parameters, const Sparsity& sparsity,
                  const std::vector<LayerStatistics>& statistics,
                  std::vector<LayerStatistics>* by_statistics, T* grad_parameters) {
  const Architecture& architecture = network.architecture();
  if (by_statistics != nullptr) {
    by_statistics->clear();
    for (const LayerStatistics& own : statistics) by_statistics->push_back(zeros_like(own));
  }
  double value = 0.0;
  if (sparsity.metric == SizeMetric::edge_backward) {
    value = edge_backward_term(sparsity, architecture, statistics, by_statistics);
  } else if (sparsity.metric == SizeMetric::node_backward) {
    value = node_backward_term(sparsity, architecture, statistics, by_statistics);
  } else {
    for (std::size_t l = 0; l < statistics.size(); ++l) {
      value += forward_term(sparsity, architecture.layers[l], statistics[l],
                            by_statistics != nullptr ? &(*by_statistics)[l] : nullptr);
    }
  }
  if (sparsity.coef == 0.0 && sparsity.coefdiff == 0.0) return value;
  for (std::size_t l = 0; l < network.depth(); ++l) {
    value += coefficient_term(network, l, parameters, sparsity, grad_parameters);
  }
  return value;
}

template double regularity(const Network<float>&, const float*, const Sparsity&,
                           const std::vector<LayerStatistics>&, std::vector<LayerStatistics>*,
                           float*);
template double regularity(const Network<double>&, const double*, const Sparsity&,
                           const std::vector<LayerStatistics>&, std::vector<LayerStatistics>*,
                           double*);

}  // namespace kan
