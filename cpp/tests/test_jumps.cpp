#include <doctest/doctest.h>

#include <cmath>

#include "jumps.hpp"
#include "numbers.hpp"

namespace {

using namespace kan::test;
using kan::Jump;

kan::Network<double> one_edge(int intervals, int degree) {
  kan::Architecture architecture;
  architecture.layers = {{1, 1, {}, intervals, degree}};
  return kan::Network<double>(architecture);
}

std::vector<Jump> jumps_of(const kan::Network<double>& network) {
  std::vector<Jump> jumps;
  kan::add_jumps(network, 0, 0, 5, jumps);
  return jumps;
}

TEST_CASE("on equal intervals they are differences of order k + 1") {
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    const auto jumps = jumps_of(one_edge(6, degree));
    REQUIRE(jumps.size() == 5);
    for (std::size_t p = 0; p < jumps.size(); ++p) {
      CHECK(jumps[p].first == 5 + p);
      REQUIRE(jumps[p].count == size(degree + 2));
      double binomial = 1.0;
      for (std::size_t m = 0; m < jumps[p].count; ++m) {
        INFO("degree " << degree << ", jump " << p << ", weight " << m);
        CHECK(std::abs(std::abs(jumps[p].weights[m]) - binomial) <= 1e-12 * binomial);
        if (m > 0) CHECK(jumps[p].weights[m] * jumps[p].weights[m - 1] < 0.0);
        binomial *= static_cast<double>(degree + 1 - static_cast<int>(m)) / double(m + 1);
      }
    }
  }
}

/// d^k/dx^k of the spline in the given interval of the grid.
double derivative(const std::vector<double>& knots, int degree, int interval,
                  const std::vector<double>& coefficients) {
  const double x = 0.5 * (knots[size(degree + interval)] + knots[size(degree + interval + 1)]);
  double sum = 0.0;
  for (std::size_t m = 0; m < coefficients.size(); ++m) {
    sum += coefficients[m] * static_cast<double>(derivative_by_definition(
                                 knots, static_cast<int>(m), degree, degree + interval, x, degree));
  }
  return sum;
}

TEST_CASE("on any knots they are proportional to the jumps of the k-th derivative") {
  Random random(7);
  for (const int degree : {1, 2, 3, 4, 5}) {
    auto network = one_edge(6, degree);
    const auto knots = uneven_knots<double>(6, degree, false, random);
    network.set_knots(0, knots);
    const auto jumps = jumps_of(network);
    REQUIRE(jumps.size() == 5);
    const auto first = random.values<double>(size(6 + degree));
    const auto second = random.values<double>(size(6 + degree));
    for (std::size_t p = 0; p < jumps.size(); ++p) {
      double got[2] = {};
      double expected[2] = {};
      for (const int which : {0, 1}) {
        const auto& c = which == 0 ? first : second;
        for (std::size_t m = 0; m < jumps[p].count; ++m) {
          got[which] += jumps[p].weights[m] * c[jumps[p].first - 5 + m];
        }
        expected[which] = derivative(knots, degree, static_cast<int>(p) + 1, c) -
                          derivative(knots, degree, static_cast<int>(p), c);
      }
      INFO("degree " << degree << ", jump " << p);
      CHECK(std::abs(got[0] * expected[1] - got[1] * expected[0]) <=
            1e-9 * (std::abs(got[0] * expected[1]) + std::abs(got[1] * expected[0])));
    }
  }
}

TEST_CASE("knots that coincide have none") {
  Random random(8);
  auto network = one_edge(6, 3);
  network.set_knots(0, uneven_knots<double>(6, 3, true, random));
  for (const Jump& jump : jumps_of(network)) {
    for (const double weight : jump.weights) CHECK(std::isfinite(weight));
  }
}

}  // namespace
