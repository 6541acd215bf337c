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

/// The mean of the squared targets over samples and outputs.
template <class T>
double mean_square(const Samples<T>& samples, std::size_t outputs);

/// The chunk's share of the loss, times `scale` = 1 / total_weight.
/// Writes: gradient [O][stride] with respect to the outputs where not null, but not its padding.
template <class T>
double add_loss(Loss loss, const LossChunk<T>& chunk, double scale, T* gradient);

/// The second derivative of a sample's share of the loss by the outputs, but for what vanishes with
/// the residuals, is sum_c q_c q_c^T:
///   mse            q_c = sqrt(2 s scale / O) e_c
///   cross-entropy  q_c = sqrt(s scale p_c) (e_c - p), p the softmax of the outputs
/// Writes: q_c of every sample to `seed` [O][stride], but not its padding.
template <class T>
void set_curvature_seed(Loss loss, const LossChunk<T>& chunk, double scale, std::size_t c, T* seed);

}  // namespace kan
