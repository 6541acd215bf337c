#include "curvature.hpp"

#include <algorithm>
#include <cmath>

#include "jumps.hpp"
#include "kernels/dispatch.hpp"
#include "parallel.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

std::size_t whole_vectors(std::size_t count) { return (count + 3) / 4 * 4; }

/// The numbers of one sample's gradient of a sum: one, or those of a jet, `step` apart.
struct Places {
  std::size_t count, step, stride;
};

template <class T>
Places places_of(const Chunk<T>& chunk) {
  return {1, chunk.stride(), chunk.stride()};
}

template <class T>
Places places_of(const JetChunk<T>& chunk) {
  return {chunk.batch().places, chunk.batch().step, chunk.batch().stride};
}

/// sum_p g_p w_p of one sample.
template <class T>
double over_places(const Places& places, const T* g, const T* w) {
  double sum = 0.0;
  for (std::size_t p = 0; p < places.count; ++p) {
    sum += static_cast<double>(g[p * places.step]) * static_cast<double>(w[p * places.step]);
  }
  return sum;
}

}  // namespace

template <class T>
Curvature<T>::Curvature(const Network<T>& network, std::size_t rows, std::size_t unknowns)
    : network_(network),
      rows_(rows),
      unknowns_(unknowns),
      trainable_(network.trainable()),
      columns_(network, unknowns) {
  make_room();
}

template <class T>
void Curvature<T>::make_room() {
  const std::size_t edges = columns_.edges().size();
  dense_stride_ = whole_vectors(columns_.dense_count());
  first_.assign(rows_ * edges, 0);
  values_.assign(rows_ * edges * columns_.width(), 0.0);
  dense_.assign(rows_ * dense_stride_, 0.0);
}

template <class T>
std::size_t Curvature<T>::bytes_per_row(const Network<T>& network) noexcept {
  std::size_t edges = 0;
  std::size_t symbolic = 0;
  for (std::size_t l = 0; l < network.depth(); ++l) {
    edges += network.edge_mask(l).size();
    symbolic += network.layer(l).symbolic.size();
  }
  return edges * (10 * sizeof(double) + sizeof(std::int32_t)) +
         symbolic * EdgeAffine::count * sizeof(double);
}

template <class T>
std::size_t Curvature<T>::rows_at_once(const Network<T>& network) noexcept {
  constexpr std::size_t cache = std::size_t{1} << 19;
  const std::size_t bytes = std::max<std::size_t>(bytes_per_row(network), 1);
  const std::size_t rows = cache / bytes / kernels::lane_block;
  return std::clamp<std::size_t>(rows, 1, kernels::most_rows / kernels::lane_block) *
         kernels::lane_block;
}

template <class T>
void Curvature<T>::begin(QuadraticModel& model) {
  if (trainable_ != network_.trainable()) {
    trainable_ = network_.trainable();
    columns_ = JacobianColumns<T>(network_, unknowns_);
    make_room();
  }
  const std::size_t count = columns_.parameters().size();
  model.parameters = columns_.parameters();
  model.jumps.clear();
  for (const auto& edge : columns_.edges()) {
    add_jumps(network_, edge.layer, edge.input, static_cast<std::size_t>(edge.first), model.jumps);
  }
  model.stride = whole_vectors(count + columns_.width());
  model.curvature.assign(count * model.stride, 0.0);
}

template <class T>
void Curvature<T>::add(Chunk<T>& chunk, const T* parameters, Loss loss, const LossChunk<T>& view,
                       double scale, QuadraticModel& model) {
  for (std::size_t c = 0; c < view.output_count; ++c) {
    set_curvature_seed(loss, view, scale, c, chunk.grad_outputs());
    chunk.clear_grad_padding();
    chunk.sensitivities(parameters);
    fill_rows(chunk, parameters, 0, chunk.count(), chunk.batch().threads);
    add_rows(chunk.count(), chunk.batch().threads, model);
  }
}

