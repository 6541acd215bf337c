#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "kan/jet.hpp"

namespace kan {

/// A product of up to three numbers of a jet; the empty one is 1.
struct JetProduct {
  std::size_t count = 0;
  std::array<std::size_t, max_jet_order> factors = {};  // places
};

/// Part of a number of the jet of f(x): f^(derivative)(x) times a sum of products of the jet of x.
struct ChainTerm {
  std::size_t place;  // at least 1
  int derivative;     // at least 1
  std::vector<JetProduct> products;
};

/// All numbers of the jet of f(x) but the value, by Faa di Bruno's formula: terms in order of place, at
/// most one for each derivative of f.
using ChainRule = std::vector<ChainTerm>;

ChainRule chain_rule(const JetShape& shape);

/// The same where x is input `input` itself: its slope is 1 and all else is 0.
ChainRule chain_rule_of_input(const JetShape& shape, int input);

/// (f g) at each place, by Leibniz' rule: the sum over its pairs (place of f, place of g).
using ProductRule = std::vector<std::vector<std::array<std::size_t, 2>>>;

ProductRule product_rule(const JetShape& shape);

}  // namespace kan
