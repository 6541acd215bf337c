#include "curvature.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "jumps.hpp"
#include "kernels/dispatch.hpp"
#include "parallel.hpp"
#include "symbolic_pass.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

std::size_t whole_vectors(std::size_t count) { return (count + 3) / 4 * 4; }

}  // namespace

template <class T>
JacobianColumns<T>::JacobianColumns(const Network<T>& network) {
  for (std::size_t l = 0; l < network.depth(); ++l) add_edges(network, l);
  for (std::size_t l = 0; l < network.depth(); ++l) add_bases(network, l);
  for (std::size_t l = 0; l < network.depth(); ++l) add_affines(network, l);
  symbolic_begin_ = parameters_.size();
  for (std::size_t l = 0; l < network.depth(); ++l) add_symbolics(network, l);
}

template <class T>
void JacobianColumns<T>::add_column(std::size_t l, std::size_t parameter) {
  parameters_.push_back(parameter);
  layers_.push_back(l);
}

template <class T>
void JacobianColumns<T>::add_edges(const Network<T>& network, std::size_t l) {
  const Layer& layer = network.layer(l);
  const std::size_t sums = size(layer.subnodes());
  if (layer.degree > 3) width_ = 8;
  for (std::size_t i = 0; i < size(layer.inputs); ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      const std::size_t at = network.offsets(l).coefficients + i * size(layer.rows()) * sums + s;
      if (network.trainable()[at] == 0) continue;
      edges_.push_back({l, i, s, static_cast<std::int32_t>(parameters_.size())});
      for (std::size_t m = 0; m < size(layer.basis_functions()); ++m) {
        add_column(l, at + m * sums);
      }
    }
  }
}

template <class T>
void JacobianColumns<T>::add_bases(const Network<T>& network, std::size_t l) {
  const Layer& layer = network.layer(l);
  const std::size_t sums = size(layer.subnodes());
  for (std::size_t i = 0; i < size(layer.inputs); ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      const std::size_t row = i * size(layer.rows()) + size(layer.basis_functions());
      const std::size_t at = network.offsets(l).coefficients + row * sums + s;
      if (network.trainable()[at] == 0) continue;
      bases_.push_back({l, i, s, 0});
      add_column(l, at);
    }
  }
}

template <class T>
void JacobianColumns<T>::add_affines(const Network<T>& network, std::size_t l) {
  const LayerOffsets& at = network.offsets(l);
  for (std::size_t p = at.subnode_scale; p < at.symbolic; ++p) {
    if (network.trainable()[p] == 0) continue;
    affines_.push_back({l, p - at.subnode_scale});
    add_column(l, p);
  }
}

template <class T>
void JacobianColumns<T>::add_symbolics(const Network<T>& network, std::size_t l) {
  const Layer& layer = network.layer(l);
  for (std::size_t e = 0; e < layer.symbolic.size(); ++e) {
    const std::size_t first = network.offsets(l).symbolic + e * EdgeAffine::count;
    Symbolic own{l, e, size(layer.symbolic[e].input), size(layer.symbolic[e].sum), {}};
    for (std::size_t p = 0; p < EdgeAffine::count; ++p) {
      if (network.trainable()[first + p] == 0) continue;
      own.moving.push_back(p);
      add_column(l, first + p);
    }
    if (!own.moving.empty()) symbolics_.push_back(std::move(own));
  }
}

