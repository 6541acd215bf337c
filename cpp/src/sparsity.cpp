#include "kan/sparsity.hpp"

#include <cmath>

#include "scores.hpp"
#include "size_term.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

constexpr double least_input = 0.1;  // added to the deviation of an input

std::vector<LayerStatistics> zeros_like(const std::vector<LayerStatistics>& all) {
  const auto zeros = [](const Buffer<double>& one) { return Buffer<double>(one.size(), 0.0); };
  std::vector<LayerStatistics> result;
  result.reserve(all.size());
  for (const LayerStatistics& own : all) {
    result.push_back({zeros(own.input), zeros(own.spline), zeros(own.edge), zeros(own.sum)});
  }
  return result;
}

/// Sizes that an edge has by itself: `edge_forward_...`.
double forward_term(const Sparsity& sparsity, const Layer& layer, const LayerStatistics& own,
                    LayerStatistics* grad) {
  const std::size_t sums = size(layer.subnodes());
  const bool of_spline = sparsity.metric == SizeMetric::edge_forward_spline_n;
  const bool relative = sparsity.metric != SizeMetric::edge_forward_spline_u;
  const auto divisor = [&](std::size_t i) { return relative ? own.input[i] + least_input : 1.0; };
  Matrix V{size(layer.inputs), sums, of_spline ? own.spline : own.edge};
  for (std::size_t e = 0; e < V.values.size(); ++e) V.values[e] /= divisor(e / sums);
  Matrix by_V;
  const double value = size_term(sparsity, V, grad != nullptr ? &by_V : nullptr);
  if (grad == nullptr) return value;
  Buffer<double>& by_size = of_spline ? grad->spline : grad->edge;
  for (std::size_t e = 0; e < V.values.size(); ++e) {
    const std::size_t i = e / sums;
    by_size[e] += by_V.values[e] / divisor(i);
    if (relative) grad->input[i] -= by_V.values[e] * V.values[e] / divisor(i);
  }
  return value;
}

double size_terms(const Sparsity& sparsity, const Architecture& architecture,
                  const std::vector<LayerStatistics>& statistics,
                  std::vector<LayerStatistics>* grads) {
  if (sparsity.metric == SizeMetric::edge_backward) {
    return edge_backward_term(sparsity, architecture, statistics, grads);
  }
  if (sparsity.metric == SizeMetric::node_backward) {
    return node_backward_term(sparsity, architecture, statistics, grads);
  }
  double value = 0.0;
  for (std::size_t l = 0; l < statistics.size(); ++l) {
    value += forward_term(sparsity, architecture.layers[l], statistics[l],
                          grads != nullptr ? &(*grads)[l] : nullptr);
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

template <class T>
double regularity(const Network<T>& network, const T* parameters, const Sparsity& sparsity,
                  const std::vector<LayerStatistics>& statistics,
                  std::vector<LayerStatistics>* by_statistics, T* grad_parameters) {
  if (by_statistics != nullptr) *by_statistics = zeros_like(statistics);
  double value = size_terms(sparsity, network.architecture(), statistics, by_statistics);
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
