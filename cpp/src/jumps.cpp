#include "jumps.hpp"

#include <cmath>

namespace kan {
namespace {

/// sum_j binomial(k + 1, j)^2, the size of a jump over knots that are 1 apart.
double size_of_uniform(int degree) {
  double binomial = 1.0;
  double sum = 1.0;
  for (int j = 1; j <= degree + 1; ++j) {
    binomial *= static_cast<double>(degree + 2 - j) / j;
    sum += binomial * binomial;
  }
  return sum;
}

/// The jump of the k-th derivative of the B-spline on knots[0 ... k + 1] at knots[at], over k!:
/// (t_{k+1} - t_0) / prod_{q != at} (t_at - t_q).
template <class T>
double jump_of(const T* knots, int degree, int at) {
  double jump = static_cast<double>(knots[degree + 1]) - static_cast<double>(knots[0]);
  for (int q = 0; q <= degree + 1; ++q) {
    if (q != at) jump /= static_cast<double>(knots[at]) - static_cast<double>(knots[q]);
  }
  return jump;
}

}  // namespace

template <class T>
void add_jumps(const Network<T>& network, std::size_t l, std::size_t i, std::size_t column,
               std::vector<Jump>& jumps) {
  const Layer& layer = network.layer(l);
  const int k = layer.degree;
  const T* knots = network.grid(l).knots.data() + i * static_cast<std::size_t>(layer.knots());
  for (int p = 1; p < layer.intervals;
       ++p) {  // at knots[k + p], where splines p - 1 ... p + k meet
    Jump jump{column + static_cast<std::size_t>(p - 1), static_cast<std::size_t>(k + 2), {}};
    double square = 0.0;
    for (int m = 0; m < k + 2; ++m) {
      const double own = jump_of(knots + p - 1 + m, k, k + 1 - m);
      jump.weights[static_cast<std::size_t>(m)] = own;
      square += own * own;
    }
    const double factor = std::sqrt(size_of_uniform(k) / square);
    if (!std::isfinite(square) || !std::isfinite(factor)) continue;
    for (double& weight : jump.weights) weight *= factor;
    jumps.push_back(jump);
  }
}

template void add_jumps(const Network<float>&, std::size_t, std::size_t, std::size_t,
                        std::vector<Jump>&);
template void add_jumps(const Network<double>&, std::size_t, std::size_t, std::size_t,
                        std::vector<Jump>&);

}  // namespace kan
