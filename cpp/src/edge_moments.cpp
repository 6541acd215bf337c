#include "edge_moments.hpp"

#include <algorithm>
#include <cmath>

#include "parallel.hpp"
#include "symbolic_pass.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

template <class T>
void make_room(const Network<T>& network, std::size_t stride, int threads,
               std::vector<EdgeScratch<T>>& scratch) {
  std::size_t most = 0;
  for (std::size_t l = 0; l < network.depth(); ++l) {
    most = std::max(most, size(network.layer(l).subnodes()));
  }
  while (scratch.size() < size(threads)) {
    scratch.push_back({Buffer<T>(most * stride), Buffer<T>(most * stride), Buffer<T>(stride),
                       Buffer<T>(stride)});
  }
}

/// The symbolic edges that begin at input i: numbers first .. last.
struct Range {
  std::size_t first, last;
};
Range symbolic_of(const Layer& layer, std::size_t i) {
  const auto& edges = layer.symbolic;
  const auto before = [](const SymbolicEdge& edge, int input) { return edge.input < input; };
  const auto input = static_cast<int>(i);
  const auto first = std::lower_bound(edges.begin(), edges.end(), input, before);
  const auto last = std::lower_bound(first, edges.end(), input + 1, before);
  return {static_cast<std::size_t>(first - edges.begin()),
          static_cast<std::size_t>(last - edges.begin())};
}

/// A layer as its kernels see it when input i is all it has.
template <class T>
struct OneInput {
  kernels::Shape shape;
  LayerBuffers<T> buffers;
  Batch batch;
  std::size_t coefficients;  // offset in the flat buffer

  OneInput(const Network<T>& network, std::size_t l, std::size_t i, const LayerBuffers<T>& all,
           const Batch& whole)
      : shape(kernel_shape(network, l, whole.stride)), buffers(all), batch(whole) {
    shape.inputs = 1;
    batch.threads = 1;
    const std::size_t weights = i * size(weight_count(shape)) * shape.stride;
    buffers.cells += i * shape.stride;
    buffers.weights += weights;
    if (buffers.slopes != nullptr) buffers.slopes += weights;
    const std::size_t numbers = size(row_count(shape)) * size(shape.outputs);
    coefficients = network.offsets(l).coefficients + i * numbers;
  }

  std::size_t sums() const { return size(shape.outputs); }

  /// Writes: what the splines of this input's edges give, scratch.edges [S][stride].
  void spline_outputs(const T* parameters, EdgeScratch<T>& scratch) const noexcept {
    T* to = is_wide(shape) ? scratch.rows.data() : scratch.edges.data();
    layer_contract(shape, parameters + coefficients, buffers, batch, to);
    if (!is_wide(shape)) return;
    transpose(scratch.rows.data(), sums(), batch.count, sums(), scratch.edges.data(), batch.stride);
  }

  /// scratch.edges as the kernels read gradients.
  const T* as_kernels_read(EdgeScratch<T>& scratch) const noexcept {
    if (!is_wide(shape)) return scratch.edges.data();
    transpose(scratch.edges.data(), batch.stride, sums(), batch.count, scratch.rows.data(), sums());
    return scratch.rows.data();
  }
};

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

/// The deviation of `count` values; 0 of a single one.
double deviation(const Moments& moments, double count) {
  return count > 1.0 ? std::sqrt(moments.squares / (count - 1.0)) : 0.0;
}

