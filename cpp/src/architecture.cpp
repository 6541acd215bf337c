#include "kan/architecture.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace kan {
namespace {

constexpr std::size_t count_limit = std::numeric_limits<std::ptrdiff_t>::max() / 64;
constexpr int node_limit = 1 << 24;
constexpr int interval_limit = 1 << 20;

std::size_t checked_product(std::size_t a, std::size_t b) {
  if (b != 0 && a > count_limit / b) {
    throw std::invalid_argument("architecture: the number of parameters overflows");
  }
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

void validate_symbolic(const Layer& layer, std::size_t l, std::size_t tables) {
  const SymbolicEdge* before = nullptr;
  for (const SymbolicEdge& edge : layer.symbolic) {
    require(edge.input >= 0 && edge.input < layer.inputs, l,
            "a symbolic edge must begin at an input", edge.input);
    require(edge.sum >= 0 && edge.sum < layer.subnodes(), l, "a symbolic edge must end at a sum",
            edge.sum);
    const int number = static_cast<int>(edge.function);
    require(number >= 0 && number < function_count, l, "a symbolic edge must have a function",
            number);
    require(edge.table >= 0, l, "a table must be one of the architecture's", edge.table);
    require(edge.function != Function::table || static_cast<std::size_t>(edge.table) < tables, l,
            "a table must be one of the architecture's", edge.table);
    if (before != nullptr) {
      const bool increases = before->input < edge.input ||
                             (before->input == edge.input && before->sum < edge.sum);
      require(increases, l, "symbolic edges must be sorted by input, then sum, each once",
              edge.input);
    }
    before = &edge;
  }
}

void validate_table(const Table& table) {
  const bool holds = std::isfinite(table.low) && std::isfinite(table.high) &&
                     table.low < table.high && std::isfinite(table.high - table.low) &&
                     table.coefficients.size() > Table::degree &&
                     table.coefficients.size() < (std::size_t{1} << 20);
  if (!holds) {
    throw std::invalid_argument("table \"" + table.name +
                                "\": it must have an interval of positive length and 6..2^20 "
                                "coefficients");
  }
  for (const double value : table.coefficients) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("table \"" + table.name + "\": a coefficient is not finite");
    }
  }
}

std::size_t affine_count(const Layer& layer) noexcept {
  return 2 * (static_cast<std::size_t>(layer.subnodes()) + static_cast<std::size_t>(layer.nodes()));
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
    if (affine) total += affine_count(layer);
    total += EdgeAffine::count * layer.symbolic.size();
  }
  return total;
}

void Architecture::validate() const {
  if (layers.empty()) throw std::invalid_argument("architecture: at least one layer is needed");
  for (const Table& table : tables) validate_table(table);
  std::size_t total = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    validate_nodes(layer, l);
    validate_symbolic(layer, l, tables.size());
    require(layer.degree >= 0 && layer.degree <= max_degree, l, "degree k must be in 0..5",
            layer.degree);
    require(layer.intervals >= 1 && layer.intervals <= interval_limit, l,
            "grid intervals G must be in 1..2^20", layer.intervals);
    if (l > 0) {
      require(layer.inputs == layers[l - 1].nodes(), l,
              "inputs must equal the nodes of the layer before, " +
                  std::to_string(layers[l - 1].nodes()),
              layer.inputs);
    }
    const auto inputs = static_cast<std::size_t>(layer.inputs);
    const std::size_t edge_rows = checked_product(inputs, static_cast<std::size_t>(layer.rows()));
    checked_product(inputs, static_cast<std::size_t>(layer.knots()));
    total += checked_product(edge_rows, static_cast<std::size_t>(layer.subnodes()));
    if (affine) total += affine_count(layer);
    total += EdgeAffine::count * layer.symbolic.size();
    if (total > count_limit) {
      throw std::invalid_argument("architecture: the number of parameters overflows");
    }
  }
}

}  // namespace kan
