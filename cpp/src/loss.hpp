#pragma once

#include <cstddef>

#include "kan/samples.hpp"

namespace kan {

/// One chunk of a batch as the loss sees it.
/// Shapes: outputs [O][stride]; the samples are rows first .. first + count of the view.
template <class T>
struct LossChunk {
  const Samples<T>& samples;
  std::size_t first;
  std::size_t count;
  const T* outputs;
  std::size_t output_count;
  std::size_t stride;
};

/// sum_n s_n, or N without weights.
template <class T>
double total_weight(const Samples<T>& samples);

/// The square of the targets' unit: their variance over all samples and outputs, or the square of their
/// mean where they do not vary; 1 where neither is a positive number.
template <class T>
double target_variance(const Samples<T>& samples, std::size_t outputs);

/// The chunk's share of the loss, times `scale` = 1 / total_weight.
/// Writes: gradient [O][stride] with respect to the outputs where not null, but not its padding.
template <class T>
double add_loss(Loss loss, const LossChunk<T>& chunk, double scale, T* gradient);

}  // namespace kan
