#include "edge_moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel.hpp"
#include "symbolic_pass.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Sums of eight interleaved parts, so that they add up side by side.
template <class T, class F>
double sum_of(const T* values, std::size_t count, const F& of) {
  double parts[8] = {};
  std::size_t n = 0;
  for (; n + 8 <= count; n += 8) {
    for (std::size_t p = 0; p < 8; ++p) parts[p] += of(static_cast<double>(values[n + p]));
  }
  for (std::size_t p = 0; n < count; ++n, ++p) parts[p] += of(static_cast<double>(values[n]));
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
         ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

/// Takes `count` more values in, after `before` others.
/// Source: Chan, Golub and LeVeque, The American Statistician 37 (1983) 242-247.
template <class T>
void take_in(const T* values, std::size_t count, double before, Moments& moments) {
  const auto own = static_cast<double>(count);
  const double mean = sum_of(values, count, [](double v) { return v; }) / own;
  const double squares =
      sum_of(values, count, [mean](double v) { return (v - mean) * (v - mean); });
  const double step = mean - moments.mean;
  const double total = before + own;
  moments.mean += step * own / total;
  moments.squares += squares + step * step * before * own / total;
}

}  // namespace

template <class T>
EdgeMoments<T>::EdgeMoments(const Network<T>& network, std::size_t stride)
    : network_(network), stride_(stride), layers_(network.depth()) {}

template <class T>
void EdgeMoments<T>::begin() {
  count_ = 0.0;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const kan::Layer& shape = network_.layer(l);
    const std::size_t inputs = size(shape.inputs);
    const std::size_t sums = size(shape.subnodes());
    Layer& own = layers_[l];
    own.inputs.assign(inputs, {});
    own.splines.assign(inputs * sums, {});
    own.symbolic.assign(shape.symbolic.size(), {});
    own.sums.assign(sums, {});
  }
}

template <class T>
void EdgeMoments<T>::make_scratch(int threads) {
  std::size_t most = 0;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    most = std::max(most, size(network_.layer(l).subnodes()));
  }
  while (scratch_.size() < size(threads)) {
    scratch_.push_back({Buffer<T>(most * stride_), Buffer<T>(most * stride_), Buffer<T>(stride_),
                        Buffer<T>(stride_)});
  }
}

template <class T>
void EdgeMoments<T>::add(const Chunk<T>& chunk, const T* parameters) {
  make_scratch(chunk.batch().threads);
  for (std::size_t l = 0; l < layers_.size(); ++l) add_layer(chunk, l, parameters);
  count_ += static_cast<double>(chunk.count());
}

/// Threads share the inputs.
template <class T>
void EdgeMoments<T>::add_layer(const Chunk<T>& chunk, std::size_t l, const T* parameters) {
  const LayerBuffers<T>& buffers = chunk.layer(l);
  const Batch& batch = chunk.batch();
  const std::size_t inputs = size(network_.layer(l).inputs);
  Layer& own = layers_[l];
  // Threads that sleep between passes as short as these are not worth waking for less.
  const double work = 0.3 * layer_work(kernel_shape(network_, l, batch.stride), batch.count);
  parallel_for(inputs, useful_threads(inputs, work, batch.threads), [&](std::size_t i, int worker) {
    EdgeScratch<T>& scratch = scratch_[size(worker)];
    const OneInput<T> alone(network_, l, i, buffers, batch);
    take_in(buffers.inputs + i * batch.stride, batch.count, count_, own.inputs[i]);
    alone.splines_forward(parameters, scratch);
    for (std::size_t s = 0; s < alone.sums(); ++s) {
      take_in(scratch.edges.data() + s * batch.stride, batch.count, count_,
              own.splines[i * alone.sums() + s]);
    }
    add_symbolic(chunk, l, i, parameters, scratch);
  });
  for (std::size_t s = 0; s < own.sums.size(); ++s) {
    take_in(buffers.sums + s * batch.stride, batch.count, count_, own.sums[s]);
  }
}

/// The symbolic edges of one input, beside their splines in scratch.edges.
template <class T>
void EdgeMoments<T>::add_symbolic(const Chunk<T>& chunk, std::size_t l, std::size_t i,
                                  const T* parameters, EdgeScratch<T>& scratch) {
  const Batch& batch = chunk.batch();
  const SymbolicRange symbolic = symbolic_edges_of(network_.layer(l), i);
  for (std::size_t e = symbolic.first; e < symbolic.last; ++e) {
    T* total = scratch.symbolic.data();
    symbolic_edge_values(network_, l, e, parameters, chunk.layer(l).inputs, batch, total);
    const std::size_t s = size(network_.layer(l).symbolic[e].sum);
    const T* spline = scratch.edges.data() + s * batch.stride;
    for (std::size_t n = 0; n < batch.count; ++n) total[n] += spline[n];
    take_in(total, batch.count, count_, layers_[l].symbolic[e]);
  }
}

template <class T>
double EdgeMoments<T>::deviation(const Moments& moments) const noexcept {
  if (!(count_ > 1.0)) return 0.0;
  constexpr double rounding = 4.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  const double own = std::sqrt(moments.squares / (count_ - 1.0));
  return own <= rounding * std::abs(moments.mean) ? 0.0 : own;
}

template <class T>
std::vector<LayerStatistics> EdgeMoments<T>::statistics() const {
  const auto deviations = [this](const std::vector<Moments>& all) {
    Buffer<double> result;
    for (const Moments& one : all) result.push_back(deviation(one));
    return result;
  };
  std::vector<LayerStatistics> all;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& own = layers_[l];
    LayerStatistics one{deviations(own.inputs), deviations(own.splines), {}, deviations(own.sums)};
    one.edge = one.spline;
    const auto& symbolic = network_.layer(l).symbolic;
    for (std::size_t e = 0; e < symbolic.size(); ++e) {
      one.edge[size(symbolic[e].input) * own.sums.size() + size(symbolic[e].sum)] =
          deviation(own.symbolic[e]);
    }
    all.push_back(std::move(one));
  }
  return all;
}

template class EdgeMoments<float>;
template class EdgeMoments<double>;

}  // namespace kan
