#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "kan/jet.hpp"

namespace kan {

JetShape::JetShape(int inputs, int order) : inputs_(inputs), order_(order) {
  if (inputs < 1) {
    throw std::invalid_argument("a jet needs at least one input, got " + std::to_string(inputs));
  }
  if (order < 0 || order > max_jet_order) {
    throw std::invalid_argument("the order of a jet must be in 0.." +
                                std::to_string(max_jet_order) + ", got " + std::to_string(order));
  }
  derivatives_.push_back({});
  std::size_t first = 0;
  for (int d = 1; d <= order; ++d) {
    const std::size_t end = derivatives_.size();
    for (std::size_t p = first; p < end; ++p) {
      const Derivative lower = derivatives_[p];
      for (int i = d > 1 ? lower.inputs[static_cast<std::size_t>(d) - 2] : 0; i < inputs; ++i) {
        Derivative next = lower;
        next.inputs[static_cast<std::size_t>(next.order++)] = i;
        derivatives_.push_back(next);
      }
    }
    first = end;
  }
}

std::size_t JetShape::place(Derivative derivative) const noexcept {
  for (std::size_t last = static_cast<std::size_t>(derivative.order); last > 1; --last) {
    for (std::size_t j = 1; j < last; ++j) {
      if (derivative.inputs[j] < derivative.inputs[j - 1]) {
        std::swap(derivative.inputs[j], derivative.inputs[j - 1]);
      }
    }
  }
  const auto before = [](const Derivative& one, const Derivative& other) {
    if (one.order != other.order) return one.order < other.order;
    return std::lexicographical_compare(one.inputs.begin(), one.inputs.begin() + one.order,
                                        other.inputs.begin(), other.inputs.begin() + other.order);
  };
  const auto found = std::lower_bound(derivatives_.begin(), derivatives_.end(), derivative, before);
  return static_cast<std::size_t>(found - derivatives_.begin());
}

}  // namespace kan
