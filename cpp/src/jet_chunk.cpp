#include "jet_chunk.hpp"

#include <algorithm>

#include "chunk.hpp"
#include "division.hpp"
#include "jet_symbolic.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Rows of weights of each input.
template <class T>
std::size_t weight_rows(const Network<T>& network, std::size_t l) {
  return size(weight_count(kernel_shape(network, l, kernels::lane_block)));
}

}  // namespace

template <class T>
double jet_work_of_row(const Network<T>& network, const JetShape& shape) {
  return static_cast<double>(shape.size()) * work_of_row(network);
}

/// Each layer keeps weights and slopes of all places.
template <class T>
Division jet_division(const Network<T>& network, const JetShape& shape) {
  constexpr std::size_t bytes = std::size_t{1} << 20;
  std::size_t numbers = 0;
  for (std::size_t l = 0; l < network.depth(); ++l) {
    numbers += size(network.layer(l).inputs) * (2 * weight_rows(network, l) + 2) +
               3 * size(network.layer(l).subnodes());
  }
  const std::size_t bytes_of_row = numbers * shape.size() * sizeof(T);
  const std::size_t fitting = bytes / std::max<std::size_t>(bytes_of_row, 1);
  const std::size_t most = kernels::most_rows / shape.size();
  const std::size_t rows = std::min(fitting, most) / kernels::lane_block * kernels::lane_block;
  return {std::max(rows, kernels::lane_block), parts_of(network.parameter_count())};
}

template <class T>
JetChunk<T>::JetChunk(const Network<T>& network, const JetRules& rules, std::size_t rows)
    : JetChunk(network, rules) {
  resize(rows, 1);
  memory_ = aligned_memory(count_bytes(true));
  Arena arena(memory_.get());
  place(arena, true);
}

template <class T>
JetChunk<T>::JetChunk(const Network<T>& network, const JetRules& rules, std::size_t rows,
                      std::byte* memory) noexcept
    : JetChunk(network, rules) {
  resize(rows, 1);
  Arena arena(memory);
  place(arena, false);
}

template <class T>
std::size_t JetChunk<T>::bytes_of(const Network<T>& network, const JetRules& rules,
                                  std::size_t rows) {
  JetChunk chunk(network, rules);
  chunk.resize(rows, 1);
  return chunk.count_bytes(false);
}

template <class T>
std::size_t JetChunk<T>::rows_within(const Network<T>& network, const JetRules& rules,
                                     std::size_t most, std::byte* memory,
                                     std::size_t bytes) noexcept {
  JetChunk chunk(network, rules);
  if (bytes < network.depth() * sizeof(JetLayer<T>)) return 0;
  Arena(memory).make(network.depth(), chunk.layers_);
  for (std::size_t rows = most;; rows = whole_blocks(rows / 2)) {
    chunk.resize(rows, 1);
    Arena counting(nullptr);
    chunk.place(counting, false);
    if (counting.used() <= bytes) return rows;
    if (rows <= kernels::lane_block) return 0;
  }
}

template <class T>
std::size_t JetChunk<T>::count_bytes(bool and_back) {
  std::vector<JetLayer<T>> counted(network_.depth());
  layers_ = counted.data();
  Arena counting(nullptr);
  place(counting, and_back);
  return counting.used();
}

template <class T>
void JetChunk<T>::resize(std::size_t count, int threads) noexcept {
  const std::size_t step = whole_blocks(count);
  const std::size_t places = rules_.shape.size();
  batch_ = {count, step, places, places * step | kernels::lane_block, threads};
}

template <class T>
void JetChunk<T>::place(Arena& arena, bool and_back) {
  arena.make(network_.depth(), layers_);
  std::size_t most = 0;
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const Layer& layer = network_.layer(l);
    layers_[l].buffers.inputs = arena.take<T>(size(layer.inputs) * batch_.stride);
    most = std::max({most, size(layer.inputs), size(layer.nodes())});
  }
  outputs_ = arena.take<T>(size(network_.architecture().outputs()) * batch_.stride);
  for (std::size_t l = 0; l < network_.depth(); ++l) place_layer(arena, l, and_back);
  place_scratch(arena, and_back);
  if (!and_back) return;
  for (T*& grad : grad_nodes_) grad = arena.take<T>(most * batch_.stride);
}

