#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "kan/jet.hpp"

namespace {

using kan::Derivative;
using kan::JetShape;

std::vector<int> inputs_of(const Derivative& one) {
  return {one.inputs.begin(), one.inputs.begin() + one.order};
}

Derivative derivative(const std::vector<int>& inputs) {
  Derivative made;
  made.order = static_cast<int>(inputs.size());
  std::copy(inputs.begin(), inputs.end(), made.inputs.begin());
  return made;
}

TEST_CASE("a jet has its value first, then order by order in lexical order") {
  const JetShape shape(2, 3);
  const std::vector<std::vector<int>> expected = {
      {}, {0}, {1}, {0, 0}, {0, 1}, {1, 1}, {0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {1, 1, 1}};
  REQUIRE(shape.size() == expected.size());
  for (std::size_t p = 0; p < shape.size(); ++p) CHECK(inputs_of(shape[p]) == expected[p]);
  CHECK(shape.inputs() == 2);
  CHECK(shape.order() == 3);
}

TEST_CASE("a jet has as many numbers as there are monomials up to its order") {
  for (int inputs = 1; inputs <= 7; ++inputs) {
    std::size_t expected = 1;  // binomial(inputs + order, order)
    for (int order = 0; order <= kan::max_jet_order; ++order) {
      CHECK(JetShape(inputs, order).size() == expected);
      expected = expected * std::size_t(inputs + order + 1) / std::size_t(order + 1);
    }
  }
}

TEST_CASE("derivatives are found where they are, their inputs in any order") {
  for (int inputs = 1; inputs <= 5; ++inputs) {
    const JetShape shape(inputs, 3);
    for (std::size_t p = 0; p < shape.size(); ++p) {
      std::vector<int> order = inputs_of(shape[p]);
      do {
        CHECK(shape.place(derivative(order)) == p);
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
}

TEST_CASE("a jet of no inputs, or of an order that there is not, is refused") {
  CHECK_THROWS_WITH_AS(JetShape(0, 1), "a jet needs at least one input, got 0",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(JetShape(2, -1), "the order of a jet must be in 0..3, got -1",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(JetShape(2, 4), "the order of a jet must be in 0..3, got 4",
                       std::invalid_argument);
}

}  // namespace
