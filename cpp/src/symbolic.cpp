#include "kan/symbolic.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace kan {
namespace {

constexpr double half_pi = 1.57079632679489661923;
constexpr double nearest_pole = 1e-5;  // of 1/u ... 1/u^5: nearer they do not grow, and fit 32 bits
constexpr double smallest_argument = 1e-12;  // of roots and logarithms: nearer to 0 they are tame
constexpr double largest_exponent = 80.0;    // e^80 fits 32 bits
constexpr double largest_tangent = 1e6;
constexpr double largest_arctanh_argument = 1.0 - 1e-12;
constexpr double vanishing_gaussian = 27.0;  // exp(-27^2) is 0

/// f and its derivatives, of which the caller wants the first few.
struct Jet {
  double f = 0.0, f1 = 0.0, f2 = 0.0, f3 = 0.0, f4 = 0.0;
};

Jet line(double value, double slope) { return {value, slope, 0.0, 0.0, 0.0}; }

Jet zero(double /*u*/) { return {}; }

/// u^p for whole p >= 1.
template <int p>
Jet power(double u) {
  double powers[p + 1] = {1.0};
  for (int n = 0; n < p; ++n) powers[n + 1] = u * powers[n];
  const auto to = [&powers](int exponent) { return exponent < 0 ? 0.0 : powers[exponent]; };
  constexpr double a = p;
  return {to(p), a * to(p - 1), a * (a - 1) * to(p - 2), a * (a - 1) * (a - 2) * to(p - 3),
          a * (a - 1) * (a - 2) * (a - 3) * to(p - 4)};
}

/// f = |u|^p or sign(u) |u|^p at u != 0.
Jet power_law(double f, double p, double u) {
  const double f1 = p * f / u;
  const double f2 = (p - 1) * f1 / u;
  const double f3 = (p - 2) * f2 / u;
  return {f, f1, f2, f3, (p - 3) * f3 / u};
}

/// u^-p: odd ones cross 0 as a line, even ones as a constant.
template <int p>
Jet inverse_power(double u) {
  if (std::abs(u) < nearest_pole) {
    const double largest = std::pow(nearest_pole, -p);
    if (p % 2 == 0) return line(largest, 0.0);
    const double slope = largest / nearest_pole;
    return line(slope * u, slope);
  }
  double f = 1.0;
  for (int n = 0; n < p; ++n) f /= u;
  return power_law(f, -p, u);
}

/// sign(u) |u|^(1/2).
Jet root(double u) {
  const double size = std::abs(u);
  if (size < smallest_argument) {
    const double slope = 1.0 / std::sqrt(smallest_argument);
    return line(slope * u, slope);
  }
  return power_law(std::copysign(std::sqrt(size), u), 0.5, u);
}

/// |u|^(3/2).
Jet power_3_2(double u) {
  const double size = std::abs(u);
  const double r = std::sqrt(std::max(size, smallest_argument));
  const double sign = std::copysign(1.0, u);
  return {size * std::sqrt(size), 1.5 * sign * std::sqrt(size), 0.75 / r,
          -0.375 * sign / (r * r * r), 0.5625 / (r * r * r * r * r)};
}

/// |u|^(-1/2).
Jet inverse_root(double u) {
  const double size = std::abs(u);
  if (size < smallest_argument) return line(1.0 / std::sqrt(smallest_argument), 0.0);
  return power_law(1.0 / std::sqrt(size), -0.5, u);
}

Jet exponential(double u) {
  if (u > largest_exponent) {
    const double f = std::exp(largest_exponent);
    return line(f + f * (u - largest_exponent), f);
  }
  const double f = std::exp(u);
  return {f, f, f, f, f};
}

/// ln |u|.
Jet logarithm(double u) {
  if (std::abs(u) < smallest_argument) return line(std::log(smallest_argument), 0.0);
  return {std::log(std::abs(u)), 1.0 / u, -1.0 / u / u, 2.0 / u / u / u, -6.0 / u / u / u / u};
}

/// Poles are crossed as a line.
Jet tangent(double u) {
  const double window = half_pi - std::atan(largest_tangent);
  const double from_pole = std::remainder(u - half_pi, 2.0 * half_pi);
  if (std::abs(from_pole) < window) {
    const double slope = -largest_tangent / window;
    return line(slope * from_pole, slope);
  }
  const double f = std::tan(u);
  const double f1 = 1.0 + f * f;
  return {f, f1, 2.0 * f * f1, 2.0 * f1 * (1.0 + 3.0 * f * f), 8.0 * f * f1 * (2.0 + 3.0 * f * f)};
}

Jet hyperbolic_tangent(double u) {
  const double f = std::tanh(u);
  const double f1 = 1.0 - f * f;
  return {f, f1, -2.0 * f * f1, f1 * (6.0 * f * f - 2.0), 8.0 * f * f1 * (2.0 - 3.0 * f * f)};
}

Jet arcsine(double u) {
  if (std::abs(u) >= 1.0) return line(std::copysign(half_pi, u), 0.0);
  const double s = 1.0 / ((1.0 - u) * (1.0 + u));
  const double f1 = std::sqrt(s);
  return {std::asin(u), f1, u * s * f1, (1.0 + 2.0 * u * u) * s * s * f1,
          3.0 * u * (3.0 + 2.0 * u * u) * s * s * s * f1};
}

Jet arccosine(double u) {
  const Jet other = arcsine(u);
  const double f = std::abs(u) >= 1.0 ? half_pi - other.f : std::acos(u);
  return {f, -other.f1, -other.f2, -other.f3, -other.f4};
}

Jet arctangent(double u) {
  const double f1 = 1.0 / (1.0 + u * u);  // u^2 f1 = 1 - f1, which no large u overflows
  return {std::atan(u), f1, -2.0 * u * f1 * f1, (6.0 - 8.0 * f1) * f1 * f1,
          24.0 * u * f1 * (2.0 * f1 - 1.0) * f1 * f1};
}

Jet inverse_hyperbolic_tangent(double u) {
  if (std::abs(u) >= largest_arctanh_argument) {
    return line(std::copysign(std::atanh(largest_arctanh_argument), u), 0.0);
  }
  const double f1 = 1.0 / ((1.0 - u) * (1.0 + u));
  const double cube = f1 * f1 * f1;
  return {std::atanh(u), f1, 2.0 * u * f1 * f1, (2.0 + 6.0 * u * u) * cube,
          24.0 * u * (1.0 + u * u) * cube * f1};
}

Jet gaussian(double u) {
  if (std::abs(u) > vanishing_gaussian) return {};
  const double f = std::exp(-u * u);
  const double s = 2.0 * u * u;
  return {f, -2.0 * u * f, (2.0 * s - 2.0) * f, (12.0 - 4.0 * s) * u * f,
          (4.0 * s * s - 24.0 * s + 12.0) * f};
}

Jet hyperbolic_cosine(double u) {
  if (std::abs(u) > largest_exponent) {
    const double f = std::cosh(largest_exponent);
    const double slope = std::copysign(f, u);
    return line(f + f * (std::abs(u) - largest_exponent), slope);
  }
  const double c = std::cosh(u);
  const double s = std::sinh(u);
  return {c, s, c, s, c};
}

/// -1, 0 or 1.
double sign_of(double u) { return u > 0.0 ? 1.0 : u < 0.0 ? -1.0 : u; }

Jet absolute(double u) { return line(std::abs(u), sign_of(u)); }

Jet sign(double u) { return line(sign_of(u), 0.0); }

Jet sine(double u) {
  const double s = std::sin(u);
  const double c = std::cos(u);
  return {s, c, -s, -c, s};
}

Jet cosine(double u) {
  const double s = std::sin(u);
  const double c = std::cos(u);
  return {c, -s, -c, s, c};
}

struct NamedFunction {
  std::string_view name;
  Jet (*jet)(double u);
};

/// In the order of the enumeration; a table is no function by itself.
constexpr std::array<NamedFunction, function_count> functions = {{
    {"0", zero},
    {"x", power<1>},
    {"x^2", power<2>},
    {"x^3", power<3>},
    {"x^4", power<4>},
    {"x^5", power<5>},
    {"1/x", inverse_power<1>},
    {"1/x^2", inverse_power<2>},
    {"1/x^3", inverse_power<3>},
    {"1/x^4", inverse_power<4>},
    {"1/x^5", inverse_power<5>},
    {"sqrt", root},
    {"x^1.5", power_3_2},
    {"1/sqrt(x)", inverse_root},
    {"exp", exponential},
    {"log", logarithm},
    {"abs", absolute},
    {"sin", sine},
    {"cos", cosine},
    {"tan", tangent},
    {"tanh", hyperbolic_tangent},
    {"sgn", sign},
    {"arcsin", arcsine},
    {"arccos", arccosine},
    {"arctan", arctangent},
    {"arctanh", inverse_hyperbolic_tangent},
    {"gaussian", gaussian},
    {"cosh", hyperbolic_cosine},
    {"table", zero},
}};

}  // namespace

