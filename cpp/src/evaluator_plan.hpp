#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <vector>

#include "curvature.hpp"
#include "edge_moments.hpp"
#include "kan/buffer.hpp"
#include "kan/evaluator.hpp"
#include "parallel.hpp"
#include "partial_gradients.hpp"
#include "passes.hpp"
#include "statistics_seeds.hpp"

namespace kan {

/// What an evaluator keeps between its calls, and its ways through the chunks of a batch. Parameters are
/// whole flat buffers; `scale` is 1 / the sum of the weights.
template <class T>
struct Evaluator<T>::Plan {
  const Network<T>& network;
  Passes<T> passes;
  PartialGradients<T> gradients = {};
  std::vector<double> totals = {};  // losses of the parts
  std::optional<Curvature<T>> curvature = {};
  std::optional<EdgeMoments<T>> moments = {};

  Plan(const Network<T>& network_, Purpose purpose, std::size_t most_rows)
      : network(network_), passes(network_, purpose, most_rows) {}

  const T* at(const T* parameters) const {
    return parameters != nullptr ? parameters : network.parameters();
  }

  void require_gradients() const {
    if (passes.purpose() != Purpose::predict) return;
    throw std::logic_error("gradients need an evaluator made with Purpose::gradient");
  }

  void predict(const T* x, std::size_t rows, T* y) {
    const std::size_t share = passes.rows_each(rows);
    const std::size_t outputs = passes.outputs();
    passes.side_by_side(
        inputs_alone(x, rows), share, passes.group_of(share),
        [&](Chunk<T>& chunk, std::size_t first, std::size_t /*number*/) {
          chunk.predict(network.parameters(), y + first * outputs);
        },
        [](std::size_t) {});
  }

  double loss(const T* parameters, const Samples<T>& samples, Loss loss, double scale) {
    double total = 0.0;
    const std::size_t group = passes.group_of(passes.rows());
    totals.resize(group);
    passes.side_by_side(
        samples, passes.rows(), group,
        [&](Chunk<T>& chunk, std::size_t first, std::size_t number) {
          chunk.forward(parameters, network.depth());
          totals[number] = passes.loss_of(chunk, samples, loss, first, scale, false);
        },
        [&](std::size_t count) {
          for (std::size_t part = 0; part < count; ++part) total += totals[part];
        });
    return total;
  }

  void clear(T* gradient) const {
    parallel_parameters(network.parameter_count(), [&](std::size_t begin, std::size_t end) {
      std::fill(gradient + begin, gradient + end, T(0));
    });
  }

  /// `also(chunk, first)` sees every chunk after its way back.
  template <class Also>
  double gradient_in_turn(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
                          T* gradient, const Also& also) {
    double total = 0.0;
    clear(gradient);
    passes.in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
      chunk.forward(parameters, network.depth());
      total += passes.loss_of(chunk, samples, loss, first, scale, true);
      chunk.backward(parameters, gradient, false);
      also(chunk, first);
    });
    return total;
  }

  void model(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
             QuadraticModel& model) {
    Curvature<T>& sums = curvature ? *curvature : curvature.emplace(network, passes.rows());
    sums.begin(model);
    Buffer<T> gradient(network.parameter_count());
    const std::size_t outputs = passes.outputs();
    model.value = gradient_in_turn(
        parameters, samples, loss, scale, gradient.data(), [&](Chunk<T>& chunk, std::size_t first) {
          const LossChunk<T> view{samples,         first,   chunk.count(),
                                  chunk.outputs(), outputs, chunk.stride()};
          sums.add(chunk, parameters, loss, view, scale, model);
        });
    sums.finish(loss == Loss::mse ? mean_square(samples, outputs) : 1.0, model);
    model.gradient.clear();
    for (const std::size_t p : model.parameters) {
      model.gradient.push_back(static_cast<double>(gradient[p]));
    }
  }

  /// The chunk in turn stays as it was forward.
  std::vector<LayerStatistics> observe(const T* parameters, const Samples<T>& samples) {
    if (passes.purpose() != Purpose::statistics) {
      throw std::logic_error("statistics need an evaluator made with Purpose::statistics");
    }
    if (samples.count == 0) throw std::invalid_argument("x must have at least one row");
    if (!moments) moments.emplace(network, chunk_stride(passes.rows()));
    moments->begin();
    passes.in_turn(samples, [&](Chunk<T>& chunk, std::size_t /*first*/) {
      chunk.forward(parameters, network.depth());
      moments->add(chunk, parameters);
    });
    return moments->statistics();
  }

  double sparse_gradient(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
                         const Sparsity& sparsity, T* gradient) {
    const std::vector<LayerStatistics> statistics = observe(parameters, samples);
    std::vector<LayerStatistics> slopes;
    clear(gradient);
    const double regularity =
        kan::regularity(network, parameters, sparsity, statistics, &slopes, gradient);
    const StatisticsSeeds<T> seeds(network, *moments, slopes, sparsity.lamb);
    double total = 0.0;
    const auto back = [&](Chunk<T>& chunk, std::size_t first) {
      total += passes.loss_of(chunk, samples, loss, first, scale, true);
      chunk.backward(parameters, gradient, false, &seeds);
    };
    if (samples.count <= passes.rows()) {
      back(passes.chunk_in_turn(), 0);
    } else {
      passes.in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
        chunk.forward(parameters, network.depth());
        back(chunk, first);
      });
    }
    return total + sparsity.lamb * regularity;
  }

  double gradient_in_parts(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
                           T* gradient) {
    const std::size_t chunk_count = pieces(samples.count, passes.rows());
    const std::size_t parts = std::min(passes.parts(), chunk_count);
    totals.assign(parts, 0.0);
    gradients.begin(parts, gradient, network.parameter_count());
    passes.side_by_side(
        samples, passes.rows(), parts,
        [&](Chunk<T>& chunk, std::size_t first, std::size_t part) {
          chunk.forward(parameters, network.depth());
          totals[part] += passes.loss_of(chunk, samples, loss, first, scale, true);
          chunk.backward(parameters, gradients.part(part), false);
        },
        [](std::size_t) {});
    gradients.add_up();
    double total = 0.0;
    for (std::size_t part = 0; part < parts; ++part) total += totals[part];
    return total;
  }
};

}  // namespace kan
