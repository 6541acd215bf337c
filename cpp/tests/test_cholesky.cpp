#include "cholesky.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "numbers.hpp"

namespace {

using namespace kan::test;

/// A = M M^T + I in the layout of `factorise`, for a random M.
std::vector<double> definite_matrix(std::size_t n) {
  const std::size_t stride = kan::cholesky_stride(n);
  Random random(n);
  const auto m = random.values<double>(n * n);
  std::vector<double> a(stride * stride);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = i == j ? 1.0 : 0.0;
      for (std::size_t d = 0; d < n; ++d) sum += m[i * n + d] * m[j * n + d];
      a[i * stride + j] = sum;
    }
  }
  return a;
}

TEST_CASE("a factorised system is solved, whatever its size") {
  for (const std::size_t n : {1U, 2U, 15U, 16U, 17U, 47U, 48U, 49U, 96U, 97U, 200U}) {
    INFO("size " << n);
    const std::size_t stride = kan::cholesky_stride(n);
    const std::vector<double> a = definite_matrix(n);
    std::vector<double> factor = a;
    REQUIRE(kan::factorise(factor.data(), n));
    Random random(7);
    const std::vector<double> b = random.values<double>(n);
    std::vector<double> x = b;
    kan::solve_factorised(factor.data(), n, x.data());
    // The residual of Cholesky is below some n eps |A| |x|.
    double largest_x = 0.0;
    for (const double value : x) largest_x = std::max(largest_x, std::abs(value));
    for (std::size_t i = 0; i < n; ++i) {
      double residual = b[i];
      double scale = 0.0;
      for (std::size_t j = 0; j < n; ++j) {
        residual -= a[i * stride + j] * x[j];
        scale += std::abs(a[i * stride + j]);
      }
      CHECK(std::abs(residual) <= 4 * double(n) * epsilon<double> * scale * largest_x);
    }
  }
}

TEST_CASE("what is not definite is refused") {
  for (const std::size_t n : {1U, 3U, 60U}) {
    const std::size_t stride = kan::cholesky_stride(n);
    for (const double wrong : {0.0, -1.0, std::nan("")}) {
      std::vector<double> a = definite_matrix(n);
      a[(n - 1) * stride + n - 1] = wrong;
      INFO("size " << n << ", last pivot " << wrong);
      CHECK_FALSE(kan::factorise(a.data(), n));
    }
  }
}

}  // namespace
