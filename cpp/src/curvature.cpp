#include "curvature.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/dispatch.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// The share of one sample in the curvature is sum_c q_c q_c^T, taken to the parameters.
///   mse            q_c = sqrt(2 s scale / O) e_c
///   cross-entropy  q_c = sqrt(s scale p_c) (e_c - p), p the softmax of the outputs
/// Writes: q_c of every sample to `seed` [O][stride].
template <class T>
void set_seed(Loss loss, const LossChunk<T>& view, double scale, std::size_t c, T* seed) {
  const std::size_t outputs = view.output_count;
  for (std::size_t n = 0; n < view.count; ++n) {
    const std::size_t row = view.samples.row(view.first + n);
    const double weight =
        view.samples.weight != nullptr ? static_cast<double>(view.samples.weight[row]) : 1.0;
    if (loss == Loss::mse) {
      for (std::size_t o = 0; o < outputs; ++o) seed[o * view.stride + n] = T(0);
      seed[c * view.stride + n] =
          static_cast<T>(std::sqrt(2.0 * weight * scale / static_cast<double>(outputs)));
      continue;
    }
    const auto logit = [&](std::size_t o) {
      return static_cast<double>(view.outputs[o * view.stride + n]);
    };
    double largest = logit(0);
    for (std::size_t o = 1; o < outputs; ++o) largest = std::max(largest, logit(o));
    double sum = 0.0;
    for (std::size_t o = 0; o < outputs; ++o) sum += std::exp(logit(o) - largest);
    const double factor = std::sqrt(weight * scale * std::exp(logit(c) - largest) / sum);
    for (std::size_t o = 0; o < outputs; ++o) {
      const double probability = std::exp(logit(o) - largest) / sum;
      seed[o * view.stride + n] = static_cast<T>(factor * ((o == c ? 1.0 : 0.0) - probability));
    }
  }
}

}  // namespace

template <class T>
EdgeOrder::EdgeOrder(const Network<T>& network) {
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const Layer& layer = network.layer(l);
    const std::size_t sums = size(layer.subnodes());
    if (layer.degree > 3) width = 8;
    for (std::size_t i = 0; i < size(layer.inputs); ++i) {
      for (std::size_t s = 0; s < sums; ++s) {
        if (network.edge_mask(l)[i * sums + s] == 0) continue;
        edges.push_back({l, i, s, static_cast<std::int32_t>(parameter.size())});
        for (std::size_t m = 0; m < size(layer.rows()); ++m) {
          parameter.push_back(network.offsets(l).coefficients + (i * size(layer.rows()) + m) * sums +
                              s);
        }
      }
    }
  }
  stride = parameter.size() + width;
}

template EdgeOrder::EdgeOrder(const Network<float>&);
template EdgeOrder::EdgeOrder(const Network<double>&);

template <class T>
Curvature<T>::Curvature(const Network<T>& network, const EdgeOrder& order)
    : network_(network),
      order_(order),
      matrix_(order.stride * order.stride),
      first_(order.edges.size()),
      apart_(order.edges.size()),
      values_(order.edges.size() * order.width),
      single_(order.edges.size()) {
  for (std::size_t e = 0; e < order.edges.size(); ++e) {
    const EdgeOrder::Edge& edge = order.edges[e];
    apart_[e] = edge.first + network.layer(edge.layer).basis_functions();
  }
}

template <class T>
void Curvature<T>::clear() {
  std::fill(matrix_.begin(), matrix_.end(), 0.0);
}

template <class T>
void Curvature<T>::add(Chunk<T>& chunk, const T* parameters, Loss loss, const LossChunk<T>& view,
                       double scale) {
  for (std::size_t c = 0; c < view.output_count; ++c) {
    set_seed(loss, view, scale, c, chunk.grad_outputs());
    chunk.clear_grad_padding();
    chunk.sensitivities(parameters);
    find_sources(chunk);
    for (std::size_t n = 0; n < view.count; ++n) {
      fill_row(n, chunk.stride());
      const kernels::SparseRow row{order_.edges.size(), order_.width,   first_.data(),
                                   apart_.data(),       values_.data(), single_.data()};
      kernels::active<double>().add_outer(row, order_.stride, matrix_.data());
    }
  }
}

template <class T>
void Curvature<T>::find_sources(const Chunk<T>& chunk) {
  sources_.clear();
  for (const EdgeOrder::Edge& edge : order_.edges) {
    const kernels::Shape shape = kernel_shape(network_, edge.layer, chunk.stride());
    const LayerBuffers<T>& buffers = chunk.layer(edge.layer);
    const std::size_t rows = size(weight_count(shape));
    sources_.push_back({buffers.cells + edge.input * shape.stride,
                        buffers.weights + edge.input * rows * shape.stride,
                        chunk.grad_sums(edge.layer) + edge.sum * shape.stride, rows - 1,
                        size(shape.degree) + 1, is_dense(shape)});
  }
}

/// The row of the Jacobian that belongs to sample n.
template <class T>
void Curvature<T>::fill_row(std::size_t n, std::size_t stride) {
  for (std::size_t e = 0; e < sources_.size(); ++e) {
    const Source& source = sources_[e];
    const auto g = static_cast<double>(source.grad_sum[n]);
    const std::int32_t cell = source.cells[n];
    const std::size_t skipped = source.dense ? static_cast<std::size_t>(cell) : 0;
    first_[e] = order_.edges[e].first + cell;
    double* values = values_.data() + e * order_.width;
    for (std::size_t r = 0; r < source.alive; ++r) {
      values[r] = g * static_cast<double>(source.weights[(skipped + r) * stride + n]);
    }
    single_[e] = g * static_cast<double>(source.weights[source.last * stride + n]);
  }
}

template <class T>
void Curvature<T>::add_to(double* curvature) const {
  const std::size_t count = network_.parameter_count();
  const std::size_t columns = order_.parameter.size();
  for (std::size_t p = 0; p < columns; ++p) {
    const std::size_t row = order_.parameter[p];
    for (std::size_t q = p; q < columns; ++q) {
      const std::size_t column = order_.parameter[q];
      const double value = matrix_[p * order_.stride + q];
      curvature[row * count + column] += value;
      if (p != q) curvature[column * count + row] += value;
    }
  }
}

template class Curvature<float>;
template class Curvature<double>;

}  // namespace kan
