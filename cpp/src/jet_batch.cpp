#include "jet_batch.hpp"

namespace kan {

JetRules::JetRules(int inputs, int order)
    : shape(inputs, order), hidden(chain_rule(shape)), product(product_rule(shape)) {
  for (int i = 0; i < inputs; ++i) first.push_back(chain_rule_of_input(shape, i));
}

}  // namespace kan
