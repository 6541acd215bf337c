#include "chunk.hpp"

#include <algorithm>

#include "parallel.hpp"
#include "symbolic_pass.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

bool is_wide(const Layer& layer) { return layer.subnodes() >= kernels::wide_outputs; }

/// Inputs of a layer whose weights have room: all that are kept for the way back, or a block.
std::size_t inputs_with_weights(const Layer& layer, bool keep) {
  return keep ? size(layer.inputs) : std::min(size(layer.inputs), input_block);
}

/// Rows of weights of each input.
std::size_t weight_rows(const Architecture& architecture, const Layer& layer) {
  const kernels::Shape shape{layer.inputs,       layer.subnodes(),  layer.intervals,
                             layer.degree,       architecture.base, architecture.extrapolation,
                             kernels::lane_block};
  return size(weight_count(shape));
}

}  // namespace

std::size_t whole_blocks(std::size_t count) noexcept {
  return pieces(count, kernels::lane_block) * kernels::lane_block;
}

std::size_t chunk_stride(std::size_t rows) noexcept {
  return whole_blocks(rows) | kernels::lane_block;
}

template <class T>
std::size_t bytes_per_row(const Architecture& architecture, Purpose purpose) noexcept {
  const bool keep = purpose != Purpose::predict;
  std::size_t bytes = 0;
  std::size_t most = 0;
  for (const Layer& layer : architecture.layers) {
    const std::size_t weights = (keep ? 2 : 1) * weight_rows(architecture, layer) * sizeof(T);
    const std::size_t own = inputs_with_weights(layer, keep) * (weights + sizeof(std::int32_t));
    bytes += sizeof(T) * (size(layer.inputs) + 2 * size(layer.subnodes())) + (keep ? own : 0);
    most = std::max(most, own);
  }
  return bytes + (keep ? 0 : most);
}

template std::size_t bytes_per_row<float>(const Architecture&, Purpose) noexcept;
template std::size_t bytes_per_row<double>(const Architecture&, Purpose) noexcept;

template <class T>
Chunk<T>::Chunk(const Network<T>& network, std::size_t rows, Purpose purpose) : Chunk(network) {
  resize(rows, 1);
  memory_ = aligned_memory(count_bytes(purpose));
  Arena arena(memory_.get());
  place(arena, purpose);
}

template <class T>
Chunk<T>::Chunk(const Network<T>& network, std::size_t rows, std::byte* memory) noexcept
    : Chunk(network) {
  resize(rows, 1);
  Arena arena(memory);
  place(arena, Purpose::predict);
}

template <class T>
std::size_t Chunk<T>::bytes_of(const Network<T>& network, std::size_t rows) {
  Chunk chunk(network);
  chunk.resize(rows, 1);
  return chunk.count_bytes(Purpose::predict);
}

template <class T>
std::size_t Chunk<T>::count_bytes(Purpose purpose) {
  std::vector<LayerBuffers<T>> counted(network_.depth());
  layers_ = counted.data();
  Arena counting(nullptr);
  place(counting, purpose);
  return counting.used();
}

template <class T>
void Chunk<T>::place(Arena& arena, Purpose purpose) {
  arena.make(network_.depth(), layers_);
  place_layers(arena, purpose != Purpose::predict);
  outputs_ = arena.take<T>(size(network_.architecture().outputs()) * batch_.stride);
  connect_nodes(arena, purpose == Purpose::curvature);
  input_slopes_ = layers_[0].slopes;
  if (purpose == Purpose::predict) return;
  std::size_t most = size(network_.architecture().inputs());
  std::size_t most_sums = 0;
  for (const Layer& layer : network_.architecture().layers) {
    most = std::max(most, size(layer.nodes()));
    most_sums = std::max(most_sums, size(layer.subnodes()));
  }
  for (T*& grad : grad_nodes_) grad = arena.take<T>(most * batch_.stride);
  grad_sums_ = arena.take<T>(most_sums * batch_.stride);
  if (purpose == Purpose::curvature) place_sensitivities(arena);
}

template <class T>
void Chunk<T>::place_sensitivities(Arena& arena) {
  sensitivities_.clear();
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const LayerOffsets& at = network_.offsets(l);
    T* sums = arena.take<T>(size(network_.layer(l).subnodes()) * batch_.stride);
    T* affine = arena.take<T>((at.symbolic - at.subnode_scale) * batch_.stride);
    sensitivities_.push_back({sums, affine});
  }
}

/// `keep`: every layer keeps its weights and slopes for the way back; else all share one memory.
template <class T>
void Chunk<T>::place_layers(Arena& arena, bool keep) {
  const Architecture& architecture = network_.architecture();
  std::size_t most_inputs = 0;
  std::size_t most_weights = 0;
  for (const Layer& layer : architecture.layers) {
    const std::size_t inputs = inputs_with_weights(layer, keep);
    most_inputs = std::max(most_inputs, inputs);
    most_weights = std::max(most_weights, inputs * weight_rows(architecture, layer));
  }
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const Layer& layer = network_.layer(l);
    LayerBuffers<T>& own = layers_[l];
    own.kept = keep;
    own.inputs = arena.take<T>(size(layer.inputs) * batch_.stride);
    if (keep || l == 0) {
      const std::size_t inputs = keep ? size(layer.inputs) : most_inputs;
      const std::size_t weights = keep ? inputs * weight_rows(architecture, layer) : most_weights;
      own.cells = arena.take<std::int32_t>(inputs * batch_.stride);
      own.weights = arena.take<T>(weights * batch_.stride);
      own.slopes = keep ? arena.take<T>(weights * batch_.stride) : nullptr;
    } else {
      own.cells = layers_[0].cells;
      own.weights = layers_[0].weights;
    }
    if (is_wide(layer)) own.rows = arena.take<T>(size(layer.subnodes()) * batch_.stride);
  }
}

