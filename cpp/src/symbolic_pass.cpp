#include "symbolic_pass.hpp"

#include <algorithm>

#include "parallel.hpp"
#include "symbolic_edge.hpp"

namespace kan {

SymbolicRange symbolic_edges_of(const Layer& layer, std::size_t input) noexcept {
  const auto& edges = layer.symbolic;
  const auto before = [](const SymbolicEdge& edge, int other) { return edge.input < other; };
  const auto own = static_cast<int>(input);
  const auto first = std::lower_bound(edges.begin(), edges.end(), own, before);
  const auto last = std::lower_bound(first, edges.end(), own + 1, before);
  return {static_cast<std::size_t>(first - edges.begin()),
          static_cast<std::size_t>(last - edges.begin())};
}

template <class T>
void symbolic_forward(const Network<T>& network, std::size_t l, const T* parameters,
                      const T* inputs, std::size_t begin, std::size_t end, std::size_t stride,
                      T* sums) noexcept {
  for (std::size_t e = 0; e < network.layer(l).symbolic.size(); ++e) {
    const EdgeFunction<T> edge(network, l, e, parameters);
    const T* x = inputs + edge.input() * stride;
    T* y = sums + edge.sum() * stride;
    for (std::size_t n = begin; n < end; ++n) y[n] += edge.value(x[n]);
  }
}

/// Threads share the inputs, which have their own gradients.
template <class T>
void symbolic_backward(const Network<T>& network, std::size_t l, const T* parameters,
                       const T* inputs, const Batch& batch, const T* grad_sums, T* grad_inputs,
                       T* grad_parameters) noexcept {
  const Layer& layer = network.layer(l);
  if (layer.symbolic.empty()) return;
  const auto count = static_cast<std::size_t>(layer.inputs);
  const double work = symbolic_work * static_cast<double>(layer.symbolic.size() * batch.count);
  parallel_for(count, useful_threads(count, work, batch.threads), [&](std::size_t i, int) {
    const SymbolicRange own = symbolic_edges_of(layer, i);
    for (std::size_t e = own.first; e < own.last; ++e) {
      const auto sum = static_cast<std::size_t>(layer.symbolic[e].sum);
      symbolic_edge_backward(network, l, e, parameters, inputs, batch,
                             grad_sums + sum * batch.stride, grad_inputs, grad_parameters);
    }
  });
}

template <class T>
void symbolic_edge_values(const Network<T>& network, std::size_t l, std::size_t edge,
                          const T* parameters, const T* inputs, const Batch& batch,
                          T* values) noexcept {
  const EdgeFunction<T> own(network, l, edge, parameters);
  const T* x = inputs + own.input() * batch.stride;
  for (std::size_t n = 0; n < batch.count; ++n) values[n] = own.value(x[n]);
}

template <class T>
void symbolic_edge_backward(const Network<T>& network, std::size_t l, std::size_t edge,
                            const T* parameters, const T* inputs, const Batch& batch, const T* g,
                            T* grad_inputs, T* grad_parameters) noexcept {
  const EdgeFunction<T> own(network, l, edge, parameters);
  const T* x = inputs + own.input() * batch.stride;
  T* grad_x = grad_inputs != nullptr ? grad_inputs + own.input() * batch.stride : nullptr;
  double sums[EdgeAffine::count] = {};
  for (std::size_t n = 0; n < batch.count; ++n) {
    double f[2];
    own.values_at(x[n], 1, f);
    const auto by_y = static_cast<double>(g[n]);
    const double by_u = by_y * static_cast<double>(own.gamma()) * f[1];
    sums[EdgeAffine::alpha] += by_u * static_cast<double>(x[n]);
    sums[EdgeAffine::beta] += by_u;
    sums[EdgeAffine::gamma] += by_y * f[0];
    sums[EdgeAffine::delta] += by_y;
    if (grad_x != nullptr) grad_x[n] += static_cast<T>(by_u * static_cast<double>(own.alpha()));
  }
  if (grad_parameters == nullptr) return;
  for (std::size_t p = 0; p < EdgeAffine::count; ++p) {
    grad_parameters[own.first() + p] += static_cast<T>(sums[p]);
  }
}

template <class T>
void symbolic_edge_derivatives(const Network<T>& network, std::size_t l, std::size_t edge,
                               const T* parameters, T x, double* derivatives) noexcept {
  const EdgeFunction<T> own(network, l, edge, parameters);
  double f[2];
  own.values_at(x, 1, f);
  const double by_u = static_cast<double>(own.gamma()) * f[1];
  derivatives[EdgeAffine::alpha] = by_u * static_cast<double>(x);
  derivatives[EdgeAffine::beta] = by_u;
  derivatives[EdgeAffine::gamma] = f[0];
  derivatives[EdgeAffine::delta] = 1.0;
}

#define KAN_SYMBOLIC_PASS(T)                                                                      \
  template void symbolic_forward(const Network<T>&, std::size_t, const T*, const T*, std::size_t, \
                                 std::size_t, std::size_t, T*) noexcept;                          \
  template void symbolic_backward(const Network<T>&, std::size_t, const T*, const T*,             \
                                  const Batch&, const T*, T*, T*) noexcept;                       \
  template void symbolic_edge_values(const Network<T>&, std::size_t, std::size_t, const T*,       \
                                     const T*, const Batch&, T*) noexcept;                        \
  template void symbolic_edge_backward(const Network<T>&, std::size_t, std::size_t, const T*,     \
                                       const T*, const Batch&, const T*, T*, T*) noexcept;        \
  template void symbolic_edge_derivatives(const Network<T>&, std::size_t, std::size_t, const T*,  \
                                          T, double*) noexcept;

KAN_SYMBOLIC_PASS(float)
KAN_SYMBOLIC_PASS(double)
#undef KAN_SYMBOLIC_PASS

}  // namespace kan
