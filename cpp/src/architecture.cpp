#include "kan/architecture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace kan {
namespace {

constexpr std::size_t count_limit = std::numeric_limits<std::ptrdiff_t>::max() / 64;
constexpr int node_limit = 1 << 24;
constexpr int interval_limit = 1 << 20;

[[noreturn]] void refuse_count() {
  throw std::invalid_argument("architecture: the number of parameters overflows");
}

std::size_t checked_product(std::size_t a, std::size_t b) {
  if (b != 0 && a > count_limit / b) refuse_count();
  return a * b;
}

void require(bool holds, std::size_t l, const std::string& expected, long long got) {
  if (!holds) {
    throw std::invalid_argument("layer " + std::to_string(l) + ": " + expected + ", got " +
                                std::to_string(got));
  }
}

void validate_nodes(const Layer& layer, std::size_t l) {
  require(layer.inputs >= 1 && layer.inputs <= node_limit, l, "inputs must be in 1..2^24",
          layer.inputs);
  require(layer.sums >= 0 && layer.sums <= node_limit, l, "sums must be in 0..2^24", layer.sums);
  long long subnodes = layer.sums;
  for (const int arity : layer.arities) {
    require(arity >= 1 && arity <= node_limit, l, "an arity must be in 1..2^24", arity);
    subnodes += arity;
  }
  require(subnodes >= 1 && subnodes <= node_limit, l, "subnodes must be in 1..2^24", subnodes);
}

void validate_symbolic(const SymbolicEdge& edge, const Layer& layer, std::size_t l,
                       std::size_t tables) {
  require(edge.input >= 0 && edge.input < layer.inputs, l, "a symbolic edge must begin at an input",
          edge.input);
  require(edge.sum >= 0 && edge.sum < layer.subnodes(), l, "a symbolic edge must end at a sum",
          edge.sum);
  const int number = static_cast<int>(edge.function);
  require(number >= 0 && number < function_count, l, "a symbolic edge must have a function",
          number);
  const std::size_t choices = edge.function == Function::table ? tables : 1;
  require(edge.table >= 0 && static_cast<std::size_t>(edge.table) < choices, l,
          "a table must be one of the architecture's", edge.table);
}

void validate_symbolics(const Layer& layer, std::size_t l, std::size_t tables) {
  const auto& edges = layer.symbolic;
  for (std::size_t e = 0; e < edges.size(); ++e) {
    validate_symbolic(edges[e], layer, l, tables);
    if (e == 0) continue;
    const SymbolicEdge& before = edges[e - 1];
    const bool increases = before.input < edges[e].input ||
                           (before.input == edges[e].input && before.sum < edges[e].sum);
    require(increases, l, "symbolic edges must be sorted by input, then sum, each once",
            edges[e].input);
  }
}

/// Knots that are apart, also those beyond its ends.
bool has_interval(const Table& table) {
  const double scale = std::max(std::abs(table.low), std::abs(table.high));
  const double spacing = (table.high - table.low) / table.intervals();
  return std::isfinite(scale) && std::isfinite(spacing) &&
         spacing > 1024.0 * std::numeric_limits<double>::epsilon() * scale;
}

void validate_table(const Table& table) {
  const auto refuse = [&table](const std::string& reason) {
    throw std::invalid_argument("table \"" + table.name + "\": " + reason);
  };
  const std::size_t count = table.coefficients.size();
  if (count <= Table::degree || count > Table::most_coefficients) {
    refuse("it must have 6..2^16 coefficients, got " + std::to_string(count));
  }
  if (!has_interval(table)) {
    refuse("low and high must be finite, low < high, and further apart than rounding");
  }
  const auto& all = table.coefficients;
  if (!std::all_of(all.begin(), all.end(), [](double value) { return std::isfinite(value); })) {
    refuse("a coefficient is not finite");
  }
}

void validate_layer(const Architecture& architecture, std::size_t l) {
  const Layer& layer = architecture.layers[l];
  validate_nodes(layer, l);
  require(layer.degree >= 0 && layer.degree <= max_degree, l, "degree k must be in 0..5",
          layer.degree);
  require(layer.intervals >= 1 && layer.intervals <= interval_limit, l,
          "grid intervals G must be in 1..2^20", layer.intervals);
  validate_symbolics(layer, l, architecture.tables.size());
  if (l == 0) return;
  const int before = architecture.layers[l - 1].nodes();
  require(layer.inputs == before, l,
          "inputs must equal the nodes of the layer before, " + std::to_string(before),
          layer.inputs);
}

/// Numbers beside the splines.
std::size_t small_count(const Layer& layer, bool affine) noexcept {
  const auto nodes =
      static_cast<std::size_t>(layer.subnodes()) + static_cast<std::size_t>(layer.nodes());
  return (affine ? 2 * nodes : 0) + EdgeAffine::count * layer.symbolic.size();
}

std::size_t checked_count(const Layer& layer, bool affine) {
  const auto inputs = static_cast<std::size_t>(layer.inputs);
  const std::size_t edge_rows = checked_product(inputs, static_cast<std::size_t>(layer.rows()));
  checked_product(inputs, static_cast<std::size_t>(layer.knots()));
  return checked_product(edge_rows, static_cast<std::size_t>(layer.subnodes())) +
         small_count(layer, affine);
}

}  // namespace

int Layer::subnodes() const noexcept {
  int total = sums;
  for (const int arity : arities) total += arity;
  return total;
}

int Layer::nodes() const noexcept { return sums + static_cast<int>(arities.size()); }

std::size_t Architecture::parameter_count() const noexcept {
  std::size_t total = 0;
  for (const Layer& layer : layers) {
    total += static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.rows()) *
             static_cast<std::size_t>(layer.subnodes());
    total += small_count(layer, affine);
  }
  return total;
}

void Architecture::validate() const {
  if (layers.empty()) throw std::invalid_argument("architecture: at least one layer is needed");
  if (tables.size() > max_tables) {
    throw std::invalid_argument("architecture: at most " + std::to_string(max_tables) +
                                " tables are allowed, got " + std::to_string(tables.size()));
  }
  for (const Table& table : tables) validate_table(table);
  std::size_t total = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    validate_layer(*this, l);
    total += checked_count(layers[l], affine);
    if (total > count_limit) refuse_count();
  }
}

}  // namespace kan