Buffer<double> deviations(const std::vector<Moments>& all, double count) {
  Buffer<double> result;
  for (const Moments& one : all) result.push_back(deviation(one, count));
  return result;
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
void EdgeMoments<T>::add(const Chunk<T>& chunk, const T* parameters) {
  make_room(network_, stride_, chunk.batch().threads, scratch_);
  for (std::size_t l = 0; l < layers_.size(); ++l) add_layer(chunk, l, parameters);
  count_ += static_cast<double>(chunk.count());
}

template <class T>
void EdgeMoments<T>::add_layer(const Chunk<T>& chunk, std::size_t l, const T* parameters) {
  const kan::Layer& shape = network_.layer(l);
  const LayerBuffers<T>& buffers = chunk.layer(l);
  const Batch& batch = chunk.batch();
  const std::size_t inputs = size(shape.inputs);
  const std::size_t sums = size(shape.subnodes());
  Layer& own = layers_[l];
  const double work = 3.0 * layer_work(kernel_shape(network_, l, batch.stride), batch.count);
  parallel_for(inputs, useful_threads(inputs, work, batch.threads), [&](std::size_t i, int worker) {
    EdgeScratch<T>& scratch = scratch_[size(worker)];
    const OneInput<T> alone(network_, l, i, buffers, batch);
    take_in(buffers.inputs + i * batch.stride, batch.count, count_, own.inputs[i]);
    alone.spline_outputs(parameters, scratch);
    for (std::size_t s = 0; s < sums; ++s) {
      take_in(scratch.edges.data() + s * batch.stride, batch.count, count_,
              own.splines[i * sums + s]);
    }
    const Range symbolic = symbolic_of(shape, i);
    for (std::size_t e = symbolic.first; e < symbolic.last; ++e) {
      T* total = scratch.symbolic.data();
      symbolic_edge_values(network_, l, e, parameters, buffers.inputs, batch.count, batch.stride,
                           total);
      const T* spline = scratch.edges.data() + size(shape.symbolic[e].sum) * batch.stride;
      for (std::size_t n = 0; n < batch.count; ++n) total[n] += spline[n];
      take_in(total, batch.count, count_, own.symbolic[e]);
    }
  });
  for (std::size_t s = 0; s < sums; ++s) {
    take_in(buffers.sums + s * batch.stride, batch.count, count_, own.sums[s]);
  }
}

template <class T>
std::vector<LayerStatistics> EdgeMoments<T>::statistics() const {
  std::vector<LayerStatistics> all;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& own = layers_[l];
    LayerStatistics one{deviations(own.inputs, count_), deviations(own.splines, count_), {},
                        deviations(own.sums, count_)};
    one.edge = one.spline;
    const kan::Layer& shape = network_.layer(l);
    for (std::size_t e = 0; e < shape.symbolic.size(); ++e) {
      const std::size_t edge =
          size(shape.symbolic[e].input) * size(shape.subnodes()) + size(shape.symbolic[e].sum);
      one.edge[edge] = deviation(own.symbolic[e], count_);
    }
    all.push_back(std::move(one));
  }
  return all;
}

template <class T>
StatisticsSeeds<T>::StatisticsSeeds(const Network<T>& network, const EdgeMoments<T>& moments,
                                    const std::vector<LayerStatistics>& by_statistics,
                                    double weight, std::size_t stride, int threads)
    : network_(network) {
  make_room(network, stride, threads, scratch_);
  const double count = moments.count();
  const auto seed = [&](const Moments& own, double slope) {
    const double spread = deviation(own, count) * (count - 1.0);
    const double factor = spread > 0.0 ? weight * slope / spread : 0.0;
    return Seed{static_cast<T>(own.mean), static_cast<T>(factor)};
  };
  for (std::size_t l = 0; l < network.depth(); ++l) {
    const auto& own = moments.layer(l);
    const LayerStatistics& by = by_statistics[l];
    const kan::Layer& shape = network.layer(l);
    Layer layer;
    for (std::size_t i = 0; i < own.inputs.size(); ++i) {
      layer.inputs.push_back(seed(own.inputs[i], by.input[i]));
    }
    for (std::size_t s = 0; s < own.sums.size(); ++s) {
      layer.sums.push_back(seed(own.sums[s], by.sum[s]));
    }
    Buffer<double> by_spline = by.spline;  // where an edge is its spline, `edge` is `spline`
    for (std::size_t e = 0; e < by_spline.size(); ++e) by_spline[e] += by.edge[e];
    for (std::size_t e = 0; e < shape.symbolic.size(); ++e) {
      const std::size_t edge =
          size(shape.symbolic[e].input) * own.sums.size() + size(shape.symbolic[e].sum);
      by_spline[edge] = by.spline[edge];
      layer.symbolic.push_back(seed(own.symbolic[e], by.edge[edge]));
    }
    for (std::size_t e = 0; e < by_spline.size(); ++e) {
      layer.splines.push_back(seed(own.splines[e], by_spline[e]));
    }
    layers_.push_back(std::move(layer));
  }
}

