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

/// The outputs of one sample as logits: log sum_o exp z_o and the softmax.
template <class T>
struct Logits {
  const T* outputs;  // of the sample
  std::size_t count, stride;
  double largest, sum;  // sum_o exp(z_o - largest)

  Logits(const LossChunk<T>& chunk, std::size_t n)
      : outputs(chunk.outputs + n), count(chunk.output_count), stride(chunk.stride), sum(0.0) {
    largest = at(0);
    for (std::size_t o = 1; o < count; ++o) largest = std::max(largest, at(o));
    for (std::size_t o = 0; o < count; ++o) sum += std::exp(at(o) - largest);
  }
  double at(std::size_t o) const { return static_cast<double>(outputs[o * stride]); }
  double probability(std::size_t o) const { return std::exp(at(o) - largest) / sum; }
};

/// s_n scale (log sum_o exp z_o - z_label) and its derivative s_n scale (softmax_o - [o = label]).
template <class T>
double cross_entropies(const LossChunk<T>& chunk, double scale, T* gradient) {
  const std::size_t outputs = chunk.output_count;
  double total = 0.0;
  for (std::size_t n = 0; n < chunk.count; ++n) {
    const std::size_t row = chunk.samples.row(chunk.first + n);
    const auto label = static_cast<std::size_t>(chunk.samples.labels[row]);
    const double share = weight_of(chunk.samples, row) * scale;
    const Logits<T> logits(chunk, n);
    total += share * (logits.largest + std::log(logits.sum) - logits.at(label));
    if (gradient == nullptr) continue;
    for (std::size_t o = 0; o < outputs; ++o) {
      gradient[o * chunk.stride + n] =
          static_cast<T>(share * (logits.probability(o) - (o == label ? 1.0 : 0.0)));
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
    const double weight = weight_of(samples, row);
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

template <class T>
void set_curvature_seed(Loss loss, const LossChunk<T>& chunk, double scale, std::size_t c,
                        T* seed) {
  const std::size_t outputs = chunk.output_count;
  for (std::size_t n = 0; n < chunk.count; ++n) {
    const double share = weight_of(chunk.samples, chunk.samples.row(chunk.first + n)) * scale;
    if (loss == Loss::mse) {
      for (std::size_t o = 0; o < outputs; ++o) seed[o * chunk.stride + n] = T(0);
      seed[c * chunk.stride + n] =
          static_cast<T>(std::sqrt(2.0 * share / static_cast<double>(outputs)));
      continue;
    }
    const Logits<T> logits(chunk, n);
    const double factor = std::sqrt(share * logits.probability(c));
    for (std::size_t o = 0; o < outputs; ++o) {
      seed[o * chunk.stride + n] =
          static_cast<T>(factor * ((o == c ? 1.0 : 0.0) - logits.probability(o)));
    }
  }
}

template double total_weight(const Samples<float>&);
template double total_weight(const Samples<double>&);
template double mean_square(const Samples<float>&, std::size_t);
template double mean_square(const Samples<double>&, std::size_t);
template double add_loss(Loss, const LossChunk<float>&, double, float*);
template double add_loss(Loss, const LossChunk<double>&, double, double*);
template void set_curvature_seed(Loss, const LossChunk<float>&, double, std::size_t, float*);
template void set_curvature_seed(Loss, const LossChunk<double>&, double, std::size_t, double*);

}  // namespace kan
