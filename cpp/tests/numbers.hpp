#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

/// What the tests of arithmetic share: numbers that look random and are the same everywhere.
namespace kan::test {

inline std::size_t size(int n) { return static_cast<std::size_t>(n); }

template <class T>
constexpr double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /// In [low, high), from 53 bits of a splitmix64.
  double between(double low, double high) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    z ^= z >> 31U;
    return low + (high - low) * (static_cast<double>(z >> 11U) / 9007199254740992.0);
  }

  template <class T>
  std::vector<T> values(std::size_t count, double low = -1.0, double high = 1.0) {
    std::vector<T> all(count);
    for (T& value : all) value = static_cast<T>(between(low, high));
    return all;
  }

 private:
  std::uint64_t state_;
};

/// For any two containers of contiguous numbers.
template <class A, class B>
bool same_bits(const A& a, const B& b) {
  using T = typename A::value_type;
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// k + 1 equal ghost intervals on both sides of `intervals` equal ones on [low, high].
template <class T>
std::vector<T> uniform_knots(int intervals, int degree, double low, double high) {
  std::vector<T> knots;
  for (int j = -degree; j <= intervals + degree; ++j) {
    knots.push_back(static_cast<T>(low + (high - low) * j / intervals));
  }
  return knots;
}

/// Intervals between 0.5 and 1.5 of the mean. With `repeated`, the middle inner knot stands up to
/// `degree` times where the grid is long enough, its copies taking the place of those after it.
template <class T>
std::vector<T> uneven_knots(int intervals, int degree, bool repeated, Random& random) {
  std::vector<T> knots;
  double at = -1.5;
  for (int j = -degree; j <= intervals + degree; ++j) {
    knots.push_back(static_cast<T>(at));
    at += random.between(0.5, 1.5) * 2.0 / intervals;
  }
  const int middle = intervals / 2;
  for (int copy = 1; repeated && copy < degree && middle > 0 && middle + copy < intervals - 1;
       ++copy) {
    knots[size(degree + middle + copy)] = knots[size(degree + middle)];
  }
  return knots;
}

/// B_m of degree j at x from its definition, 0/0 being 0. `interval` is the one knots[interval] ..
/// knots[interval + 1] whose polynomial piece is meant, also for x outside it.
/// Source: de Boor, A Practical Guide to Splines, chapter IX, (14).
template <class T>
long double basis_by_definition(const std::vector<T>& knots, int m, int j, int interval,
                                long double x) {
  if (interval < m || interval > m + j) return 0.0L;
  if (j == 0) return 1.0L;
  const auto knot = [&](int index) { return static_cast<long double>(knots[size(index)]); };
  const long double left = knot(m + j) - knot(m);
  const long double right = knot(m + j + 1) - knot(m + 1);
  long double sum = 0.0L;
  if (left > 0) sum += (x - knot(m)) / left * basis_by_definition(knots, m, j - 1, interval, x);
  if (right > 0) {
    sum += (knot(m + j + 1) - x) / right * basis_by_definition(knots, m + 1, j - 1, interval, x);
  }
  return sum;
}

/// The order-th derivative, from that of the lower degree (same source, chapter X, (8)).
template <class T>
long double derivative_by_definition(const std::vector<T>& knots, int m, int j, int interval,
                                     long double x, int order) {
  if (order == 0) return basis_by_definition(knots, m, j, interval, x);
  if (j == 0 || interval < m || interval > m + j) return 0.0L;
  const auto knot = [&](int index) { return static_cast<long double>(knots[size(index)]); };
  const long double left = knot(m + j) - knot(m);
  const long double right = knot(m + j + 1) - knot(m + 1);
  long double sum = 0.0L;
  if (left > 0) {
    sum += j / left * derivative_by_definition(knots, m, j - 1, interval, x, order - 1);
  }
  if (right > 0) {
    sum -= j / right * derivative_by_definition(knots, m + 1, j - 1, interval, x, order - 1);
  }
  return sum;
}

/// The order-th derivative of x s(x), s = 1 / (1 + e^-x): that of s is a polynomial in s, since
/// s' = s - s^2.
inline long double silu_by_definition(long double x, int order) {
  const long double s = 1.0L / (1.0L + std::exp(-x));
  std::vector<long double> polynomial = {0.0L, 1.0L};
  const auto differentiate = [&] {
    std::vector<long double> next(polynomial.size() + 1);
    for (std::size_t j = 1; j < polynomial.size(); ++j) {
      const long double slope = static_cast<long double>(j) * polynomial[j];
      next[j] += slope;
      next[j + 1] -= slope;
    }
    polynomial = next;
  };
  const auto value = [&] {
    long double sum = 0.0L;
    for (std::size_t j = polynomial.size(); j-- > 0;) sum = sum * s + polynomial[j];
    return sum;
  };
  for (int d = 1; d < order; ++d) differentiate();
  if (order == 0) return x * value();
  const long double lower = value();
  differentiate();
  return x * value() + static_cast<long double>(order) * lower;
}

/// The largest of |a - b| / tolerance, where tolerance = factor * scale; infinity for a NaN.
template <class T>
double worst_ratio(const std::vector<T>& a, const std::vector<T>& b, double factor,
                   const std::vector<T>& scale) {
  double worst = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    const double error = std::abs(static_cast<double>(a[j]) - static_cast<double>(b[j]));
    if (error == 0.0) continue;
    const double ratio = error / (factor * static_cast<double>(scale[j]));
    worst = ratio <= worst ? worst : std::isnan(ratio) ? 1e300 : ratio;
  }
  return worst;
}

}  // namespace kan::test