template <class T>
void StatisticsSeeds<T>::add_to_sums(std::size_t l, const LayerBuffers<T>& buffers,
                                     const Batch& batch, T* grad_sums) const noexcept {
  for (std::size_t s = 0; s < layers_[l].sums.size(); ++s) {
    const Seed& seed = layers_[l].sums[s];
    const T* values = buffers.sums + s * batch.stride;
    T* grad = grad_sums + s * batch.stride;
    if (seed.factor == T(0)) continue;
    for (std::size_t n = 0; n < batch.count; ++n) grad[n] += seed.factor * (values[n] - seed.mean);
  }
}

/// Threads share the inputs, which have their own coefficients and gradients.
template <class T>
void StatisticsSeeds<T>::add_edges(std::size_t l, const T* parameters,
                                   const LayerBuffers<T>& buffers, const Batch& batch,
                                   T* grad_inputs, T* grad_parameters) const noexcept {
  const std::size_t inputs = size(network_.layer(l).inputs);
  const double work = 3.0 * layer_work(kernel_shape(network_, l, batch.stride), batch.count);
  parallel_for(inputs, useful_threads(inputs, work, batch.threads), [&](std::size_t i, int worker) {
    add_input(l, i, parameters, buffers, batch, grad_inputs, grad_parameters,
              scratch_[size(worker)]);
  });
}

template <class T>
void StatisticsSeeds<T>::add_input(std::size_t l, std::size_t i, const T* parameters,
                                   const LayerBuffers<T>& buffers, const Batch& batch,
                                   T* grad_inputs, T* grad_parameters,
                                   EdgeScratch<T>& scratch) const noexcept {
  const Layer& seeds = layers_[l];
  const OneInput<T> alone(network_, l, i, buffers, batch);
  const std::size_t sums = alone.sums();
  const std::size_t stride = batch.stride;
  alone.spline_outputs(parameters, scratch);

  const Range symbolic = symbolic_of(network_.layer(l), i);
  std::size_t e = symbolic.first;
  for (std::size_t s = 0; s < sums; ++s) {
    T* values = scratch.edges.data() + s * stride;  // become their own gradient
    const bool is_symbolic =
        e < symbolic.last && size(network_.layer(l).symbolic[e].sum) == s;
    T* total = scratch.symbolic.data();
    if (is_symbolic) {
      const Seed& both = seeds.symbolic[e];
      symbolic_edge_values(network_, l, e, parameters, buffers.inputs, batch.count, stride, total);
      for (std::size_t n = 0; n < batch.count; ++n) {
        total[n] = both.factor * (total[n] + values[n] - both.mean);
      }
      symbolic_edge_backward(network_, l, e, parameters, buffers.inputs, batch.count, stride,
                             static_cast<const T*>(total), grad_inputs, grad_parameters);
      ++e;
    }
    const Seed& own = seeds.splines[i * sums + s];
    for (std::size_t n = 0; n < batch.count; ++n) {
      values[n] = own.factor * (values[n] - own.mean) + (is_symbolic ? total[n] : T(0));
    }
    std::fill(values + batch.count, values + batch.padded, T(0));
  }

  const T* g = alone.as_kernels_read(scratch);
  layer_scatter(alone.shape, alone.buffers, alone.batch, g, grad_parameters + alone.coefficients);
  if (grad_inputs == nullptr) return;
  T* slopes = scratch.slopes.data();
  layer_dot(alone.shape, parameters + alone.coefficients, alone.buffers, alone.batch, g, slopes);
  const Seed& input = seeds.inputs[i];
  const T* x = buffers.inputs + i * stride;
  T* grad = grad_inputs + i * stride;
  for (std::size_t n = 0; n < batch.count; ++n) {
    grad[n] += slopes[n] + input.factor * (x[n] - input.mean);
  }
}

template class EdgeMoments<float>;
template class EdgeMoments<double>;
template class StatisticsSeeds<float>;
template class StatisticsSeeds<double>;

}  // namespace kan
