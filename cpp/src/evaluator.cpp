#include "kan/evaluator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kan/errors.hpp"
#include "kernels/dispatch.hpp"
#include "layer_pass.hpp"
#include "loss.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{4} << 20;
constexpr std::size_t least_chunk_rows = 256;

std::size_t size(int n) { return static_cast<std::size_t>(n); }

std::size_t whole_blocks(std::size_t count) {
  return (count + kernels::lane_block - 1) / kernels::lane_block * kernels::lane_block;
}

/// Whether the sums of a layer are its outputs already.
bool is_plain(const Architecture& architecture, const Layer& layer) {
  return !architecture.affine && layer.arities.empty();
}

/// As many rows as fit the cache, in whole tiles; the choice never depends on threads.
template <class T>
std::size_t rows_per_chunk(const Architecture& architecture, std::size_t most_rows) {
  std::size_t bytes = 0;
  for (const Layer& layer : architecture.layers) {
    const std::size_t per_input = sizeof(T) * (1 + 2 * size(layer.degree + 2)) + sizeof(int);
    bytes += size(layer.inputs) * per_input + 3 * sizeof(T) * size(layer.subnodes());
  }
  const std::size_t fitting = chunk_bytes / bytes / kernels::tile_rows * kernels::tile_rows;
  const std::size_t chunk = std::min(std::max(fitting, least_chunk_rows), kernels::most_rows);
  return most_rows == 0 ? chunk : std::min(chunk, whole_blocks(most_rows));
}

void stop_if_asked(const Interrupt& interrupt) {
  if (interrupt && interrupt()) throw Interrupted();
}

}  // namespace

template <class T>
struct Evaluator<T>::Plan {
  const Network<T>& network;
  Purpose purpose;
  std::size_t chunk;
  Interrupt interrupt = {};
  std::vector<std::vector<T>> memory = {};
  std::vector<std::vector<std::int32_t>> cell_memory = {};
  std::vector<LayerBuffers<T>> layers = {};
  T* outputs = nullptr;       // [O][stride]
  T* grad_nodes[2] = {};      // [most nodes or inputs][stride], taken in turns
  T* grad_sums = nullptr;     // [most S][stride]
  T* input_slopes = nullptr;  // of layer 0, which only the gradient of the inputs needs

  Plan(const Network<T>& network_, Purpose purpose_, std::size_t most_rows)
      : network(network_),
        purpose(purpose_),
        chunk(rows_per_chunk<T>(network_.architecture(), most_rows)) {
    kernels::active<T>();  // throws here, not in the middle of a pass, if KAN_ISA is wrong
    allocate_layers();
    connect_nodes();
    if (purpose == Purpose::gradient) allocate_gradients();
    input_slopes = layers[0].slopes;
  }

  T* reserve(std::size_t count) {
    memory.emplace_back(count);
    return memory.back().data();
  }

  void allocate_layers() {
    const bool keep = purpose == Purpose::gradient;
    std::size_t most_inputs = 0;
    std::size_t most_weights = 0;
    for (const Layer& layer : network.architecture().layers) {
      most_inputs = std::max(most_inputs, size(layer.inputs));
      most_weights = std::max(most_weights, size(layer.inputs) * size(layer.degree + 2));
    }
    for (std::size_t l = 0; l < network.depth(); ++l) {
      const Layer& layer = network.layer(l);
      LayerBuffers<T> own;
      own.inputs = reserve(size(layer.inputs) * chunk);
      if (keep || l == 0) {
        const std::size_t weights =
            keep ? size(layer.inputs) * size(layer.degree + 2) : most_weights;
        cell_memory.emplace_back((keep ? size(layer.inputs) : most_inputs) * chunk);
        own.cells = cell_memory.back().data();
        own.weights = reserve(weights * chunk);
        if (keep) own.slopes = reserve(weights * chunk);
      } else {
        own.cells = layers[0].cells;
        own.weights = layers[0].weights;
      }
      if (layer.subnodes() >= kernels::wide_outputs) {
        own.rows = reserve(size(layer.subnodes()) * chunk);
      }
      layers.push_back(own);
    }
    outputs = reserve(size(network.architecture().outputs()) * chunk);
  }

