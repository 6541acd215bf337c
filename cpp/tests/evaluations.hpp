#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kan/evaluator.hpp"
#include "kan/system.hpp"
#include "networks.hpp"

/// What the tests of passes through networks share.
namespace kan::test {

/// Gives the process its number of threads back.
class ThreadCount {
 public:
  explicit ThreadCount(int count) { kan::set_thread_count(count); }
  ~ThreadCount() { kan::set_thread_count(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_ = kan::thread_count();
};

template <class T>
std::vector<T> predict(const Network<T>& network, const std::vector<T>& x) {
  const std::size_t rows = x.size() / size(network.architecture().inputs());
  std::vector<T> y(rows * size(network.architecture().outputs()));
  Evaluator<T>(network, Purpose::predict).predict(x.data(), rows, y.data());
  return y;
}

/// Training data for any loss; whoever evaluates it takes what he needs.
template <class T>
struct Data {
  std::size_t rows;
  std::vector<T> x, y, weight;
  std::vector<std::int64_t> labels;

  Data(const Architecture& architecture, std::size_t count, std::uint64_t seed) : rows(count) {
    Random random(seed);
    x = random.values<T>(rows * size(architecture.inputs()), -1.2, 1.2);
    y = random.values<T>(rows * size(architecture.outputs()));
    weight = random.values<T>(rows, 0.5, 2.0);
    for (std::size_t n = 0; n < rows; ++n) {
      labels.push_back(static_cast<std::int64_t>(random.between(0, architecture.outputs())));
    }
  }

  Samples<T> samples() const {
    return {x.data(), y.data(), labels.data(), weight.data(), nullptr, rows};
  }
};

/// Checks derivatives along `probes` of the variables: (f(v + h) - f(v - h)) / 2h is off by
/// h^2 f''' / 6 and by rounding of f over h; with h = 1e-5 both are below some 1e-9 for values, and
/// derivatives of splines with inner intervals of 1/4 or longer up to f''' of 1e3, of order 1.
template <class Value>
void check_gradient(std::vector<double>& variables, const std::vector<double>& gradient,
                    const Value& value, std::size_t probes) {
  constexpr double h = 1e-5;
  double scale = 1.0;
  for (const double g : gradient) scale = std::max(scale, std::abs(g));
  double worst = 0.0;
  for (std::size_t q = 0; q < probes; ++q) {
    const std::size_t p = probes >= variables.size() ? q : q * 7919 % variables.size();
    if (p >= variables.size()) break;
    const double kept = variables[p];
    variables[p] = kept + h;
    const double above = value();
    variables[p] = kept - h;
    const double below = value();
    variables[p] = kept;
    const double error = std::abs(gradient[p] - (above - below) / (2 * h));
    worst = error <= worst ? worst : std::isnan(error) ? 1e300 : error;
  }
  CHECK(worst <= 2e-6 * scale);
}

}  // namespace kan::test
