#include "jet_terms.hpp"

namespace kan {
namespace {

/// The place of the derivative along those inputs of `whole` that the bits of `subset` name.
std::size_t place_of(const JetShape& shape, const Derivative& whole, unsigned subset) {
  Derivative part;
  for (int j = 0; j < whole.order; ++j) {
    if ((subset >> j & 1U) == 0) continue;
    part.inputs[static_cast<std::size_t>(part.order++)] = whole.inputs[static_cast<std::size_t>(j)];
  }
  return shape.place(part);
}

/// Calls use(blocks) for every partition of the set `rest` of bits into blocks, begun by `blocks`.
template <class Use>
void for_partitions(unsigned rest, std::vector<unsigned>& blocks, const Use& use) {
  if (rest == 0) return use(blocks);
  const unsigned lowest = rest & (~rest + 1);
  for (unsigned others = rest ^ lowest;; others = (others - 1) & (rest ^ lowest)) {
    blocks.push_back(lowest | others);
    for_partitions(rest & ~blocks.back(), blocks, use);
    blocks.pop_back();
    if (others == 0) break;
  }
}

}  // namespace

ChainRule chain_rule(const JetShape& shape) {
  ChainRule rule;
  for (std::size_t p = 1; p < shape.size(); ++p) {
    const std::size_t first = rule.size();
    for (int d = 1; d <= shape[p].order; ++d) rule.push_back({p, d, {}});
    std::vector<unsigned> blocks;
    for_partitions((1U << shape[p].order) - 1, blocks, [&](const std::vector<unsigned>& found) {
      JetProduct product;
      for (const unsigned block : found) {
        product.factors[product.count++] = place_of(shape, shape[p], block);
      }
      rule[first + found.size() - 1].products.push_back(product);
    });
  }
  return rule;
}

ChainRule chain_rule_of_input(const JetShape& shape, int input) {
  ChainRule rule;
  for (std::size_t p = 1; p < shape.size(); ++p) {
    bool pure = true;
    for (int j = 0; j < shape[p].order; ++j) {
      pure = pure && shape[p].inputs[static_cast<std::size_t>(j)] == input;
    }
    if (pure) rule.push_back({p, shape[p].order, {JetProduct{}}});
  }
  return rule;
}

ProductRule product_rule(const JetShape& shape) {
  ProductRule rule(shape.size());
  for (std::size_t p = 0; p < shape.size(); ++p) {
    const unsigned all = (1U << shape[p].order) - 1;
    for (unsigned subset = 0; subset <= all; ++subset) {
      rule[p].push_back(
          {place_of(shape, shape[p], subset), place_of(shape, shape[p], all ^ subset)});
    }
  }
  return rule;
}

}  // namespace kan
