#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "kan/symbolic.hpp"
#include "networks.hpp"

namespace {

using namespace kan::test;
using kan::Function;
using kan::function_values;
using kan::Table;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = 3.14159265358979323846;

template <class Of>
std::array<double, kan::max_order + 1> jet(const Of& of, double u) {
  std::array<double, kan::max_order + 1> values{};
  function_values(of, u, kan::max_order, values.data());
  return values;
}

std::vector<Function> all_functions() {
  std::vector<Function> all;
  for (int n = 0; n < kan::function_count; ++n) all.push_back(static_cast<Function>(n));
  return all;
}

std::string name_of(Function function) { return std::string(kan::function_name(function)); }

TEST_CASE("every function has a name of its own, by which it is found") {
  for (const Function function : all_functions()) {
    CHECK(kan::function_named(kan::function_name(function)) == function);
  }
  CHECK_FALSE(kan::function_named("sinh").has_value());
  CHECK_FALSE(kan::function_named("").has_value());
}

TEST_CASE("functions have the values that their names say") {
  struct Known {
    const char* name;
    double u, value;
  };
  const double e = std::exp(1.0);
  const std::vector<Known> all = {{"0", 3, 0},
                                  {"x", -3, -3},
                                  {"x^2", -3, 9},
                                  {"x^3", -2, -8},
                                  {"x^4", -2, 16},
                                  {"x^5", -2, -32},
                                  {"1/x", -4, -0.25},
                                  {"1/x^2", -2, 0.25},
                                  {"1/x^3", -2, -0.125},
                                  {"1/x^4", -2, 0.0625},
                                  {"1/x^5", -2, -0.03125},
                                  {"sqrt", 4, 2},
                                  {"sqrt", -4, -2},
                                  {"x^1.5", 4, 8},
                                  {"x^1.5", -4, 8},
                                  {"1/sqrt(x)", 4, 0.5},
                                  {"1/sqrt(x)", -4, 0.5},
                                  {"exp", 1, e},
                                  {"exp", 81, 2 * std::exp(80)},
                                  {"log", e, 1},
                                  {"log", -e, 1},
                                  {"abs", -3, 3},
                                  {"sin", pi / 6, 0.5},
                                  {"cos", pi / 3, 0.5},
                                  {"tan", pi / 4, 1},
                                  {"tanh", std::log(2.0), 0.6},
                                  {"sgn", -3, -1},
                                  {"sgn", 3, 1},
                                  {"sgn", 0, 0},
                                  {"arcsin", 0.5, pi / 6},
                                  {"arcsin", -2, -pi / 2},
                                  {"arccos", 0.5, pi / 3},
                                  {"arccos", -2, pi},
                                  {"arctan", 1, pi / 4},
                                  {"arctanh", 0.6, std::log(2.0)},
                                  {"gaussian", -1, 1 / e},
                                  {"cosh", -std::log(2.0), 1.25}};
  for (const Known& known : all) {
    INFO(known.name << " at " << known.u);
    const double value = jet(*kan::function_named(known.name), known.u)[0];
    // A rounding or two of the value, and that of u.
    CHECK(std::abs(value - known.value) <= 4 * epsilon<double> * (1 + std::abs(known.value)));
  }
}

/// (f(u + h) - f(u - h)) / 2h with h = 1e-5 is off by h^2 f''' / 6, below 1e-7 of f' for the steepest
/// of these functions, and by roundings of f over h.
template <class Of>
void check_derivatives(const Of& of, double u) {
  constexpr double h = 1e-5;
  const auto above = jet(of, u + h);
  const auto at = jet(of, u);
  const auto below = jet(of, u - h);
  for (std::size_t d = 0; d < kan::max_order; ++d) {
    INFO("at " << u << ", derivative " << d + 1);
    const double difference = (above[d] - below[d]) / (2 * h);
    CHECK(std::abs(at[d + 1] - difference) <=
          1e-6 * (std::abs(at[d + 1]) + 1) + 10 * epsilon<double> / h * std::abs(at[d]));
  }
}

TEST_CASE("derivatives up to the fourth are central differences") {
  for (const Function function : all_functions()) {
    INFO(name_of(function));
    for (const double u : {-0.9, -0.4, -0.3, 0.3, 0.55, 0.9}) check_derivatives(function, u);
    for (const double u : {-7.5, -2.5, -1.2, 1.3, 2.5, 30.0}) check_derivatives(function, u);
  }
}

TEST_CASE("fewer derivatives are the first of more") {
  for (const Function function : all_functions()) {
    const auto all = jet(function, 0.7);
    for (int order = 0; order <= kan::max_order; ++order) {
      std::array<double, kan::max_order + 1> some = {9, 9, 9, 9, 9};
      function_values(function, 0.7, order, some.data());
      for (std::size_t d = 0; d < some.size(); ++d) {
        CHECK(some[d] == (size(order) >= d ? all[d] : 9));
      }
    }
  }
}

TEST_CASE("functions go on continuously where they are guarded") {
  const double window = 1e-6;  // of the tangent, about its poles
  const std::vector<std::pair<Function, double>> places = {{Function::inverse, 1e-5},
                                                           {Function::inverse_square, 1e-5},
                                                           {Function::inverse_cube, 1e-5},
                                                           {Function::inverse_fourth, 1e-5},
                                                           {Function::inverse_fifth, 1e-5},
                                                           {Function::root, 1e-12},
                                                           {Function::inverse_root, 1e-12},
                                                           {Function::log, 1e-12},
                                                           {Function::exp, 80},
                                                           {Function::cosh, 80},
                                                           {Function::tangent, pi / 2 - window},
                                                           {Function::tangent, pi / 2 + window},
                                                           {Function::arcsine, 1},
                                                           {Function::arccosine, 1},
                                                           {Function::arctanh, 1 - 1e-12},
                                                           {Function::gaussian, 27}};
  for (const auto& guarded : places) {
    const Function function = guarded.first;
    const double place = guarded.second;
    for (const double at : {-place, place}) {
      INFO(name_of(function) << " at " << at);
      const double before = jet(function, at * (1 - 4 * epsilon<double>))[0];
      const double after = jet(function, at * (1 + 4 * epsilon<double>))[0];
      // The steepest are arctanh and the tangent, with slopes of 1e12 / 2 and 1e12: the tangent is 1e6.
      CHECK(std::abs(after - before) <= 1e-3 + 1e-8 * std::abs(before));
      CHECK(jet(function, 0.5 * at)[0] != jet(function, 3 * at)[0]);
    }
  }
}

TEST_CASE("beyond the guards derivatives are those of the line that goes on") {
  struct Place {
    Function function;
    double u, h;  // h leads out of no guard
  };
  for (const Place& place : std::vector<Place>{{Function::inverse, 3e-6, 1e-6},
                                               {Function::inverse_square, 3e-6, 1e-6},
                                               {Function::inverse_cube, -3e-6, 1e-6},
                                               {Function::inverse_fourth, 3e-6, 1e-6},
                                               {Function::inverse_fifth, -3e-6, 1e-6},
                                               {Function::root, 3e-13, 1e-13},
                                               {Function::inverse_root, 3e-13, 1e-13},
                                               {Function::log, -3e-13, 1e-13},
                                               {Function::exp, 90, 1},
                                               {Function::cosh, -90, 1},
                                               {Function::tangent, pi / 2 + 3e-7, 1e-7},
                                               {Function::arcsine, -2, 0.5},
                                               {Function::arccosine, 2, 0.5},
                                               {Function::arctanh, 2, 0.5},
                                               {Function::gaussian, 28, 0.5}}) {
    INFO(name_of(place.function));
    const auto at = jet(place.function, place.u);
    const double rise =
        jet(place.function, place.u + place.h)[0] - jet(place.function, place.u - place.h)[0];
    // The tangent's place is pi / 2 with some roundings, against an h of 1e-7.
    CHECK(std::abs(at[1] * 2 * place.h - rise) <= 1e-7 * std::abs(rise));
    for (int d = 2; d <= kan::max_order; ++d) CHECK(at[size(d)] == 0.0);
  }
}

TEST_CASE("no singularity is left, in no derivative") {
  std::vector<double> hostile = {0.0,
                                 std::numeric_limits<double>::denorm_min(),
                                 1e-300,
                                 1e-13,
                                 1e-9,
                                 1e-4,
                                 1.0 - epsilon<double>,
                                 1.0,
                                 1.0 + epsilon<double>,
                                 pi / 2,
                                 1.5 * pi,
                                 27.5,
                                 81,
                                 1e3,
                                 1e10};
  for (const double u : std::vector<double>(hostile)) hostile.push_back(-u);
  for (const Function function : all_functions()) {
    for (const double u : hostile) {
      INFO(name_of(function) << " at " << u);
      for (const double value : jet(function, u)) CHECK(std::isfinite(value));
    }
  }
  for (const double value : jet(Function::arctangent, 1e200)) CHECK(std::isfinite(value));
}

TEST_CASE("what is not a number stays so") {
  for (const Function function : all_functions()) {
    if (function == Function::zero || function == Function::table) continue;
    INFO(name_of(function));
    CHECK(std::isnan(jet(function, std::nan(""))[0]));
  }
  CHECK(std::isnan(jet(some_table(), std::nan(""))[0]));
}

/// The knots of a table and their definition as an oracle.
long double table_by_definition(const Table& table, int cell, double u, int order) {
  const auto knots = uniform_knots<double>(table.intervals(), Table::degree, table.low, table.high);
  long double sum = 0.0L;
  for (std::size_t m = 0; m < table.coefficients.size(); ++m) {
    sum += static_cast<long double>(table.coefficients[m]) *
           derivative_by_definition(knots, static_cast<int>(m), Table::degree, cell + Table::degree,
                                    static_cast<long double>(u), order);
  }
  return sum;
}

TEST_CASE("a table is its spline and the derivatives of it") {
  const Table table = some_table();
  const double spacing = (table.high - table.low) / table.intervals();
  for (int cell = 0; cell < table.intervals(); ++cell) {
    for (const double part : {0.0, 0.3, 0.99}) {
      const double u = table.low + (cell + part) * spacing;
      const auto values = jet(table, u);
      INFO("at " << u);
      for (int d = 0; d <= kan::max_order; ++d) {
        const auto expected = static_cast<double>(table_by_definition(table, cell, u, d));
        // Numbers up to 2 * 5!/1! / h^4 ~ 800, some ten roundings.
        CHECK(std::abs(values[size(d)] - expected) <= 1e4 * epsilon<double>);
      }
    }
  }
}

TEST_CASE("beyond its ends a table is a straight line") {
  const Table table = some_table();
  for (const double end : {table.low, table.high}) {
    const auto at = jet(table, end);
    for (const double beyond : {1e-9, 0.5, 100.0}) {
      const double u = end + std::copysign(beyond, end);
      const auto values = jet(table, u);
      CHECK(values[0] == at[0] + at[1] * (u - end));
      CHECK(values[1] == at[1]);
      for (int d = 2; d <= kan::max_order; ++d) CHECK(values[size(d)] == 0.0);
    }
    double alone = 0.0;
    function_values(table, 2 * end, 0, &alone);
    CHECK(alone == at[0] + at[1] * end);
  }
  CHECK_FALSE(std::isfinite(jet(table, infinity)[0]));
}

TEST_CASE("a table of one interval is a polynomial") {
  const Table table{"", 2.0, 5.0, {1, 2, 3, 4, 5, 6}};
  // Coefficients that rise with their knots' means make a line: from 3.5 at 3.5, by one each 3.
  for (const double u : {2.0, 3.5, 4.9, 5.0, 8.0}) {
    const auto values = jet(table, u);
    CHECK(std::abs(values[0] - (3.5 + (u - 3.5) / 3)) <= 50 * epsilon<double>);
    CHECK(std::abs(values[1] - 1.0 / 3) <= 50 * epsilon<double>);
  }
}

}  // namespace
