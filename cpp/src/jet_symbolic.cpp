#include "jet_symbolic.hpp"

#include "symbolic_edge.hpp"

namespace kan {
namespace {

/// One symbolic edge and the jets that reach it.
template <class T>
class JetEdge {
 public:
  JetEdge(const Network<T>& network, const JetRules& rules, std::size_t l, std::size_t edge,
          const T* parameters, const T* inputs, const JetBatch& batch)
      : function_(network, l, edge, parameters),
        rule_(rules.chain(l, function_.input())),
        order_(rules.shape.order() + 1),
        step_(batch.step),
        jet_(inputs + function_.input() * batch.stride) {}

  const EdgeFunction<T>& function() const { return function_; }
  const ChainRule& rule() const { return rule_; }
  int order() const { return order_; }
  double x(std::size_t n) const { return static_cast<double>(jet_[n]); }

  /// values[d] = f^(d)(u) at sample n, d = 0 ... order.
  void of_function(std::size_t n, double* values) const {
    function_.values_at(jet_[n], order_, values);
  }

  /// values[d] = y^(d)(x) at sample n but for delta.
  void of_edge(std::size_t n, double* values) const {
    of_function(n, values);
    double factor = static_cast<double>(function_.gamma());
    for (int d = 0; d <= order_; ++d) {
      values[d] *= factor;
      factor *= static_cast<double>(function_.alpha());
    }
  }

  /// What a term multiplies a derivative by.
  double factor(const ChainTerm& term, std::size_t n) const {
    double sum = 0.0;
    for (const JetProduct& product : term.products) {
      double one = 1.0;
      for (std::size_t f = 0; f < product.count; ++f) {
        one *= static_cast<double>(jet_[product.factors[f] * step_ + n]);
      }
      sum += one;
    }
    return sum;
  }

 private:
  EdgeFunction<T> function_;
  const ChainRule& rule_;
  int order_;
  std::size_t step_;
  const T* jet_;
};

constexpr int most_values = max_jet_order + 2;

}  // namespace

template <class T>
void jet_symbolic_forward(const Network<T>& network, const JetRules& rules, std::size_t l,
                          const T* parameters, const T* inputs, const JetBatch& batch,
                          T* sums) noexcept {
  for (std::size_t e = 0; e < network.layer(l).symbolic.size(); ++e) {
    const JetEdge<T> edge(network, rules, l, e, parameters, inputs, batch);
    T* y = sums + edge.function().sum() * batch.stride;
    for (std::size_t n = 0; n < batch.step; ++n) {
      double values[most_values];
      edge.of_edge(n, values);
      y[n] += edge.function().value(static_cast<T>(edge.x(n)));
      for (const ChainTerm& term : edge.rule()) {
        y[term.place * batch.step + n] +=
            static_cast<T>(values[term.derivative] * edge.factor(term, n));
      }
    }
  }
}

template <class T>
void jet_symbolic_edge_sums(const Network<T>& network, const JetRules& rules, std::size_t l,
                            const T* parameters, const T* inputs, const JetBatch& batch,
                            const T* grad_sums, T* edge_sums) noexcept {
  const auto features = static_cast<std::size_t>(network.layer(l).inputs);
  for (std::size_t e = 0; e < network.layer(l).symbolic.size(); ++e) {
    const JetEdge<T> edge(network, rules, l, e, parameters, inputs, batch);
    const T* g = grad_sums + edge.function().sum() * batch.stride;
    T* first = edge_sums + edge.function().input() * batch.stride;
    const std::size_t next = features * batch.stride;  // from one derivative to the next
    for (std::size_t n = 0; n < batch.step; ++n) {
      double values[most_values];
      edge.of_edge(n, values);
      rules.for_edge_sums(l, [&](int d, std::size_t p) {
        const std::size_t at = p * batch.step + n;
        first[(static_cast<std::size_t>(d) - 1) * next + at] +=
            static_cast<T>(static_cast<double>(g[at]) * values[d]);
      });
    }
  }
}

template <class T>
void jet_symbolic_derivatives(const Network<T>& network, const JetRules& rules, std::size_t l,
                              std::size_t edge, const T* parameters, const T* inputs,
                              const JetBatch& batch, const T* grad_sums, std::size_t n,
                              double* derivatives) noexcept {
  const JetEdge<T> own(network, rules, l, edge, parameters, inputs, batch);
  const T* g = grad_sums + own.function().sum() * batch.stride + n;
  double sums[most_values] = {static_cast<double>(g[0])};  // of g times factors, by derivative of f
  for (const ChainTerm& term : own.rule()) {
    sums[term.derivative] += static_cast<double>(g[term.place * batch.step]) * own.factor(term, n);
  }
  double f[most_values];
  own.of_function(n, f);
  const auto alpha = static_cast<double>(own.function().alpha());
  const auto gamma = static_cast<double>(own.function().gamma());
  double by_alpha = 0.0;
  double by_beta = 0.0;
  double by_gamma = 0.0;
  double power = 1.0;        // alpha^d
  double power_slope = 0.0;  // d alpha^(d - 1)
  for (int d = 0; d < own.order(); ++d) {
    by_gamma += sums[d] * power * f[d];
    by_beta += sums[d] * power * f[d + 1];
    by_alpha += sums[d] * (power_slope * f[d] + power * f[d + 1] * own.x(n));
    power_slope = power_slope * alpha + power;
    power *= alpha;
  }
  derivatives[EdgeAffine::alpha] = gamma * by_alpha;
  derivatives[EdgeAffine::beta] = gamma * by_beta;
  derivatives[EdgeAffine::gamma] = by_gamma;
  derivatives[EdgeAffine::delta] = sums[0];
}

#define KAN_JET_SYMBOLIC(T)                                                                       \
  template void jet_symbolic_forward(const Network<T>&, const JetRules&, std::size_t, const T*,   \
                                     const T*, const JetBatch&, T*) noexcept;                     \
  template void jet_symbolic_edge_sums(const Network<T>&, const JetRules&, std::size_t, const T*, \
                                       const T*, const JetBatch&, const T*, T*) noexcept;         \
  template void jet_symbolic_derivatives(const Network<T>&, const JetRules&, std::size_t,         \
                                         std::size_t, const T*, const T*, const JetBatch&,        \
                                         const T*, std::size_t, double*) noexcept;

KAN_JET_SYMBOLIC(float)
KAN_JET_SYMBOLIC(double)
#undef KAN_JET_SYMBOLIC

}  // namespace kan
