#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "evaluations.hpp"
#include "kan/sparsity.hpp"

/// Statistics of edges and the regulariser of sparsity from their definitions, one edge at a time.
namespace kan::test {

using Values = std::vector<std::vector<double>>;  // a row for each line of a matrix

inline double naive_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0.0;
  long double mean = 0.0L;
  for (const double v : values) mean += static_cast<long double>(v) / values.size();
  long double squares = 0.0L;
  for (const double v : values) {
    const long double step = static_cast<long double>(v) - mean;
    squares += step * step;
  }
  return static_cast<double>(std::sqrt(squares / (values.size() - 1)));
}

inline std::vector<double> column(const std::vector<double>& rows, std::size_t width,
                                  std::size_t which) {
  std::vector<double> values;
  for (std::size_t n = which; n < rows.size(); n += width) values.push_back(rows[n]);
  return values;
}

/// What one layer alone makes of its inputs when all but the edges (i, s) that `keep` names are 0.
template <class Keep>
std::vector<double> sums_of(const Network<double>& network, std::size_t l,
                            const std::vector<double>& z, const Keep& keep) {
  Layer layer = network.layer(l);
  const std::size_t sums = size(layer.subnodes());
  layer.sums = layer.subnodes();
  layer.arities.clear();
  std::vector<std::uint8_t> mask(size(layer.inputs) * sums, 0);
  std::vector<double> affine;
  for (std::size_t e = 0; e < mask.size(); ++e) mask[e] = keep(e / sums, e % sums, false) ? 1 : 0;
  for (std::size_t e = 0; e < layer.symbolic.size(); ++e) {
    const double* own = network.parameters() + network.offsets(l).symbolic + 4 * e;
    const bool on = keep(size(layer.symbolic[e].input), size(layer.symbolic[e].sum), true);
    affine.insert(affine.end(), {own[0], own[1], on ? own[2] : 0.0, on ? own[3] : 0.0});
  }
  Architecture architecture = network.architecture();
  architecture.layers = {layer};
  architecture.affine = false;
  Network<double> alone(architecture);
  alone.set_knots(0, network.grid(l).knots);
  std::copy_n(network.parameters() + network.offsets(l).coefficients, alone.offsets(0).symbolic,
              alone.mutable_parameters());
  std::copy(affine.begin(), affine.end(), alone.mutable_parameters() + alone.offsets(0).symbolic);
  alone.set_edge_mask(0, mask);
  return predict(alone, z);
}

/// Standard deviations edge by edge, each from a layer that has no other edge.
inline std::vector<LayerStatistics> naive_statistics(const Network<double>& network,
                                                     const std::vector<double>& x) {
  std::vector<LayerStatistics> all;
  const std::size_t rows = x.size() / size(network.architecture().inputs());
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const std::size_t inputs = size(network.layer(l).inputs);
    const std::size_t sums = size(network.layer(l).subnodes());
    std::vector<double> z(rows * inputs);
    Evaluator<double>(network, Purpose::predict).activations(x.data(), rows, l, z.data());
    LayerStatistics own;
    for (std::size_t i = 0; i < inputs; ++i) {
      own.input.push_back(naive_deviation(column(z, inputs, i)));
      for (std::size_t s = 0; s < sums; ++s) {
        const auto spline =
            sums_of(network, l, z, [&](std::size_t a, std::size_t b, bool symbolic) {
              return a == i && b == s && !symbolic;
            });
        const auto edge = sums_of(
            network, l, z, [&](std::size_t a, std::size_t b, bool) { return a == i && b == s; });
        own.spline.push_back(naive_deviation(column(spline, sums, s)));
        own.edge.push_back(naive_deviation(column(edge, sums, s)));
      }
    }
    const auto total = sums_of(network, l, z, [&](std::size_t i, std::size_t s, bool symbolic) {
      return symbolic || network.edge_mask(l)[i * sums + s] == 1;
    });
    for (std::size_t s = 0; s < sums; ++s)
      own.sum.push_back(naive_deviation(column(total, sums, s)));
    all.push_back(own);
  }
  return all;
}

inline std::size_t node_of(const Layer& layer, std::size_t s) {
  if (s < size(layer.sums)) return s;
  std::size_t end = size(layer.sums);
  for (std::size_t m = 0;; ++m) {
    end += size(layer.arities[m]);
    if (s < end) return size(layer.sums) + m;
  }
}

