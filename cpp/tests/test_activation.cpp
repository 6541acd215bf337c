#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/activation.hpp"
#include "kernels/kernels.hpp"
#include "numbers.hpp"

namespace {

using kan::kernels::exponential;
using kan::kernels::silu;

long double sigmoid(long double x) { return 1.0L / (1.0L + std::exp(-x)); }
template <class T>
long double wide(T x) {
  return static_cast<long double>(x);
}

/// All of them.
template <class T>
std::vector<T> silu_derivatives(T x) {
  std::vector<T> values(kan::kernels::most_order + 1);
  kan::kernels::silu_derivatives(x, kan::kernels::most_order, values.data());
  return values;
}

TEST_CASE("the exponential in float is within 2 units in the last place") {
  double worst = 0.0;
  for (int j = -870000; j <= 870000; ++j) {
    const float x = static_cast<float>(j) * 1e-4F;
    const double exact = std::exp(static_cast<double>(x));
    const float rounded = static_cast<float>(exact);
    const double unit =
        static_cast<double>(std::nextafter(rounded, std::numeric_limits<float>::infinity())) -
        static_cast<double>(rounded);
    worst = std::max(worst, std::abs(static_cast<double>(exponential(x)) - exact) / unit);
  }
  CHECK(worst <= 2.0);
}

TEST_CASE("the exponential in double is within 1e-15, relatively") {
  long double worst = 0.0;
  for (int j = -708000; j <= 708000; ++j) {
    const double x = j * 1e-3;
    const long double exact = std::exp(wide(x));
    worst = std::max(worst, std::abs(wide(exponential(x)) - exact) / exact);
  }
  CHECK(static_cast<double>(worst) <= 1e-15);
}

TEST_CASE_TEMPLATE("the exponential of 0 is 1, and beyond its limit it stays finite and positive",
                   T, float, double) {
  CHECK(exponential(T(0)) == T(1));
  const T limit = kan::kernels::ExpConstants<T>::limit;
  for (const T x :
       {T(2) * limit, std::numeric_limits<T>::max(), std::numeric_limits<T>::infinity()}) {
    CHECK(exponential(x) == exponential(limit));
    CHECK(exponential(-x) == exponential(-limit));
  }
  CHECK(std::isfinite(exponential(limit)));
  CHECK(exponential(-limit) > T(0));
}

// Of the exponential come at most 2 ulp = 4 eps; the sum, the quotient and the product with x round
// once each, half an eps relatively: 6 eps |x| sigmoid in all. Where e^-x exceeds its limit both
// sides are below |x| e^-limit.
TEST_CASE_TEMPLATE("SiLU agrees with its formula, far out too", T, float, double) {
  const long double least = std::exp(-wide(kan::kernels::ExpConstants<T>::limit)) * 2000.0L;
  double worst = 0.0;
  for (int j = -40000; j <= 40000; ++j) {
    const T x = static_cast<T>(j) / T(40);
    const long double exact = wide(x) * sigmoid(wide(x));
    const long double tolerance = 6 * kan::test::epsilon<T> * std::abs(exact) + least;
    worst = std::max(worst, static_cast<double>(std::abs(wide(silu(x)) - exact) / tolerance));
  }
  CHECK(worst <= 1.0);
  CHECK(silu(T(0)) == T(0));
}

// As above s is off by 6 eps s. Its derivatives are polynomials in s whose slopes are at most 1, and
// of their up to 12 roundings those of 1 - s, 1 - 2 s and 1 - 12 s (1 - s) are of numbers up to 3: s
// times 30 eps in all. x and the order multiply that.
TEST_CASE_TEMPLATE("the derivatives of SiLU agree with their formulas, far out too", T, float,
                   double) {
  const long double least = std::exp(-wide(kan::kernels::ExpConstants<T>::limit)) * 2000.0L;
  double worst[kan::kernels::most_order + 1] = {};
  for (int j = -40000; j <= 40000; ++j) {
    const T x = static_cast<T>(j) / T(40);
    const auto got = silu_derivatives(x);
    for (int d = 0; d <= kan::kernels::most_order; ++d) {
      const long double terms = sigmoid(wide(x)) * (std::abs(wide(x)) + d);
      const long double tolerance = 30 * kan::test::epsilon<T> * terms + least;
      const long double error =
          std::abs(wide(got[kan::test::size(d)]) - kan::test::silu_by_definition(wide(x), d));
      worst[d] = std::max(worst[d], static_cast<double>(error / tolerance));
    }
  }
  for (const double one : worst) CHECK(one <= 1.0);
}

TEST_CASE_TEMPLATE("the derivatives of SiLU at 0 are exact", T, float, double) {
  CHECK(silu_derivatives(T(0)) == std::vector<T>{0, T(0.5), T(0.5), 0, T(-0.5)});
}

TEST_CASE_TEMPLATE("only the derivatives that are wanted are written", T, float, double) {
  for (int order = 0; order <= kan::kernels::most_order; ++order) {
    for (const kan::Base base : {kan::Base::silu, kan::Base::identity, kan::Base::zero}) {
      T values[kan::kernels::most_order + 2] = {7, 7, 7, 7, 7, 7};
      kan::kernels::base_derivatives(base, T(3), order, values);
      for (int d = 0; d <= kan::kernels::most_order + 1; ++d) {
        CHECK((values[d] == T(7)) == (d > order));
      }
    }
  }
}

TEST_CASE_TEMPLATE("SiLU far out is the identity or as good as 0", T, float, double) {
  const T far = std::numeric_limits<T>::max();
  CHECK(silu(far) == far);
  CHECK(silu(T(1000)) == T(1000));
  CHECK(std::abs(silu(T(-1000))) <= T(1e-30));
  CHECK(silu_derivatives(T(1000)) == std::vector<T>{1000, 1, 0, 0, 0});
  for (const T one : silu_derivatives(T(-1000))) CHECK(std::abs(one) <= T(1e-30));
}

TEST_CASE("base functions are SiLU, x with the slope 1, and 0") {
  constexpr int order = kan::kernels::most_order;
  std::vector<double> values(order + 1);
  kan::kernels::base_derivatives(kan::Base::identity, -2.5, order, values.data());
  CHECK(values == std::vector<double>{-2.5, 1, 0, 0, 0});
  kan::kernels::base_derivatives(kan::Base::zero, -2.5, order, values.data());
  CHECK(values == std::vector<double>{0, 0, 0, 0, 0});
  kan::kernels::base_derivatives(kan::Base::silu, -2.5, order, values.data());
  CHECK(values == silu_derivatives(-2.5));
  CHECK(values[0] == silu(-2.5));
}

TEST_CASE("NaN stays NaN") {
  CHECK(std::isnan(silu(std::numeric_limits<double>::quiet_NaN())));
  for (const float one : silu_derivatives(std::numeric_limits<float>::quiet_NaN())) {
    CHECK(std::isnan(one));
  }
}

TEST_CASE("the SiLU of huge negative numbers vanishes instead of following the limit of exp") {
  for (const float x : {-100.0f, -1e6f, -1e36f, -3e38f}) {
    CHECK(std::abs(silu(x)) < 1e-35f);
    for (const float one : silu_derivatives(x)) CHECK(std::abs(one) < 1e-35f);
  }
}

}  // namespace
