#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kan/basis.hpp"

namespace kan {

/// The functions that a symbolic edge may have; `function_name` has their names in pykan.
enum class Function {
  zero,
  identity,
  square,
  cube,
  fourth,
  fifth,
  inverse,
  inverse_square,
  inverse_cube,
  inverse_fourth,
  inverse_fifth,
  root,
  power_3_2,
  inverse_root,
  exp,
  log,
  absolute,
  sine,
  cosine,
  tangent,
  tanh,
  sign,
  arcsine,
  arccosine,
  arctangent,
  arctanh,
  gaussian,
  cosh,
  table  ///< a function of the user's: see `Table`
};

constexpr int function_count = static_cast<int>(Function::table) + 1;

/// "x^2", "sin", ...; "table" for a function of the user's, which has a name of its own.
std::string_view function_name(Function function) noexcept;
std::optional<Function> function_named(std::string_view name) noexcept;

/// A function of the user's, as a spline of degree 5 on equal intervals of [low, high]; outside it goes
/// on as a straight line.
struct Table {
  std::string name;
  double low = -1.0;
  double high = 1.0;
  std::vector<double> coefficients;  ///< intervals + 5 of them, intervals >= 1

  static constexpr int degree = 5;
  static constexpr std::size_t most_coefficients = std::size_t{1} << 16;
  int intervals() const noexcept { return static_cast<int>(coefficients.size()) - degree; }
};

/// An edge y = gamma f(alpha x + beta) + delta beside or in place of a spline.
struct SymbolicEdge {
  int input = 0;
  int sum = 0;
  Function function = Function::zero;
  int table = 0;  ///< which of the architecture's tables; 0 for any other function
};

/// The numbers of a symbolic edge in the parameter buffer, in this order.
struct EdgeAffine {
  enum : std::size_t { alpha, beta, gamma, delta, count };
};

/// f and its derivatives up to `order` <= max_order at u.
///
/// No singularity is left: functions go on across them and beyond their domains as in pykan's guarded
/// versions (1/u as a steep line through 0, log |u|, sign(u) sqrt |u|, arcsin clamped, exp beyond 80 as a
/// line, ...), all but `sign` continuously, and derivatives there are those of what goes on.
/// Writes: values[0 ... order].
void function_values(Function function, double u, int order, double* values) noexcept;

/// The same for a table.
void function_values(const Table& table, double u, int order, double* values) noexcept;

}  // namespace kan
