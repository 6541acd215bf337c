#pragma once

#include <cstddef>
#include <vector>

#include "kan/network.hpp"

namespace kan {

/// One symbolic edge with its four numbers.
template <class T>
class EdgeFunction {
 public:
  EdgeFunction(const Network<T>& network, std::size_t l, std::size_t edge, const T* parameters)
      : edge_(network.layer(l).symbolic[edge]),
        tables_(network.architecture().tables),
        first_(network.offsets(l).symbolic + edge * EdgeAffine::count),
        own_(parameters + first_) {}

  std::size_t input() const { return static_cast<std::size_t>(edge_.input); }
  std::size_t sum() const { return static_cast<std::size_t>(edge_.sum); }
  std::size_t first() const { return first_; }
  T alpha() const { return own_[EdgeAffine::alpha]; }
  T gamma() const { return own_[EdgeAffine::gamma]; }

  T value(T x) const {
    double f[1];
    values_at(x, 0, f);
    return gamma() * static_cast<T>(f[0]) + own_[EdgeAffine::delta];
  }

  /// f and its derivatives at alpha x + beta.
  void values_at(T x, int order, double* values) const {
    const auto u = static_cast<double>(alpha() * x + own_[EdgeAffine::beta]);
    if (edge_.function == Function::table) {
      function_values(tables_[static_cast<std::size_t>(edge_.table)], u, order, values);
    } else {
      function_values(edge_.function, u, order, values);
    }
  }

 private:
  const SymbolicEdge& edge_;
  const std::vector<Table>& tables_;
  std::size_t first_;
  const T* own_;
};

}  // namespace kan