template <class T>
void JetChunk<T>::place_layer(Arena& arena, std::size_t l, bool and_back) {
  const Layer& layer = network_.layer(l);
  const LayerOffsets& at = network_.offsets(l);
  const bool affine = network_.architecture().affine;
  const std::size_t inputs = size(layer.inputs);
  const auto features = [&](int count) { return arena.take<T>(size(count) * batch_.stride); };
  LayerBuffers<T>& own = layers_[l].buffers;
  own.cells = arena.take<std::int32_t>(inputs * batch_.stride);
  own.weights = arena.take<T>(inputs * weight_rows(network_, l) * batch_.stride);
  own.slopes = arena.take<T>(inputs * weight_rows(network_, l) * batch_.stride);
  own.rows = features(layer.subnodes());
  T* next = l + 1 < network_.depth() ? layers_[l + 1].buffers.inputs : outputs_;
  own.sums = affine || !layer.arities.empty() ? features(layer.subnodes()) : next;
  own.nodes.sums = own.sums;
  own.nodes.factors = affine ? features(layer.subnodes()) : own.sums;
  own.nodes.products = affine ? features(layer.nodes()) : next;
  own.nodes.outputs = next;
  if (!and_back) return;
  own.nodes.grad_products = affine ? features(layer.nodes()) : own.nodes.products;
  layers_[l].grad_sums = features(layer.subnodes());
  layers_[l].grad_affine = arena.take<T>((at.symbolic - at.subnode_scale) * batch_.step);
}

template <class T>
void JetChunk<T>::place_scratch(Arena& arena, bool and_back) {
  std::size_t most_inputs = 0;
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    most_inputs = std::max(most_inputs, size(network_.layer(l).inputs));
  }
  const std::size_t terms = std::max(rules_.hidden.size(), std::size_t{1});
  scratch_.factors = arena.take<const T*>(terms);
  scratch_.products = arena.take<T>(terms * batch_.step);
  scratch_.product = arena.take<T>(batch_.step);
  for (T*& jet : scratch_.jets) jet = arena.take<T>(batch_.stride);
  if (!and_back) return;
  scratch_.edge_sums =
      arena.take<T>((size(rules_.shape.order()) + 1) * most_inputs * batch_.stride);
}

template <class T>
void JetChunk<T>::load(const Samples<T>& samples, std::size_t first, std::size_t count,
                       int threads) noexcept {
  resize(count, threads);
  const std::size_t inputs = size(network_.architecture().inputs());
  T* to = layers_[0].buffers.inputs;
  transpose(samples.x + first * inputs, inputs, count, inputs, to, batch_.stride);
  for (std::size_t i = 0; i < inputs; ++i) {  // the padding repeats the last sample
    T* row = to + i * batch_.stride;
    std::fill(row + count, row + batch_.step, row[count - 1]);
  }
}

template <class T>
void JetChunk<T>::give(std::size_t rows, std::size_t first, T* jets) const noexcept {
  const std::size_t outputs = size(network_.architecture().outputs());
  for (std::size_t p = 0; p < batch_.places; ++p) {
    transpose(outputs_ + p * batch_.step, batch_.stride, outputs, batch_.count,
              jets + (p * rows + first) * outputs, outputs);
  }
}

template <class T>
void JetChunk<T>::forward(const T* parameters, bool and_back) noexcept {
  const int derivatives = rules_.shape.order() + (and_back ? 1 : 0);
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    jet_layer_forward(network_, rules_, l, parameters, layers_[l], batch_, derivatives, scratch_);
  }
}

template <class T>
const T* JetChunk<T>::sensitivities(const T* parameters, bool wants_inputs) noexcept {
  const T* incoming = grad_nodes_[0];
  for (std::size_t l = network_.depth(); l-- > 0;) {
    T* outgoing = l > 0 || wants_inputs ? grad_nodes_[incoming == grad_nodes_[1] ? 0 : 1] : nullptr;
    jet_layer_sensitivities(network_, rules_, l, parameters, layers_[l], batch_, incoming, outgoing,
                            scratch_);
    incoming = outgoing;
  }
  return incoming;
}

template <class T>
void JetChunk<T>::add_gradient(const T* parameters, T* grad_parameters) const noexcept {
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    jet_layer_gradient(network_, rules_, l, parameters, layers_[l], batch_, grad_parameters);
  }
}

template <class T>
void JetChunk<T>::symbolic_sensitivity(std::size_t l, std::size_t edge, const T* parameters,
                                       std::size_t n, double* gradient) const noexcept {
  jet_symbolic_derivatives(network_, rules_, l, edge, parameters, layers_[l].buffers.inputs, batch_,
                           layers_[l].grad_sums, n, gradient);
}

template class JetChunk<float>;
template class JetChunk<double>;
template Division jet_division(const Network<float>&, const JetShape&);
template Division jet_division(const Network<double>&, const JetShape&);
template double jet_work_of_row(const Network<float>&, const JetShape&);
template double jet_work_of_row(const Network<double>&, const JetShape&);

}  // namespace kan
