#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "kan/basis.hpp"
#include "numbers.hpp"

namespace {

using namespace kan::test;
using kan::basis_functions;
using kan::find_cell;

constexpr int degrees[] = {0, 1, 2, 3, 4, 5};

TEST_CASE_TEMPLATE("a cell holds the points from its left end up to its right end", T, float,
                   double) {
  // Ghosts, then -1, 0, 0.5, 2, then ghosts.
  const std::vector<T> knots = {T(-3), T(-2), T(-1), T(0), T(0.5), T(2), T(3), T(4)};
  const auto cell = [&](double x) { return find_cell(knots.data(), 3, 2, static_cast<T>(x)); };
  CHECK(cell(-1) == 0);
  CHECK(cell(-0.001) == 0);
  CHECK(cell(0) == 1);
  CHECK(cell(0.499) == 1);
  CHECK(cell(0.5) == 2);
  CHECK(cell(1.999) == 2);
  CHECK(cell(2) == 2);
}

TEST_CASE("points outside are in the first or the last cell") {
  const auto knots = uniform_knots<double>(4, 3, -1, 1);
  for (const double out : {1e-12, 0.1, 10.0, 1e300}) {
    CHECK(find_cell(knots.data(), 4, 3, -1 - out) == 0);
    CHECK(find_cell(knots.data(), 4, 3, 1 + out) == 3);
  }
}

TEST_CASE("an empty cell holds no point") {
  // Degree 3 on 0, 1, 1, 1, 2: cells 1 and 2 are empty.
  const std::vector<double> inner = {-3, -2, -1, 0, 1, 1, 1, 2, 3, 4, 5};
  CHECK(find_cell(inner.data(), 4, 3, 0.999) == 0);
  CHECK(find_cell(inner.data(), 4, 3, 1.0) == 3);
  CHECK(find_cell(inner.data(), 4, 3, 2.0) == 3);
  // Degree 1 on 0, 1, 2, 2: the last cell is empty, the right end belongs to the one before.
  const std::vector<double> end = {-1, 0, 1, 2, 2, 3};
  CHECK(find_cell(end.data(), 3, 1, 2.0) == 1);
  CHECK(find_cell(end.data(), 3, 1, 5.0) == 1);
}

/// Grids of every kind for a degree: uniform, uneven, with a knot repeated `degree` times.
template <class T>
std::vector<std::vector<T>> grids(int degree) {
  Random random(3);
  return {uniform_knots<T>(8, degree, -1, 1), uneven_knots<T>(8, degree, false, random),
          uneven_knots<T>(8, degree, true, random)};
}

/// Calls use(knots, cell, x) at the ends and inside of every cell that is not empty.
template <class T, class Use>
void for_points(int degree, const Use& use) {
  for (const auto& knots : grids<T>(degree)) {
    for (int cell = 0; cell < 8; ++cell) {
      const T left = knots[size(degree + cell)];
      const T right = knots[size(degree + cell + 1)];
      if (!(left < right)) continue;
      for (const double part : {0.0, 0.1, 0.5, 0.83, 1.0}) {
        use(knots, cell, static_cast<T>(left + static_cast<T>(part) * (right - left)));
      }
    }
  }
}

// Each of the k levels computes positions in supports from rounded differences of the knots, of
// which it adds two products: some 6 roundings a level, of numbers up to 1.
template <class T>
double tolerance(int degree) {
  return 6 * (degree + 1) * epsilon<T>;
}

TEST_CASE_TEMPLATE("basis functions are never negative and sum to one", T, float, double) {
  for (const int k : degrees) {
    double worst = 0.0;
    double least = 0.0;
    for_points<T>(k, [&](const std::vector<T>& knots, int cell, T x) {
      std::vector<T> values(size(k + 1));
      basis_functions(knots.data(), k, cell, x, 0, values.data());
      double sum = 0.0;
      for (const T value : values) {
        sum += static_cast<double>(value);
        least = std::min(least, static_cast<double>(value));
      }
      worst = std::max(worst, std::abs(sum - 1.0));
    });
    INFO("degree " << k);
    CHECK(worst <= tolerance<T>(k));
    CHECK(least >= -tolerance<T>(k));  // x may lie one rounding beyond its cell
  }
}

TEST_CASE_TEMPLATE("values and derivatives are those of the definition", T, float, double) {
  for (const int k : degrees) {
    double worst = 0.0;
    for_points<T>(k, [&](const std::vector<T>& knots, int cell, T x) {
      std::vector<T> values(size((kan::max_order + 1) * (k + 1)));
      basis_functions(knots.data(), k, cell, x, kan::max_order, values.data());
      double shortest = 1e300;
      for (std::size_t j = 1; j < knots.size(); ++j) {
        const double h = static_cast<double>(knots[j] - knots[j - 1]);
        if (h > 0) shortest = std::min(shortest, h);
      }
      double scale = 1.0;
      for (int order = 0; order <= kan::max_order; ++order) {
        for (int r = 0; r <= k; ++r) {
          const long double expected = derivative_by_definition(knots, cell + r, k, cell + k,
                                                                static_cast<long double>(x), order);
          const double error = std::abs(static_cast<double>(values[size(order * (k + 1) + r)]) -
                                        static_cast<double>(expected));
          worst = std::max(worst, error / scale);
        }
        scale *= 2 * (k + 1) / shortest;  // differences of two, k at most, over a support
      }
    });
    INFO("degree " << k);
    CHECK(worst <= tolerance<T>(k));
  }
}

TEST_CASE("every derivative is the central difference of the one before") {
  for (const int k : degrees) {
    const auto knots = uniform_knots<double>(4, k, -1, 1);
    for (const double x : {-0.9, -0.2, 0.37, 0.81}) {
      const int cell = find_cell(knots.data(), 4, k, x);
      constexpr double h = 1e-5;
      std::vector<double> here(size((kan::max_order + 1) * (k + 1)));
      std::vector<double> above(here.size());
      std::vector<double> below(here.size());
      basis_functions(knots.data(), k, cell, x, kan::max_order, here.data());
      basis_functions(knots.data(), k, cell, x + h, kan::max_order - 1, above.data());
      basis_functions(knots.data(), k, cell, x - h, kan::max_order - 1, below.data());
      double worst = 0.0;
      for (std::size_t j = size(k + 1); j < here.size(); ++j) {
        const std::size_t lower = j - size(k + 1);
        worst = std::max(worst, std::abs(here[j] - (above[lower] - below[lower]) / (2 * h)));
      }
      // Third derivatives of derivatives are at most (2 / 0.5)^5 * 5! / 2 < 1e5: times h^2 / 6 below
      // 2e-6; rounding of third ones, eps * 4e3 / h, is below 1e-7.
      INFO("degree " << k << ", x " << x);
      CHECK(worst <= 2e-6);
    }
  }
}

TEST_CASE("a point outside its cell is on the polynomial of the cell") {
  // Degree 2 on unit intervals, cell [0, 1]: (1 - x)^2 / 2, 1/2 + x - x^2, x^2 / 2.
  const std::vector<double> knots = {-2, -1, 0, 1, 2, 3};
  for (const double x : {-2.0, 0.0, 0.25, 1.0, 3.0}) {
    double values[6];
    basis_functions(knots.data(), 2, 0, x, 1, values);
    CHECK(values[0] == (1 - x) * (1 - x) / 2);
    CHECK(values[1] == 0.5 + x - x * x);
    CHECK(values[2] == x * x / 2);
    CHECK(values[3] == x - 1);
    CHECK(values[4] == 1 - 2 * x);
    CHECK(values[5] == x);
  }
}

TEST_CASE("derivatives above the degree are 0") {
  const auto knots = uniform_knots<double>(4, 1, -1, 1);
  std::vector<double> values(2 * (kan::max_order + 1), 9.0);
  basis_functions(knots.data(), 1, 2, 0.3, kan::max_order, values.data());
  for (std::size_t j = 4; j < values.size(); ++j) CHECK(values[j] == 0.0);
}

TEST_CASE("at a knot repeated k times one function alone is alive") {
  for (const int k : {1, 2, 3, 4, 5}) {
    std::vector<double> knots;
    for (int j = -k; j <= 0; ++j) knots.push_back(j);
    knots.insert(knots.end(), size(k), 1.0);
    for (int j = 2; j <= k + 2; ++j) knots.push_back(j);
    const int intervals = k + 1;  // 0, then k times 1, then 2
    for (const int cell : {0, k}) {
      const int alive = k - cell;
      std::vector<double> values(size(k + 1));
      basis_functions(knots.data(), k, cell, 1.0, 0, values.data());
      INFO("degree " << k << ", cell " << cell);
      for (int r = 0; r <= k; ++r) CHECK(values[size(r)] == (r == alive ? 1.0 : 0.0));
    }
    CHECK(find_cell(knots.data(), intervals, k, 1.0) == k);
  }
}

}  // namespace
