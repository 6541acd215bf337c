#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "jet_terms.hpp"

namespace {

using kan::ChainTerm;
using kan::JetProduct;
using kan::JetShape;

std::size_t place(const JetShape& shape, const std::vector<int>& inputs) {
  kan::Derivative derivative;
  for (const int input : inputs) {
    derivative.inputs[static_cast<std::size_t>(derivative.order++)] = input;
  }
  return shape.place(derivative);
}

using Products = std::vector<std::vector<std::size_t>>;

/// Each with its factors in order, and all in order.
Products sorted(Products products) {
  for (auto& factors : products) std::sort(factors.begin(), factors.end());
  std::sort(products.begin(), products.end());
  return products;
}

/// What multiplies one derivative of f in one number of the jet of f(x).
Products products_of(const kan::ChainRule& rule, std::size_t place, int derivative) {
  Products all;
  for (const ChainTerm& term : rule) {
    if (term.place != place || term.derivative != derivative) continue;
    for (const JetProduct& product : term.products) {
      all.emplace_back(product.factors.data(), product.factors.data() + product.count);
    }
  }
  return sorted(all);
}

TEST_CASE("the chain rule along three inputs is that of a textbook") {
  const JetShape shape(3, 3);
  const auto rule = kan::chain_rule(shape);
  const auto at = [&](const std::vector<int>& inputs) { return place(shape, inputs); };
  // (f x)_012 = f''' x_0 x_1 x_2 + f'' (x_0 x_12 + x_1 x_02 + x_2 x_01) + f' x_012
  const std::size_t p = at({0, 1, 2});
  CHECK(products_of(rule, p, 3) == Products{{at({0}), at({1}), at({2})}});
  CHECK(products_of(rule, p, 2) ==
        sorted({{at({0}), at({1, 2})}, {at({1}), at({0, 2})}, {at({2}), at({0, 1})}}));
  CHECK(products_of(rule, p, 1) == Products{{p}});
}

TEST_CASE("the chain rule along one input counts what it meets more than once") {
  const auto rule = kan::chain_rule(JetShape(1, 3));
  // (f x)''' = f''' x'^3 + 3 f'' x' x'' + f' x'''
  CHECK(products_of(rule, 3, 3) == Products{{1, 1, 1}});
  CHECK(products_of(rule, 3, 2) == Products{{1, 2}, {1, 2}, {1, 2}});
  CHECK(products_of(rule, 3, 1) == Products{{3}});
  CHECK(products_of(rule, 2, 2) == Products{{1, 1}});
  CHECK(products_of(rule, 2, 1) == Products{{2}});
  CHECK(products_of(rule, 1, 1) == Products{{1}});
}

TEST_CASE("terms come in order of place, one for each derivative up to the order") {
  for (const int order : {0, 1, 2, 3}) {
    const JetShape shape(3, order);
    std::vector<std::array<std::size_t, 2>> expected, got;
    for (std::size_t p = 1; p < shape.size(); ++p) {
      for (std::size_t d = 1; d <= static_cast<std::size_t>(shape[p].order); ++d) {
        expected.push_back({p, d});
      }
    }
    for (const ChainTerm& term : kan::chain_rule(shape)) {
      got.push_back({term.place, static_cast<std::size_t>(term.derivative)});
    }
    CHECK(got == expected);
  }
}

TEST_CASE("an input itself leaves the pure derivatives along it, times 1") {
  const JetShape shape(3, 3);
  const auto rule = kan::chain_rule_of_input(shape, 1);
  const std::size_t expected[] = {place(shape, {1}), place(shape, {1, 1}), place(shape, {1, 1, 1})};
  REQUIRE(rule.size() == 3);
  for (std::size_t t = 0; t < 3; ++t) {
    CHECK(rule[t].place == expected[t]);
    CHECK(rule[t].derivative == static_cast<int>(t) + 1);
    CHECK(products_of(rule, rule[t].place, rule[t].derivative) == Products{{}});
  }
}

TEST_CASE("the product rule is that of Leibniz") {
  const JetShape shape(2, 3);
  const auto rule = kan::product_rule(shape);
  const auto at = [&](const std::vector<int>& inputs) { return place(shape, inputs); };
  const auto pairs = [&](std::size_t p) {
    Products all;
    for (const auto& pair : rule[p]) all.push_back({pair[0], pair[1]});
    std::sort(all.begin(), all.end());
    return all;
  };
  REQUIRE(rule.size() == shape.size());
  CHECK(pairs(0) == Products{{0, 0}});
  const std::size_t p = at({0, 1});
  CHECK(pairs(p) == Products{{0, p}, {at({0}), at({1})}, {at({1}), at({0})}, {p, 0}});
  // (f g)_001 = f g_001 + 2 f_0 g_01 + f_1 g_00 + f_00 g_1 + 2 f_01 g_0 + f_001 g
  const std::size_t q = at({0, 0, 1});
  CHECK(pairs(q) == Products{{0, q},
                             {at({0}), at({0, 1})},
                             {at({0}), at({0, 1})},
                             {at({1}), at({0, 0})},
                             {at({0, 0}), at({1})},
                             {at({0, 1}), at({0})},
                             {at({0, 1}), at({0})},
                             {q, 0}});
}

}  // namespace
