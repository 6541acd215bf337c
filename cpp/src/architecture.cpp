#include "kan/architecture.hpp"

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
  }
  return total;
}

void Architecture::validate() const {
  if (layers.empty()) throw std::invalid_argument("architecture: at least one layer is needed");
  std::size_t total = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    validate_nodes(layer, l);
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
    if (total > count_limit) {
      throw std::invalid_argument("architecture: the number of parameters overflows");
    }
  }
}

}  // namespace kan