/// Steps that are the identity share the memory of their operand. `again`: the way back is taken more
/// than once.
template <class T>
void Chunk<T>::connect_nodes(Arena& arena, bool again) {
  const Architecture& architecture = network_.architecture();
  const bool affine = architecture.affine;
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const Layer& layer = network_.layer(l);
    LayerBuffers<T>& own = layers_[l];
    const auto features = [&](int count) { return arena.take<T>(size(count) * batch_.stride); };
    T* next = l + 1 < network_.depth() ? layers_[l + 1].inputs : outputs_;
    own.sums = is_plain(architecture, layer) ? next : features(layer.subnodes());
    own.nodes.sums = own.sums;
    own.nodes.factors = affine ? features(layer.subnodes()) : own.sums;
    own.nodes.products = affine ? features(layer.nodes()) : next;
    own.nodes.outputs = next;
    own.nodes.grad_products = affine && again ? features(layer.nodes()) : own.nodes.products;
  }
}

template <class T>
void Chunk<T>::resize(std::size_t count, int threads) noexcept {
  batch_ = {count, whole_blocks(count), chunk_stride(count), threads};
}

template <class T>
void Chunk<T>::load(const Samples<T>& samples, std::size_t first, std::size_t count,
                    int threads) noexcept {
  resize(count, threads);
  const std::size_t inputs = size(network_.architecture().inputs());
  const std::size_t stride = batch_.stride;
  T* to = layers_[0].inputs;
  const double work = 4.0 * static_cast<double>(inputs * count);
  parallel_stretches(count, kernels::lane_block, useful_threads(count, work, threads),
                     [&](std::size_t begin, std::size_t end) {
                       if (samples.index == nullptr) {
                         transpose(samples.x + (first + begin) * inputs, inputs, end - begin,
                                   inputs, to + begin, stride);
                         return;
                       }
                       for (std::size_t n = begin; n < end; ++n) {
                         const T* row = samples.x + samples.row(first + n) * inputs;
                         for (std::size_t i = 0; i < inputs; ++i) to[i * stride + n] = row[i];
                       }
                     });
  for (std::size_t i = 0; i < inputs; ++i) {  // the padding repeats the last sample
    T* row = to + i * stride;
    std::fill(row + count, row + batch_.padded, row[count - 1]);
  }
}

template <class T>
void Chunk<T>::clear_grad_padding() noexcept {
  for (std::size_t o = 0; o < size(network_.architecture().outputs()); ++o) {
    T* row = grad_nodes_[0] + o * batch_.stride;
    std::fill(row + batch_.count, row + batch_.padded, T(0));
  }
}

template <class T>
void Chunk<T>::forward(const T* parameters, std::size_t depth, bool for_inputs) noexcept {
  layers_[0].slopes = for_inputs ? input_slopes_ : nullptr;
  for (std::size_t l = 0; l < depth; ++l) {
    layer_forward(network_, l, parameters, layers_[l], batch_);
  }
}

template <class T>
void Chunk<T>::predict(const T* parameters, T* y) noexcept {
  const std::size_t last = network_.depth() - 1;
  const std::size_t outputs = size(network_.architecture().outputs());
  if (writes_rows(network_, last)) {
    forward(parameters, last);
    layer_rows(network_, last, parameters, layers_[last], batch_);
    std::copy_n(layers_[last].rows, batch_.count * outputs, y);
  } else {
    forward(parameters, network_.depth());
    transpose(outputs_, batch_.stride, outputs, batch_.count, y, outputs);
  }
}

template <class T>
const T* Chunk<T>::backward(const T* parameters, T* grad_parameters, bool wants_inputs,
                            const EdgeSeeds<T>* seeds) noexcept {
  int current = 0;
  for (std::size_t l = network_.depth(); l-- > 0;) {
    const bool plain = is_plain(network_.architecture(), network_.layer(l));
    T* incoming = grad_nodes_[current];
    T* outgoing = l > 0 || wants_inputs ? grad_nodes_[1 - current] : nullptr;
    layer_backward(network_, l, parameters, layers_[l], batch_, incoming,
                   plain ? incoming : grad_sums_, outgoing, grad_parameters, seeds);
    current = 1 - current;
  }
  return grad_nodes_[current];
}

template <class T>
void Chunk<T>::sensitivities(const T* parameters) noexcept {
  const T* incoming = grad_nodes_[0];
  for (std::size_t l = network_.depth(); l-- > 0;) {
    T* outgoing = l > 0 ? grad_nodes_[incoming == grad_nodes_[1] ? 0 : 1] : nullptr;
    layer_sensitivities(network_, l, parameters, layers_[l], batch_, incoming,
                        sensitivities_[l].sums, sensitivities_[l].affine, outgoing);
    incoming = outgoing;
  }
}

template <class T>
void Chunk<T>::symbolic_sensitivity(std::size_t l, std::size_t edge, const T* parameters,
                                    std::size_t n, double* gradient) const noexcept {
  const SymbolicEdge& own = network_.layer(l).symbolic[edge];
  const T x = layers_[l].inputs[size(own.input) * batch_.stride + n];
  const auto g = static_cast<double>(sensitivities_[l].sums[size(own.sum) * batch_.stride + n]);
  symbolic_edge_derivatives(network_, l, edge, parameters, x, gradient);
  for (std::size_t p = 0; p < EdgeAffine::count; ++p) gradient[p] *= g;
}

template class Chunk<float>;
template class Chunk<double>;

}  // namespace kan
