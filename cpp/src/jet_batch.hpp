#pragma once

#include <cstddef>
#include <vector>

#include "jet_terms.hpp"
#include "kan/jet.hpp"
#include "kernels/dispatch.hpp"
#include "layer_pass.hpp"

namespace kan {

/// A chunk of jets: features lie `stride` apart and have one stretch of `step` numbers for each place of
/// the jet. To the kernels every number of a stretch is a sample, those of the padding too.
struct JetBatch {
  std::size_t count;  ///< samples
  std::size_t step;   ///< samples and padding: whole lane blocks
  std::size_t places;
  std::size_t stride;
  int threads;

  /// All places as one batch of samples, or one of them.
  Batch all() const { return {places * step, places * step, stride, threads}; }
  Batch one() const { return {step, step, stride, threads}; }
};

/// to [step] (+)= a b, where b null stands for 1.
template <class T>
void multiply(const T* a, const T* b, const JetBatch& batch, bool more, T* to) {
  kernels::active<T>().blend(1, batch.stride, batch.step, 1, &a, &b, more, to);
}

/// The rules by which the jets of a network go on.
struct JetRules {
  JetShape shape;
  ChainRule hidden;              // for inputs of every layer but the first
  std::vector<ChainRule> first;  // for each input of the first
  ProductRule product;

  JetRules(int inputs, int order);

  const ChainRule& chain(std::size_t layer, std::size_t input) const {
    return layer == 0 ? first[input] : hidden;
  }

  /// The one input that the derivative at place p > 0 is along, or -1 if there are several. An edge of the
  /// first layer has one input: it has no say in the places of others, nor in those of several.
  int only_input(std::size_t p) const {
    const Derivative& own = shape[p];
    for (int j = 1; j < own.order; ++j) {
      if (own.inputs[static_cast<std::size_t>(j)] != own.inputs[0]) return -1;
    }
    return own.inputs[0];
  }

  /// Calls use(derivative, place) for the derivatives of edges that the way back to the inputs of a
  /// layer needs, see JetScratch::edge_sums.
  template <class Use>
  void for_edge_sums(std::size_t layer, const Use& use) const {
    for (std::size_t p = 0; p < shape.size(); ++p) {
      const int most = shape[p].order + 1;
      if (layer == 0 && only_input(p) < 0) continue;
      for (int d = layer == 0 ? most : 1; d <= most; ++d) use(d, p);
    }
  }
};

}  // namespace kan