template <class T>
void Curvature<T>::add(const JetChunk<T>& chunk, const T* parameters, const double* residuals,
                       const double* unknown_rows, QuadraticModel& model) {
  const std::size_t unknown_begin = columns_.unknown_begin() - columns_.dense_begin();
  const int threads = thread_count();
  for (std::size_t first = 0; first < chunk.count(); first += rows_) {
    const std::size_t count = std::min(rows_, chunk.count() - first);
    fill_rows(chunk, parameters, first, count, threads);
    for (std::size_t n = 0; n < count; ++n) {
      std::copy_n(unknown_rows + (first + n) * unknowns_, unknowns_,
                  dense_.data() + n * dense_stride_ + unknown_begin);
    }
    add_gradient(count, residuals + first, model);
    add_rows(count, threads, model);
  }
}

template <class T>
void Curvature<T>::finish(double square, QuadraticModel& model) const {
  if (!(square > 0.0) || !std::isfinite(square)) square = 1.0;
  const std::size_t bases = columns_.dense_begin();
  const std::size_t affines = bases + columns_.bases().size();
  model.scale.resize(columns_.layers().size());
  set_scale(square, 0, bases, model);
  set_scale(square, bases, affines, model);
  set_scale(square, affines, columns_.symbolic_begin(), model);
  set_own_scale(columns_.symbolic_begin(), model);
}

/// For columns of one kind.
template <class T>
void Curvature<T>::set_scale(double square, std::size_t begin, std::size_t end,
                             QuadraticModel& model) const {
  const auto unit = [&](std::size_t c) {
    return columns_.layers()[c] + 1 == network_.depth() ? 1.0 : square;
  };
  double mean = 0.0;
  for (std::size_t c = begin; c < end; ++c) {
    mean += model.curvature[c * model.stride + c] / unit(c) / static_cast<double>(end - begin);
  }
  if (!(mean > 0.0)) mean = 1.0;
  for (std::size_t c = begin; c < end; ++c) model.scale[c] = mean * unit(c);
}

/// For columns of which each has its own unit; where one has no curvature the mean stands in.
template <class T>
void Curvature<T>::set_own_scale(std::size_t begin, QuadraticModel& model) const {
  constexpr double least = 1e-6;  // relative to the mean
  set_scale(1.0, begin, model.scale.size(), model);
  for (std::size_t c = begin; c < model.scale.size(); ++c) {
    model.scale[c] = std::max(model.curvature[c * model.stride + c], least * model.scale[c]);
  }
}

/// The rows of the Jacobian that belong to samples first .. first + count of the chunk.
template <class T>
template <class C>
void Curvature<T>::fill_rows(const C& chunk, const T* parameters, std::size_t first,
                             std::size_t count, int threads) {
  const double numbers = static_cast<double>(columns_.edges().size() * columns_.width()) +
                         static_cast<double>(dense_stride_);
  const double work = numbers * static_cast<double>(count * places_of(chunk).count);
  parallel_stretches(count, kernels::lane_block, useful_threads(count, work, threads),
                     [&](std::size_t begin, std::size_t end) {
                       fill_blocks(chunk, first, begin, end);
                       fill_dense(chunk, first, begin, end);
                       fill_symbolic(chunk, parameters, first, begin, end);
                     });
}

template <class T>
template <class C>
void Curvature<T>::fill_blocks(const C& chunk, std::size_t first, std::size_t begin,
                               std::size_t end) {
  const std::size_t edges = columns_.edges().size();
  const Places places = places_of(chunk);
  for (std::size_t e = 0; e < edges; ++e) {
    const auto& edge = columns_.edges()[e];
    const kernels::Shape shape = kernel_shape(network_, edge.layer, places.stride);
    const LayerBuffers<T>& buffers = chunk.layer(edge.layer);
    const std::int32_t* cells = buffers.cells + edge.input * places.stride + first;
    const T* weights =
        buffers.weights + edge.input * size(weight_count(shape)) * places.stride + first;
    const T* g = chunk.grad_sums(edge.layer) + edge.sum * places.stride + first;
    for (std::size_t n = begin; n < end; ++n) {
      const std::size_t skipped = is_dense(shape) ? static_cast<std::size_t>(cells[n]) : 0;
      double* values = values_.data() + (n * edges + e) * columns_.width();
      first_[n * edges + e] = edge.first + cells[n];
      for (std::size_t r = 0; r < size(shape.degree) + 1; ++r) {
        values[r] = over_places(places, g + n, weights + (skipped + r) * places.stride + n);
      }
    }
  }
}