/// The share of the score of node j of layer l that its input i gets.
inline double naive_share(const Layer& layer, const LayerStatistics& own, std::size_t j,
                          std::size_t i) {
  double share = 0.0;
  for (std::size_t s = 0; s < own.sum.size(); ++s) {
    if (node_of(layer, s) == j) share += own.edge[i * own.sum.size() + s] / (own.sum[s] + 1e-4);
  }
  return share;
}

/// The score of node j of layer l, all outputs having 1 / O.
inline double naive_score(const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics, std::size_t l,
                          std::size_t j) {
  if (l + 1 == statistics.size()) return 1.0 / architecture.outputs();
  const Layer& next = architecture.layers[l + 1];
  double score = 0.0;
  for (std::size_t k = 0; k < size(next.nodes()); ++k) {
    score += naive_score(architecture, statistics, l + 1, k) *
             naive_share(next, statistics[l + 1], k, j);
  }
  return score;
}

/// How much of the score of node j of layer l comes to input f of the network, path by path.
inline double naive_paths(const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics, std::size_t l,
                          std::size_t j, std::size_t f) {
  if (l == 0) return naive_share(architecture.layers[0], statistics[0], j, f);
  double total = 0.0;
  for (std::size_t i = 0; i < size(architecture.layers[l].inputs); ++i) {
    total += naive_share(architecture.layers[l], statistics[l], j, i) *
             naive_paths(architecture, statistics, l - 1, i, f);
  }
  return total;
}

inline Values naive_sizes(SizeMetric metric, const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics, std::size_t l) {
  const Layer& layer = architecture.layers[l];
  const LayerStatistics& own = statistics[l];
  const std::size_t sums = own.sum.size();
  Values V;
  if (metric == SizeMetric::node_backward) {
    for (std::size_t j = 0; j < size(layer.nodes()); ++j) {
      V.emplace_back();
      for (std::size_t f = 0; f < size(architecture.inputs()); ++f) {
        V.back().push_back(naive_score(architecture, statistics, l, j) *
                           naive_paths(architecture, statistics, l, j, f));
      }
    }
    return V;
  }
  for (std::size_t i = 0; i < own.input.size(); ++i) {
    V.emplace_back();
    for (std::size_t s = 0; s < sums; ++s) {
      const std::size_t e = i * sums + s;
      const double R = own.input[i] + 0.1;
      const double score = naive_score(architecture, statistics, l, node_of(layer, s));
      V.back().push_back(metric == SizeMetric::edge_forward_spline_n   ? own.spline[e] / R
                         : metric == SizeMetric::edge_forward_spline_u ? own.edge[e]
                         : metric == SizeMetric::edge_forward_sum
                             ? own.edge[e] / R
                             : score * own.edge[e] / (own.sum[s] + 1e-4));
    }
  }
  return V;
}

/// -mean over rows of sum p log2(p + 1e-4).
inline double naive_entropy(const Values& V) {
  double mean = 0.0;
  for (const auto& row : V) {
    double total = 1.0;
    for (const double v : row) total += v;
    for (const double v : row) mean -= v / total * std::log2(v / total + 1e-4) / double(V.size());
  }
  return mean;
}

inline Values transposed(const Values& V) {
  Values result(V[0].size());
  for (const auto& row : V) {
    for (std::size_t n = 0; n < row.size(); ++n) result[n].push_back(row[n]);
  }
  return result;
}

inline double naive_coefficients(const Network<double>& network, const Sparsity& sparsity) {
  double value = 0.0;
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const Layer& layer = network.layer(l);
    const std::size_t sums = size(layer.subnodes());
    const double scale = std::sqrt(double(layer.inputs)) / double(sums);
    for (std::size_t i = 0; i < size(layer.inputs); ++i) {
      for (std::size_t s = 0; s < sums; ++s) {
        const double* c = network.parameters() + network.offsets(l).coefficients +
                          i * size(layer.rows()) * sums + s;
        for (std::size_t m = 0; m < size(layer.basis_functions()); ++m) {
          value += scale * sparsity.coef * std::abs(c[m * sums]);
          if (m == 0) continue;
          value += scale * sparsity.coefdiff * std::abs(c[m * sums] - c[(m - 1) * sums]);
        }
      }
    }
  }
  return value;
}

inline double naive_regularity(const Network<double>& network, const Sparsity& sparsity,
                               const std::vector<LayerStatistics>& statistics) {
  double value = naive_coefficients(network, sparsity);
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const Values V = naive_sizes(sparsity.metric, network.architecture(), statistics, l);
    for (const auto& row : V) {
      for (const double v : row) value += sparsity.l1 * v;
    }
    value += sparsity.entropy * (naive_entropy(V) + naive_entropy(transposed(V)));
  }
  return value;
}

}  // namespace kan::test