  /// Steps that are the identity share the memory of their operand.
  void connect_nodes() {
    const bool affine = network.architecture().affine;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Layer& layer = network.layer(l);
      LayerBuffers<T>& own = layers[l];
      T* next = l + 1 < layers.size() ? layers[l + 1].inputs : outputs;
      const bool plain = is_plain(network.architecture(), layer);
      own.sums = plain ? next : reserve(size(layer.subnodes()) * chunk);
      own.nodes.sums = own.sums;
      own.nodes.factors = affine ? reserve(size(layer.subnodes()) * chunk) : own.sums;
      own.nodes.products = affine ? reserve(size(layer.nodes()) * chunk) : next;
      own.nodes.outputs = next;
    }
  }

  void allocate_gradients() {
    std::size_t most = size(network.architecture().inputs());
    std::size_t most_sums = 0;
    for (const Layer& layer : network.architecture().layers) {
      most = std::max(most, size(layer.nodes()));
      most_sums = std::max(most_sums, size(layer.subnodes()));
    }
    grad_nodes[0] = reserve(most * chunk);
    grad_nodes[1] = reserve(most * chunk);
    grad_sums = reserve(most_sums * chunk);
  }

  /// Inputs of a chunk by features; the padding repeats the last sample.
  void load(const Samples<T>& samples, std::size_t first, std::size_t count, std::size_t stride) {
    const std::size_t inputs = size(network.architecture().inputs());
    T* to = layers[0].inputs;
    if (samples.index == nullptr) {
      transpose(samples.x + first * inputs, inputs, count, inputs, to, stride);
    } else {
      for (std::size_t n = 0; n < count; ++n) {
        const T* row = samples.x + samples.row(first + n) * inputs;
        for (std::size_t i = 0; i < inputs; ++i) to[i * stride + n] = row[i];
      }
    }
    for (std::size_t i = 0; i < inputs; ++i) {
      std::fill(to + i * stride + count, to + (i + 1) * stride, to[i * stride + count - 1]);
    }
  }

  void forward(std::size_t depth, std::size_t count, std::size_t stride) noexcept {
    for (std::size_t l = 0; l < depth; ++l) {
      layer_forward(network, l, layers[l], count, stride);
    }
  }

  /// From the gradient of the outputs, in grad_nodes[0], to that of parameters and of the inputs,
  /// which is returned if wanted.
  const T* backward(std::size_t count, std::size_t stride, T* grad_parameters,
                    bool wants_inputs) noexcept {
    int current = 0;
    for (std::size_t l = layers.size(); l-- > 0;) {
      const bool plain = is_plain(network.architecture(), network.layer(l));
      T* incoming = grad_nodes[current];
      T* outgoing = l > 0 || wants_inputs ? grad_nodes[1 - current] : nullptr;
      layer_backward(network, l, layers[l], count, stride, incoming, plain ? incoming : grad_sums,
                     outgoing, grad_parameters);
      current = 1 - current;
    }
    return grad_nodes[current];
  }

  void require_gradients() const {
    if (purpose == Purpose::gradient) return;
    throw std::logic_error("gradients need an evaluator made with Purpose::gradient");
  }

  void want_input_gradient(bool wanted) noexcept {
    layers[0].slopes = wanted ? input_slopes : nullptr;
  }

  /// Calls use(first, count, stride) for every chunk, its inputs loaded.
  template <class Use>
  void for_each_chunk(const Samples<T>& samples, const Use& use) {
    for (std::size_t first = 0; first < samples.count; first += chunk) {
      stop_if_asked(interrupt);
      const std::size_t count = std::min(chunk, samples.count - first);
      const std::size_t stride = whole_blocks(count);
      load(samples, first, count, stride);
      use(first, count, stride);
    }
  }

  double evaluate(const Samples<T>& samples, Loss loss, T* gradient) {
    want_input_gradient(false);
    if (samples.count == 0) throw std::invalid_argument("there must be at least one sample");
    if (gradient != nullptr) require_gradients();
    const double weight = total_weight(samples);
    if (!(weight > 0.0))
      throw std::invalid_argument("the weights of the samples must have a positive sum");
    const double scale = 1.0 / weight;
    const std::size_t output_count = size(network.architecture().outputs());
    double total = 0.0;
    for_each_chunk(samples, [&](std::size_t first, std::size_t count, std::size_t stride) {
      forward(layers.size(), count, stride);
      const LossChunk<T> view{samples, first, count, outputs, output_count, stride};
      total += add_loss(loss, view, scale, gradient != nullptr ? grad_nodes[0] : nullptr);
      if (gradient != nullptr) backward(count, stride, gradient, false);
    });
    return total;
  }
};