template <class T>
template <class C>
void Curvature<T>::fill_dense(const C& chunk, std::size_t first, std::size_t begin,
                              std::size_t end) {
  const Places places = places_of(chunk);
  double* to = dense_.data();
  for (const auto& base : columns_.bases()) {
    const kernels::Shape shape = kernel_shape(network_, base.layer, places.stride);
    const std::size_t rows = size(weight_count(shape));
    const T* weights =
        chunk.layer(base.layer).weights + (base.input * rows + rows - 1) * places.stride + first;
    const T* g = chunk.grad_sums(base.layer) + base.sum * places.stride + first;
    for (std::size_t n = begin; n < end; ++n) {
      to[n * dense_stride_] = over_places(places, g + n, weights + n);
    }
    ++to;
  }
  for (const auto& affine : columns_.affines()) {
    const T* own = chunk.grad_affine(affine.layer) + affine.which * places.step + first;
    for (std::size_t n = begin; n < end; ++n) to[n * dense_stride_] = static_cast<double>(own[n]);
    ++to;
  }
}

template <class T>
template <class C>
void Curvature<T>::fill_symbolic(const C& chunk, const T* parameters, std::size_t first,
                                 std::size_t begin, std::size_t end) {
  double* to = dense_.data() + columns_.symbolic_begin() - columns_.dense_begin();
  for (const auto& edge : columns_.symbolics()) {
    for (std::size_t n = begin; n < end; ++n) {
      double gradient[EdgeAffine::count];
      chunk.symbolic_sensitivity(edge.layer, edge.edge, parameters, first + n, gradient);
      for (std::size_t c = 0; c < edge.moving.size(); ++c) {
        to[n * dense_stride_ + c] = gradient[edge.moving[c]];
      }
    }
    to += edge.moving.size();
  }
}

/// gradient += the rows of the Jacobian, each times its residual, in order.
template <class T>
void Curvature<T>::add_gradient(std::size_t count, const double* residuals,
                                QuadraticModel& model) const {
  const std::size_t edges = columns_.edges().size();
  double* dense = model.gradient.data() + columns_.dense_begin();
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t e = 0; e < edges; ++e) {
      const double* values = values_.data() + (n * edges + e) * columns_.width();
      const auto degree = size(network_.layer(columns_.edges()[e].layer).degree);
      double* to = model.gradient.data() + first_[n * edges + e];
      for (std::size_t r = 0; r <= degree; ++r) to[r] += residuals[n] * values[r];
    }
    const double* row = dense_.data() + n * dense_stride_;
    for (std::size_t d = 0; d < columns_.dense_count(); ++d) dense[d] += residuals[n] * row[d];
  }
}

/// Threads share the rows of the matrix: every number adds up in the order of the samples.
template <class T>
void Curvature<T>::add_rows(std::size_t count, int threads, QuadraticModel& model) const {
  const std::size_t blocks = columns_.edges().size();
  const std::size_t dense = columns_.dense_count();
  const kernels::SparseRows rows{count,          blocks, columns_.width(), first_.data(),
                                 values_.data(), dense,  dense_stride_,    columns_.dense_begin(),
                                 dense_.data()};
  const double work = static_cast<double>(count * blocks * (2 * blocks + dense));
  const std::size_t tasks = dense + blocks;  // those that take longest first
  parallel_for(tasks, useful_threads(tasks, work, threads), [&](std::size_t task, int /*worker*/) {
    const kernels::Kernels<double>& kernels = kernels::active<double>();
    if (task < dense) {
      kernels.add_dense(rows, task, model.stride, model.curvature.data());
    } else {
      kernels.add_block(rows, tasks - 1 - task, model.stride, model.curvature.data());
    }
  });
}

template class Curvature<float>;
template class Curvature<double>;

}  // namespace kan
