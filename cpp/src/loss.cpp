#include "loss.hpp"

#include <algorithm>
#include <cmath>

namespace kan {
namespace {

template <class T>
double weight_of(const Samples<T>& samples, std::size_t row) {
  return samples.weight != nullptr ? static_cast<double>(samples.weight[row]) : 1.0;
}

/// s_n scale / O sum_o e^2 and its derivative 2 s_n scale / O e, with e = y_hat - y.
template <class T>
double squared_errors(const LossChunk<T>& chunk, double scale, T* gradient) {
  const std::size_t outputs = chunk.output_count;
  double total = 0.0;
  for (std::size_t n = 0; n < chunk.count; ++n) {
    const std::size_t row = chunk.samples.row(chunk.first + n);
    const double share = weight_of(chunk.samples, row) * scale / static_cast<double>(outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      const double error = static_cast<double>(chunk.outputs[o * chunk.stride + n]) -
                           static_cast<double>(chunk.samples.y[row * outputs + o]);
      total += share * error * error;
      if (gradient != nullptr) gradient[o * chunk.stride + n] = static_cast<T>(2.0 * share * error);
    }
  }
  return total;
}

/// s_n scale (log sum_o exp z_o - z_label) and its derivative s_n scale (softmax_o - [o = label]).
template <class T>
double cross_entropies(const LossChunk<T>& chunk, double scale, T* gradient) {
  const std::size_t outputs = chunk.output_count;
  double total = 0.0;
  for (std::size_t n = 0; n < chunk.count; ++n) {
    const std::size_t row = chunk.samples.row(chunk.first + n);
    const auto label = static_cast<std::size_t>(chunk.samples.labels[row]);
    const double share = weight_of(chunk.samples, row) * scale;
    const auto logit = [&](std::size_t o) {
      return static_cast<double>(chunk.outputs[o * chunk.stride + n]);
    };
    double largest = logit(0);
    for (std::size_t o = 1; o < outputs; ++o) largest = std::max(largest, logit(o));
    double sum = 0.0;
    for (std::size_t o = 0; o < outputs; ++o) sum += std::exp(logit(o) - largest);
    total += share * (largest + std::log(sum) - logit(label));
    if (gradient == nullptr) continue;
    for (std::size_t o = 0; o < outputs; ++o) {
      const double probability = std::exp(logit(o) - largest) / sum;
      gradient[o * chunk.stride + n] =
          static_cast<T>(share * (probability - (o == label ? 1.0 : 0.0)));
    }
  }
  return total;
}

}  // namespace

template <class T>
double total_weight(const Samples<T>& samples) {
  if (samples.weight == nullptr) return static_cast<double>(samples.count);
  double total = 0.0;
  for (std::size_t n = 0; n < samples.count; ++n) {
    total += static_cast<double>(samples.weight[samples.row(n)]);
  }
  return total;
}

template <class T>
double mean_square(const Samples<T>& samples, std::size_t outputs) {
  double sum = 0.0;
  for (std::size_t n = 0; n < samples.count; ++n) {
    const std::size_t row = samples.row(n);
    const double weight =
        samples.weight != nullptr ? static_cast<double>(samples.weight[row]) : 1.0;
    for (std::size_t o = 0; o < outputs; ++o) {
      const auto y = static_cast<double>(samples.y[row * outputs + o]);
      sum += weight * y * y;
    }
  }
  return sum / (total_weight(samples) * static_cast<double>(outputs));
}

template <class T>
double add_loss(Loss loss, const LossChunk<T>& chunk, double scale, T* gradient) {
  return loss == Loss::mse ? squared_errors(chunk, scale, gradient)
                           : cross_entropies(chunk, scale, gradient);
}

template double total_weight(const Samples<float>&);
template double total_weight(const Samples<double>&);
template double mean_square(const Samples<float>&, std::size_t);
template double mean_square(const Samples<double>&, std::size_t);
template double add_loss(Loss, const LossChunk<float>&, double, float*);
template double add_loss(Loss, const LossChunk<double>&, double, double*);

}  // namespace kan