template <class T>
Curvature<T>::Curvature(const Network<T>& network, std::size_t rows)
    : network_(network), rows_(rows), trainable_(network.trainable()), columns_(network) {
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
void Curvature<T>::begin(QuadraticModel& model) {
  if (trainable_ != network_.trainable()) {
    trainable_ = network_.trainable();
    columns_ = JacobianColumns<T>(network_);
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
    fill_rows(chunk, parameters);
    add_rows(chunk.count(), chunk.batch().threads, model);
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

/// The rows of the Jacobian that belong to the samples of the chunk.
template <class T>
void Curvature<T>::fill_rows(const Chunk<T>& chunk, const T* parameters) {
  const double numbers = static_cast<double>(columns_.edges().size() * columns_.width()) +
                         static_cast<double>(dense_stride_);
  const double work = numbers * static_cast<double>(chunk.count());
  const int threads = useful_threads(chunk.count(), work, chunk.batch().threads);
  parallel_stretches(chunk.count(), kernels::lane_block, threads,
                     [&](std::size_t begin, std::size_t end) {
                       fill_blocks(chunk, begin, end);
                       fill_dense(chunk, begin, end);
                       fill_symbolic(chunk, parameters, begin, end);
                     });
}

template <class T>
void Curvature<T>::fill_blocks(const Chunk<T>& chunk, std::size_t begin, std::size_t end) {
  const std::size_t edges = columns_.edges().size();
  const std::size_t stride = chunk.stride();
  for (std::size_t e = 0; e < edges; ++e) {
    const auto& edge = columns_.edges()[e];
    const kernels::Shape shape = kernel_shape(network_, edge.layer, stride);
    const LayerBuffers<T>& buffers = chunk.layer(edge.layer);
    const std::int32_t* cells = buffers.cells + edge.input * stride;
    const T* weights = buffers.weights + edge.input * size(weight_count(shape)) * stride;
    const T* g = chunk.grad_sums(edge.layer) + edge.sum * stride;
    for (std::size_t n = begin; n < end; ++n) {
      const std::size_t skipped = is_dense(shape) ? static_cast<std::size_t>(cells[n]) : 0;
      double* values = values_.data() + (n * edges + e) * columns_.width();
      first_[n * edges + e] = edge.first + cells[n];
      for (std::size_t r = 0; r < size(shape.degree) + 1; ++r) {
        values[r] =
            static_cast<double>(g[n]) * static_cast<double>(weights[(skipped + r) * stride + n]);
      }
    }
  }
}

template <class T>
void Curvature<T>::fill_dense(const Chunk<T>& chunk, std::size_t begin, std::size_t end) {
  const std::size_t stride = chunk.stride();
  double* to = dense_.data();
  for (const auto& base : columns_.bases()) {
    const kernels::Shape shape = kernel_shape(network_, base.layer, stride);
    const std::size_t rows = size(weight_count(shape));
    const T* weights = chunk.layer(base.layer).weights + (base.input * rows + rows - 1) * stride;
    const T* g = chunk.grad_sums(base.layer) + base.sum * stride;
    for (std::size_t n = begin; n < end; ++n) {
      to[n * dense_stride_] = static_cast<double>(g[n]) * static_cast<double>(weights[n]);
    }
    ++to;
  }
  for (const auto& affine : columns_.affines()) {
    const T* own = chunk.grad_affine(affine.layer) + affine.which * stride;
    for (std::size_t n = begin; n < end; ++n) to[n * dense_stride_] = static_cast<double>(own[n]);
    ++to;
  }
}

template <class T>
void Curvature<T>::fill_symbolic(const Chunk<T>& chunk, const T* parameters, std::size_t begin,
                                 std::size_t end) {
  const std::size_t stride = chunk.stride();
  double* to = dense_.data() + columns_.symbolic_begin() - columns_.dense_begin();
  for (const auto& edge : columns_.symbolics()) {
    const T* x = chunk.layer(edge.layer).inputs + edge.input * stride;
    const T* g = chunk.grad_sums(edge.layer) + edge.sum * stride;
    for (std::size_t n = begin; n < end; ++n) {
      double derivatives[EdgeAffine::count];
      symbolic_edge_derivatives(network_, edge.layer, edge.edge, parameters, x[n], derivatives);
      double* row = to + n * dense_stride_;
      for (const std::size_t p : edge.moving) *row++ = static_cast<double>(g[n]) * derivatives[p];
    }
    to += edge.moving.size();
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

template class JacobianColumns<float>;
template class JacobianColumns<double>;
template class Curvature<float>;
template class Curvature<double>;

}  // namespace kan