std::string_view function_name(Function function) noexcept {
  return functions[static_cast<std::size_t>(function)].name;
}

std::optional<Function> function_named(std::string_view name) noexcept {
  for (std::size_t n = 0; n < functions.size(); ++n) {
    if (functions[n].name == name) return static_cast<Function>(n);
  }
  return std::nullopt;
}

void function_values(Function function, double u, int order, double* values) noexcept {
  const Jet jet = functions[static_cast<std::size_t>(function)].jet(u);
  const double all[max_order + 1] = {jet.f, jet.f1, jet.f2, jet.f3, jet.f4};
  std::copy_n(all, order + 1, values);
}

void function_values(const Table& table, double u, int order, double* values) noexcept {
  constexpr int k = Table::degree;
  const double spacing = (table.high - table.low) / table.intervals();
  const double at = std::clamp(u, table.low, table.high);
  const double place = (at - table.low) / spacing;
  const int last = table.intervals() - 1;
  const int cell = !(place > 0.0) ? 0 : place < last ? static_cast<int>(place) : last;  // 0 for NaN
  double knots[2 * k + 2];  // those of this cell
  for (int j = 0; j < 2 * k + 2; ++j) knots[j] = table.low + (cell + j - k) * spacing;
  const bool inside = at == u;
  const int needed = inside ? order : 1;
  double basis[max_order + 1][k + 1];
  basis_functions(knots, k, 0, at, needed, basis[0]);
  double jet[max_order + 1] = {};
  const double* own = table.coefficients.data() + cell;
  for (int d = 0; d <= needed; ++d) {
    for (int r = 0; r <= k; ++r) jet[d] += basis[d][r] * own[r];
  }
  if (!inside) jet[0] += jet[1] * (u - at);
  std::copy_n(jet, order + 1, values);
}

}  // namespace kan