template <class T>
Evaluator<T>::Evaluator(const Network<T>& network, Purpose purpose, std::size_t most_rows)
    : plan_(std::make_unique<Plan>(network, purpose, most_rows)) {}
template <class T>
Evaluator<T>::~Evaluator() = default;
template <class T>
Evaluator<T>::Evaluator(Evaluator&&) noexcept = default;

template <class T>
void Evaluator<T>::set_interrupt(Interrupt interrupt) {
  plan_->interrupt = std::move(interrupt);
}

template <class T>
void Evaluator<T>::predict(const T* x, std::size_t rows, T* y) {
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  const std::size_t outputs = size(plan_->network.architecture().outputs());
  plan_->for_each_chunk(samples, [&](std::size_t first, std::size_t count, std::size_t stride) {
    plan_->forward(plan_->layers.size(), count, stride);
    transpose(plan_->outputs, stride, outputs, count, y + first * outputs, outputs);
  });
}

template <class T>
void Evaluator<T>::activations(const T* x, std::size_t rows, std::size_t l, T* activations) {
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  const std::size_t inputs = size(plan_->network.layer(l).inputs);
  plan_->for_each_chunk(samples, [&](std::size_t first, std::size_t count, std::size_t stride) {
    plan_->forward(l, count, stride);
    transpose(plan_->layers[l].inputs, stride, inputs, count, activations + first * inputs, inputs);
  });
}

template <class T>
void Evaluator<T>::activation_range(const T* x, std::size_t rows, std::size_t l, T* low, T* high) {
  if (rows == 0) throw std::invalid_argument("there must be at least one row");
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  plan_->for_each_chunk(samples, [&](std::size_t first, std::size_t count, std::size_t stride) {
    plan_->forward(l, count, stride);
    for (std::size_t i = 0; i < size(plan_->network.layer(l).inputs); ++i) {
      const T* own = plan_->layers[l].inputs + i * stride;
      const auto [least, most] = std::minmax_element(own, own + count);
      low[i] = first == 0 ? *least : std::min(low[i], *least);
      high[i] = first == 0 ? *most : std::max(high[i], *most);
    }
  });
}

template <class T>
double Evaluator<T>::loss(const Samples<T>& samples, Loss loss) {
  return plan_->evaluate(samples, loss, nullptr);
}

template <class T>
double Evaluator<T>::loss_and_gradient(const Samples<T>& samples, Loss loss, T* gradient) {
  const std::size_t count = plan_->network.parameter_count();
  std::fill_n(gradient, count, T(0));
  const double value = plan_->evaluate(samples, loss, gradient);
  const std::vector<std::uint8_t>& trainable = plan_->network.trainable();
  for (std::size_t p = 0; p < count; ++p) gradient[p] = trainable[p] != 0 ? gradient[p] : T(0);
  return value;
}

template <class T>
void Evaluator<T>::pullback(const T* x, std::size_t rows, const T* grad_y, T* grad_parameters,
                            T* grad_x) {
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  const std::size_t inputs = size(plan_->network.architecture().inputs());
  const std::size_t outputs = size(plan_->network.architecture().outputs());
  std::vector<T> unused;
  if (grad_parameters == nullptr && plan_->network.architecture().affine) {
    unused.resize(plan_->network.parameter_count());
    grad_parameters = unused.data();
  }
  plan_->require_gradients();
  plan_->want_input_gradient(grad_x != nullptr);
  if (grad_parameters != nullptr) {
    std::fill_n(grad_parameters, plan_->network.parameter_count(), T(0));
  }
  plan_->for_each_chunk(samples, [&](std::size_t first, std::size_t count, std::size_t stride) {
    plan_->forward(plan_->layers.size(), count, stride);
    T* grad_outputs = plan_->grad_nodes[0];
    transpose(grad_y + first * outputs, outputs, count, outputs, grad_outputs, stride);
    for (std::size_t o = 0; o < outputs; ++o) {
      std::fill(grad_outputs + o * stride + count, grad_outputs + (o + 1) * stride, T(0));
    }
    const T* grad_inputs = plan_->backward(count, stride, grad_parameters, grad_x != nullptr);
    if (grad_x != nullptr) {
      transpose(grad_inputs, stride, inputs, count, grad_x + first * inputs, inputs);
    }
  });
}

template class Evaluator<float>;
template class Evaluator<double>;

}  // namespace kan
