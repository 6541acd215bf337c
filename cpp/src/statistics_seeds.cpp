#include "statistics_seeds.hpp"

#include <algorithm>

#include "one_input.hpp"
#include "parallel.hpp"
#include "symbolic_pass.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

template <class T>
struct StatisticsSeeds<T>::Pass {
  std::size_t l;
  const T* parameters;
  const LayerBuffers<T>& buffers;
  const Batch& batch;
  const T* grad_sums;
  T* grad_inputs;
  T* grad_parameters;
};

template <class T>
void StatisticsSeeds<T>::Seed::add(const T* values, std::size_t count, T* grad) const noexcept {
  if (factor == T(0)) return;
  for (std::size_t n = 0; n < count; ++n) grad[n] += at(values[n]);
}

template <class T>
StatisticsSeeds<T>::StatisticsSeeds(const Network<T>& network, EdgeMoments<T>& moments,
                                    const std::vector<LayerStatistics>& by_statistics,
                                    double weight)
    : network_(network), scratch_(moments.scratch()) {
  for (std::size_t l = 0; l < network.depth(); ++l) {
    layers_.push_back(seeds_of(network, moments, l, by_statistics[l], weight));
  }
}

template <class T>
typename StatisticsSeeds<T>::Layer StatisticsSeeds<T>::seeds_of(const Network<T>& network,
                                                                const EdgeMoments<T>& moments,
                                                                std::size_t l,
                                                                const LayerStatistics& by,
                                                                double weight) {
  const auto& own = moments.layer(l);
  const auto seed = [&](const Moments& values, double slope) {
    const double spread = moments.deviation(values) * (moments.count() - 1.0);
    const double factor = spread != 0.0 ? weight * slope / spread : 0.0;
    return Seed{static_cast<T>(values.mean), static_cast<T>(factor)};
  };
  const auto seeds = [&](const std::vector<Moments>& all, const Buffer<double>& slopes) {
    std::vector<Seed> result;
    result.reserve(all.size());
    for (std::size_t j = 0; j < all.size(); ++j) result.push_back(seed(all[j], slopes[j]));
    return result;
  };
  Buffer<double> by_spline = by.spline;  // where an edge is its spline, `edge` is `spline`
  for (std::size_t e = 0; e < by_spline.size(); ++e) by_spline[e] += by.edge[e];
  Buffer<double> by_symbolic;
  for (const SymbolicEdge& edge : network.layer(l).symbolic) {
    const std::size_t e = size(edge.input) * own.sums.size() + size(edge.sum);
    by_spline[e] = by.spline[e];
    by_symbolic.push_back(by.edge[e]);
  }
  return {seeds(own.inputs, by.input), seeds(own.splines, by_spline),
          seeds(own.symbolic, by_symbolic), seeds(own.sums, by.sum)};
}

/// Threads share the inputs, which have their own coefficients and gradients.
template <class T>
void StatisticsSeeds<T>::edges_backward(std::size_t l, const T* parameters,
                                        const LayerBuffers<T>& buffers, const Batch& batch,
                                        T* grad_sums, T* grad_inputs,
                                        T* grad_parameters) const noexcept {
  for (std::size_t s = 0; s < layers_[l].sums.size(); ++s) {
    layers_[l].sums[s].add(buffers.sums + s * batch.stride, batch.count,
                           grad_sums + s * batch.stride);
  }
  const Pass pass{l, parameters, buffers, batch, grad_sums, grad_inputs, grad_parameters};
  const std::size_t inputs = size(network_.layer(l).inputs);
  const double work = 0.4 * layer_work(kernel_shape(network_, l, batch.stride), batch.count);
  const int most = std::min(batch.threads, static_cast<int>(scratch_.size()));
  parallel_for(inputs, useful_threads(inputs, work, most),
               [&](std::size_t i, int worker) { input_backward(pass, i, scratch_[size(worker)]); });
}

/// One input, its edges' values becoming their own gradients.
template <class T>
void StatisticsSeeds<T>::input_backward(const Pass& pass, std::size_t i,
                                        EdgeScratch<T>& scratch) const noexcept {
  const auto& [l, parameters, buffers, batch, grad_sums, grad_inputs, grad_parameters] = pass;
  const Layer& seeds = layers_[l];
  const OneInput<T> alone(network_, l, i, buffers, batch);
  T* grad = grad_inputs != nullptr ? grad_inputs + i * batch.stride : nullptr;
  if (grad != nullptr) std::fill_n(grad, batch.stride, T(0));
  alone.splines_forward(parameters, scratch);
  const auto& edges = network_.layer(l).symbolic;
  const SymbolicRange symbolic = symbolic_edges_of(network_.layer(l), i);
  std::size_t next = symbolic.first;
  for (std::size_t s = 0; s < alone.sums(); ++s) {
    const Seed& own = seeds.splines[i * alone.sums() + s];
    const T* g = grad_sums + s * batch.stride;
    if (next < symbolic.last && size(edges[next].sum) == s) {
      symbolic_backward(pass, next++, scratch);
      g = scratch.symbolic.data();
    }
    T* values = scratch.edges.data() + s * batch.stride;
    for (std::size_t n = 0; n < batch.count; ++n) values[n] = g[n] + own.at(values[n]);
    std::fill(values + batch.count, values + batch.padded, T(0));
  }
  alone.splines_backward(parameters, scratch, grad, grad_parameters);
  if (grad != nullptr) seeds.inputs[i].add(buffers.inputs + i * batch.stride, batch.count, grad);
}

/// One symbolic edge beside its spline, whose values are in scratch.edges.
/// Writes: the gradient of both, scratch.symbolic.
template <class T>
void StatisticsSeeds<T>::symbolic_backward(const Pass& pass, std::size_t e,
                                           EdgeScratch<T>& scratch) const noexcept {
  const Batch& batch = pass.batch;
  const std::size_t first = size(network_.layer(pass.l).symbolic[e].sum) * batch.stride;
  const Seed& seed = layers_[pass.l].symbolic[e];
  T* both = scratch.symbolic.data();
  symbolic_edge_values(network_, pass.l, e, pass.parameters, pass.buffers.inputs, batch, both);
  for (std::size_t n = 0; n < batch.count; ++n) {
    both[n] = pass.grad_sums[first + n] + seed.at(both[n] + scratch.edges[first + n]);
  }
  symbolic_edge_backward<T>(network_, pass.l, e, pass.parameters, pass.buffers.inputs, batch, both,
                            pass.grad_inputs, pass.grad_parameters);
}

template class StatisticsSeeds<float>;
template class StatisticsSeeds<double>;

}  // namespace kan
