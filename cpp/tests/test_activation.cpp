#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/activation.hpp"
#include "numbers.hpp"

namespace {

using kan::kernels::exponential;
using kan::kernels::silu;
using kan::kernels::silu_slope;

long double sigmoid(long double x) { return 1.0L / (1.0L + std::exp(-x)); }
long double slope_of_silu(long double x) {
  const long double s = sigmoid(x);
  return s * (1.0L + x * (1.0L - s));
}

template <class T>
long double wide(T x) {
  return static_cast<long double>(x);
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

// s as above to 6 eps; 1 - s is off by 6 eps absolutely, which x multiplies; then three roundings.
TEST_CASE_TEMPLATE("the slope of SiLU agrees with its formula, far out too", T, float, double) {
  const long double least = std::exp(-wide(kan::kernels::ExpConstants<T>::limit)) * 2000.0L;
  double worst = 0.0;
  for (int j = -40000; j <= 40000; ++j) {
    const T x = static_cast<T>(j) / T(40);
    const long double s = sigmoid(wide(x));
    const long double terms = s * (1 + std::abs(wide(x)) * (1 - s));
    const long double tolerance =
        8 * kan::test::epsilon<T> * (terms + s * s * std::abs(wide(x))) + least;
    const long double error = std::abs(wide(silu_slope(x)) - slope_of_silu(wide(x)));
    worst = std::max(worst, static_cast<double>(error / tolerance));
  }
  CHECK(worst <= 1.0);
  CHECK(silu_slope(T(0)) == T(0.5));
}

TEST_CASE_TEMPLATE("SiLU far out is the identity or as good as 0", T, float, double) {
  const T far = std::numeric_limits<T>::max();
  CHECK(silu(far) == far);
  CHECK(silu(T(1000)) == T(1000));
  CHECK(std::abs(silu(T(-1000))) <= T(1e-30));
  CHECK(silu_slope(T(1000)) == T(1));
  CHECK(std::abs(silu_slope(T(-1000))) <= T(1e-30));
}

TEST_CASE("the other base functions are x and 0, with slopes 1 and 0") {
  CHECK(kan::kernels::base_value(kan::Base::identity, -2.5) == -2.5);
  CHECK(kan::kernels::base_slope(kan::Base::identity, -2.5) == 1.0);
  CHECK(kan::kernels::base_value(kan::Base::zero, -2.5) == 0.0);
  CHECK(kan::kernels::base_slope(kan::Base::zero, -2.5) == 0.0);
  CHECK(kan::kernels::base_value(kan::Base::silu, -2.5) == silu(-2.5));
  CHECK(kan::kernels::base_slope(kan::Base::silu, -2.5) == silu_slope(-2.5));
}

TEST_CASE("NaN stays NaN") {
  CHECK(std::isnan(silu(std::numeric_limits<double>::quiet_NaN())));
  CHECK(std::isnan(silu_slope(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace

TEST_CASE("the SiLU of huge negative numbers vanishes instead of following the limit of exp") {
  for (const float x : {-100.0f, -1e6f, -1e36f, -3e38f}) {
    CHECK(std::abs(kan::kernels::silu(x)) < 1e-35f);
    CHECK(std::abs(kan::kernels::silu_slope(x)) < 1e-35f);
  }
  CHECK(std::isnan(kan::kernels::silu(std::nan(""))));
}
