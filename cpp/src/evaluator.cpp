#include "kan/evaluator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "evaluator_plan.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// 1 / sum of the weights. Throws: see Evaluator::loss.
template <class T>
double scale_of(const Samples<T>& samples) {
  if (samples.count == 0) throw std::invalid_argument("x must have at least one row");
  const double weight = total_weight(samples);
  if (!(weight > 0.0)) {
    throw std::invalid_argument("the weights of the samples must have a positive sum");
  }
  return 1.0 / weight;
}

}  // namespace

template <class T>
Evaluator<T>::Evaluator(const Network<T>& network, Purpose purpose, std::size_t most_rows)
    : plan_(std::make_unique<Plan>(network, purpose, most_rows)) {}
template <class T>
Evaluator<T>::~Evaluator() = default;
template <class T>
Evaluator<T>::Evaluator(Evaluator&&) noexcept = default;

template <class T>
void Evaluator<T>::set_interrupt(Interrupt interrupt) {
  plan_->passes.set_interrupt(std::move(interrupt));
}

template <class T>
void Evaluator<T>::stop_if_asked() const {
  plan_->passes.stop_if_asked();
}

template <class T>
void Evaluator<T>::predict(const T* x, std::size_t rows, T* y) {
  plan_->predict(x, rows, y);
}

template <class T>
void Evaluator<T>::activations(const T* x, std::size_t rows, std::size_t l, T* activations) {
  const std::size_t inputs = size(plan_->network.layer(l).inputs);
  plan_->passes.in_turn(inputs_alone(x, rows), [&](Chunk<T>& chunk, std::size_t first) {
    chunk.forward(plan_->network.parameters(), l);
    transpose(chunk.layer(l).inputs, chunk.stride(), inputs, chunk.count(),
              activations + first * inputs, inputs);
  });
}

template <class T>
void Evaluator<T>::activation_range(const T* x, std::size_t rows, std::size_t l, T* low, T* high) {
  if (rows == 0) throw std::invalid_argument("x must have at least one row");
  plan_->passes.in_turn(inputs_alone(x, rows), [&](Chunk<T>& chunk, std::size_t first) {
    chunk.forward(plan_->network.parameters(), l);
    for (std::size_t i = 0; i < size(plan_->network.layer(l).inputs); ++i) {
      const T* own = chunk.layer(l).inputs + i * chunk.stride();
      const auto [least, most] = std::minmax_element(own, own + chunk.count());
      low[i] = first == 0 ? *least : std::min(low[i], *least);
      high[i] = first == 0 ? *most : std::max(high[i], *most);
    }
  });
}

template <class T>
double Evaluator<T>::loss(const Samples<T>& samples, Loss loss, const T* parameters) {
  const T* at = plan_->at(parameters);
  return plan_->loss(at, samples, loss, scale_of(samples));
}

template <class T>
void Evaluator<T>::model(const Samples<T>& samples, Loss loss, const T* parameters,
                         QuadraticModel& model) {
  if (plan_->passes.purpose() != Purpose::curvature) {
    throw std::logic_error("a model needs an evaluator made with Purpose::curvature");
  }
  const T* at = plan_->at(parameters);
  plan_->model(at, samples, loss, scale_of(samples), model);
}

template <class T>
double Evaluator<T>::loss_and_gradient(const Samples<T>& samples, Loss loss, T* gradient,
                                       const T* parameters) {
  plan_->require_gradients();
  const double scale = scale_of(samples);
  const T* at = plan_->at(parameters);
  const double value = plan_->passes.parts() > 1
                           ? plan_->gradient_in_parts(at, samples, loss, scale, gradient)
                           : plan_->gradient_in_turn(at, samples, loss, scale, gradient,
                                                     [](Chunk<T>&, std::size_t) {});
  plan_->network.clear_fixed(gradient);
  return value;
}

template <class T>
std::vector<LayerStatistics> Evaluator<T>::statistics(const T* x, std::size_t rows,
                                                      const T* parameters) {
  return plan_->observe(plan_->at(parameters), inputs_alone(x, rows));
}

template <class T>
double Evaluator<T>::regularity(const Samples<T>& samples, const Sparsity& sparsity,
                                const T* parameters) {
  const T* at = plan_->at(parameters);
  const std::vector<LayerStatistics> statistics = plan_->observe(at, samples);
  return kan::regularity<T>(plan_->network, at, sparsity, statistics, nullptr, nullptr);
}

template <class T>
double Evaluator<T>::sparse_loss_and_gradient(const Samples<T>& samples, Loss loss,
                                              const Sparsity& sparsity, T* gradient,
                                              const T* parameters) {
  const double value = plan_->sparse_gradient(plan_->at(parameters), samples, loss,
                                              scale_of(samples), sparsity, gradient);
  plan_->network.clear_fixed(gradient);
  return value;
}

template <class T>
void Evaluator<T>::pullback(const T* x, std::size_t rows, const T* grad_y, T* grad_parameters,
                            T* grad_x) {
  const Network<T>& network = plan_->network;
  const std::size_t inputs = size(network.architecture().inputs());
  const std::size_t outputs = plan_->passes.outputs();
  Buffer<T> unused;
  if (grad_parameters == nullptr && network.architecture().affine) {
    unused.resize(network.parameter_count());
    grad_parameters = unused.data();
  }
  plan_->require_gradients();
  if (grad_parameters != nullptr) plan_->clear(grad_parameters);
  plan_->passes.in_turn(inputs_alone(x, rows), [&](Chunk<T>& chunk, std::size_t first) {
    const std::size_t stride = chunk.stride();
    chunk.forward(network.parameters(), network.depth(), grad_x != nullptr);
    T* grad_outputs = chunk.grad_outputs();
    transpose(grad_y + first * outputs, outputs, chunk.count(), outputs, grad_outputs, stride);
    chunk.clear_grad_padding();
    const T* grad_inputs = chunk.backward(network.parameters(), grad_parameters, grad_x != nullptr);
    if (grad_x != nullptr) {
      transpose(grad_inputs, stride, inputs, chunk.count(), grad_x + first * inputs, inputs);
    }
  });
}

template class Evaluator<float>;
template class Evaluator<double>;

}  // namespace kan
