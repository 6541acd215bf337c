#include "kan/evaluator.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "chunk.hpp"
#include "curvature.hpp"
#include "division.hpp"
#include "edge_moments.hpp"
#include "kan/buffer.hpp"
#include "kan/errors.hpp"
#include "kernels/dispatch.hpp"
#include "loss.hpp"
#include "parallel.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

template <class T>
struct Evaluator<T>::Plan {
  const Network<T>& network;
  Purpose purpose;
  Division division;
  std::size_t outputs;
  double work_per_row;
  Interrupt interrupt = {};
  std::vector<Chunk<T>> chunks = {};    // one per thread, made when first needed
  std::vector<Buffer<T>> partial = {};  // gradients of the parts behind the first
  std::vector<double> totals = {};      // losses of the parts
  std::optional<Curvature<T>> curvature = {};
  std::optional<EdgeMoments<T>> moments = {};

  Plan(const Network<T>& network_, Purpose purpose_, std::size_t most_rows)
      : network(network_),
        purpose(purpose_),
        division(division_of(network_, purpose_)),
        outputs(size(network_.architecture().outputs())),
        work_per_row(work_of_row(network_)) {
    kernels::active<T>();  // throws here, not in the middle of a pass, if KAN_ISA is wrong
    if (most_rows != 0) division.rows = std::min(division.rows, most_rows);
    need_chunks(1);
  }

  void need_chunks(int count) {
    chunks.reserve(size(count));
    while (chunks.size() < size(count)) chunks.emplace_back(network, division.rows, purpose);
  }

  const T* at(const T* parameters) const {
    return parameters != nullptr ? parameters : network.parameters();
  }

  void stop_if_asked() {
    if (interrupt && interrupt()) throw Interrupted();
  }

  void require_gradients() const {
    if (purpose != Purpose::predict) return;
    throw std::logic_error("gradients need an evaluator made with Purpose::gradient");
  }

  /// Calls use(chunk, first) for every chunk in turn, its inputs loaded, all threads inside.
  template <class Use>
  void in_turn(const Samples<T>& samples, const Use& use) {
    const int threads = thread_count();
    for (std::size_t first = 0; first < samples.count; first += division.rows) {
      stop_if_asked();
      const std::size_t count = std::min(division.rows, samples.count - first);
      chunks[0].load(samples, first, count, threads);
      use(chunks[0], first);
    }
  }

  /// Calls use(chunk, first, number in this group) for chunks of `rows` rows side by side, in groups
  /// of up to `group`, and after_group(number of chunks) after each.
  template <class Use, class After>
  void side_by_side(const Samples<T>& samples, std::size_t rows, std::size_t group, const Use& use,
                    const After& after_group) {
    const std::size_t count = (samples.count + rows - 1) / rows;
    for (std::size_t start = 0; start < count; start += group) {
      stop_if_asked();
      const std::size_t here = std::min(group, count - start);
      const double work = work_per_row * static_cast<double>(std::min(samples.count, here * rows));
      const int threads = useful_threads(here, work, thread_count());
      need_chunks(threads);
      parallel_for(here, threads, [&](std::size_t number, int worker) {
        Chunk<T>& chunk = chunks[size(worker)];
        const std::size_t first = (start + number) * rows;
        chunk.load(samples, first, std::min(rows, samples.count - first), 1);
        use(chunk, first, number);
      });
      after_group(here);
    }
  }

  /// Rows of a chunk for results that are the same however rows are divided: every thread gets some.
  std::size_t rows_each(std::size_t count) const {
    const auto threads = static_cast<double>(thread_count());
    if (work_per_row * static_cast<double>(count) <= serial_work) return division.rows;
    const auto share = static_cast<std::size_t>(static_cast<double>(count) / threads) + 1;
    const std::size_t blocks = (share + kernels::lane_block - 1) / kernels::lane_block;
    return std::min(division.rows, blocks * kernels::lane_block);
  }

  /// Chunks of so many rows between two questions whether to stop.
  std::size_t group_of(std::size_t rows) const {
    const std::size_t threads = size(thread_count());
    const double work = work_per_row * static_cast<double>(rows);
    const auto quick = static_cast<std::size_t>(most_chunk_work / work);
    return threads * std::clamp(quick, std::size_t{1}, std::size_t{16});
  }

  void predict(const T* x, std::size_t rows, T* y) {
    const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
    const std::size_t share = rows_each(rows);
    side_by_side(
        samples, share, group_of(share),
        [&](Chunk<T>& chunk, std::size_t first, std::size_t /*number*/) {
          chunk.forward(network.parameters(), network.depth());
          transpose(chunk.outputs(), chunk.stride(), outputs, chunk.count(), y + first * outputs,
                    outputs);
        },
        [](std::size_t) {});
  }

  /// The share of the loss of a chunk that has been forward, and its gradient in the chunk where
  /// wanted. Blocks of samples add up in their order, whoever computed them.
  double loss_of(Chunk<T>& chunk, const Samples<T>& samples, Loss loss, std::size_t first,
                 double scale, bool with_gradient) {
    if (with_gradient) chunk.clear_grad_padding();
    constexpr std::size_t block = kernels::tile_rows;
    const std::size_t blocks = (chunk.count() + block - 1) / block;
    double share[kernels::most_rows / block];
    const double work = 20.0 * static_cast<double>(chunk.count() * outputs);
    const int threads = useful_threads(blocks, work, chunk.batch().threads);
    parallel_for(blocks, threads, [&](std::size_t number, int /*worker*/) {
      const std::size_t at = number * block;
      const LossChunk<T> view{
          samples, first + at,    std::min(block, chunk.count() - at), chunk.outputs() + at,
          outputs, chunk.stride()};
      share[number] =
          add_loss(loss, view, scale, with_gradient ? chunk.grad_outputs() + at : nullptr);
    });
    double total = 0.0;
    for (std::size_t number = 0; number < blocks; ++number) total += share[number];
    return total;
  }

  double loss(const T* parameters, const Samples<T>& samples, Loss loss, double scale) {
    double total = 0.0;
    totals.resize(16 * size(thread_count()));
    side_by_side(
        samples, division.rows, group_of(division.rows),
        [&](Chunk<T>& chunk, std::size_t first, std::size_t number) {
          chunk.forward(parameters, network.depth());
          totals[number] = loss_of(chunk, samples, loss, first, scale, false);
        },
        [&](std::size_t count) {
          for (std::size_t part = 0; part < count; ++part) total += totals[part];
        });
    return total;
  }

  /// `also(chunk, first)` sees every chunk after its way back.
  template <class Also>
  double gradient_in_turn(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
                          T* gradient, const Also& also) {
    double total = 0.0;
    std::fill_n(gradient, network.parameter_count(), T(0));
    in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
      chunk.forward(parameters, network.depth());
      total += loss_of(chunk, samples, loss, first, scale, true);
      chunk.backward(parameters, gradient, false);
      also(chunk, first);
    });
    return total;
  }

  void model(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
             QuadraticModel& model) {
    Curvature<T>& sums = curvature ? *curvature : curvature.emplace(network, division.rows);
    sums.begin(model);
    Buffer<T> gradient(network.parameter_count());
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

  /// Leaves the last chunk as it was forward.
  std::vector<LayerStatistics> observe(const T* parameters, const Samples<T>& samples) {
    if (purpose != Purpose::statistics) {
      throw std::logic_error("statistics need an evaluator made with Purpose::statistics");
    }
    if (!moments) moments.emplace(network, chunk_stride(division.rows));
    moments->begin();
    in_turn(samples, [&](Chunk<T>& chunk, std::size_t /*first*/) {
      chunk.forward(parameters, network.depth());
      moments->add(chunk, parameters);
    });
    return moments->statistics();
  }

  double sparse_gradient(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
                         const Sparsity& sparsity, T* gradient) {
    const std::vector<LayerStatistics> statistics = observe(parameters, samples);
    std::vector<LayerStatistics> slopes;
    std::fill_n(gradient, network.parameter_count(), T(0));
    const double size = kan::regularity(network, parameters, sparsity, statistics, &slopes, gradient);
    const StatisticsSeeds<T> seeds(network, *moments, slopes, sparsity.lamb,
                                   chunk_stride(division.rows), thread_count());
    double total = sparsity.lamb * size;
    const auto back = [&](Chunk<T>& chunk, std::size_t first) {
      total += loss_of(chunk, samples, loss, first, scale, true);
      chunk.backward(parameters, gradient, false, &seeds);
    };
    if (samples.count <= division.rows) {
      back(chunks[0], 0);
      return total;
    }
    in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
      chunk.forward(parameters, network.depth());
      back(chunk, first);
    });
    return total;
  }

  double gradient_in_parts(const T* parameters, const Samples<T>& samples, Loss loss, double scale,
                           T* gradient) {
    const std::size_t chunk_count = (samples.count + division.rows - 1) / division.rows;
    const std::size_t parts = std::min(division.parts, chunk_count);
    const std::size_t parameter_count = network.parameter_count();
    while (partial.size() + 1 < parts) partial.emplace_back(parameter_count);
    totals.assign(parts, 0.0);
    std::fill_n(gradient, parameter_count, T(0));
    for (std::size_t part = 1; part < parts; ++part) {
      std::fill(partial[part - 1].begin(), partial[part - 1].end(), T(0));
    }
    side_by_side(
        samples, division.rows, parts,
        [&](Chunk<T>& chunk, std::size_t first, std::size_t part) {
          chunk.forward(parameters, network.depth());
          totals[part] += loss_of(chunk, samples, loss, first, scale, true);
          chunk.backward(parameters, part == 0 ? gradient : partial[part - 1].data(), false);
        },
        [](std::size_t) {});
    add_partial(parts, gradient);
    double total = 0.0;
    for (std::size_t part = 0; part < parts; ++part) total += totals[part];
    return total;
  }

  /// gradient += the gradients of parts 1 ... parts - 1, in this order.
  void add_partial(std::size_t parts, T* gradient) {
    const std::size_t count = network.parameter_count();
    const double work = static_cast<double>(parts * count);
    constexpr std::size_t block = 4096;
    parallel_stretches(count, block, useful_threads(count / block + 1, work, thread_count()),
                       [&](std::size_t begin, std::size_t end) {
                         for (std::size_t part = 1; part < parts; ++part) {
                           const T* own = partial[part - 1].data();
                           for (std::size_t p = begin; p < end; ++p) gradient[p] += own[p];
                         }
                       });
  }
};

namespace {

/// 1 / sum of the weights. Throws: see Evaluator::loss.
template <class T>
double scale_of(const Samples<T>& samples) {
  if (samples.count == 0) throw std::invalid_argument("there must be at least one sample");
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
  plan_->interrupt = std::move(interrupt);
}

template <class T>
void Evaluator<T>::stop_if_asked() const {
  plan_->stop_if_asked();
}

template <class T>
void Evaluator<T>::predict(const T* x, std::size_t rows, T* y) {
  plan_->predict(x, rows, y);
}

template <class T>
void Evaluator<T>::activations(const T* x, std::size_t rows, std::size_t l, T* activations) {
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  const std::size_t inputs = size(plan_->network.layer(l).inputs);
  plan_->in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
    chunk.forward(plan_->network.parameters(), l);
    transpose(chunk.layer(l).inputs, chunk.stride(), inputs, chunk.count(),
              activations + first * inputs, inputs);
  });
}

template <class T>
void Evaluator<T>::activation_range(const T* x, std::size_t rows, std::size_t l, T* low, T* high) {
  if (rows == 0) throw std::invalid_argument("there must be at least one row");
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  plan_->in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
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
  if (plan_->purpose != Purpose::curvature) {
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
  const double value = plan_->division.parts > 1
                           ? plan_->gradient_in_parts(at, samples, loss, scale, gradient)
                           : plan_->gradient_in_turn(at, samples, loss, scale, gradient,
                                                     [](Chunk<T>&, std::size_t) {});
  plan_->network.clear_fixed(gradient);
  return value;
}

template <class T>
std::vector<LayerStatistics> Evaluator<T>::statistics(const T* x, std::size_t rows,
                                                      const T* parameters) {
  if (rows == 0) throw std::invalid_argument("there must be at least one row");
  return plan_->observe(plan_->at(parameters), {x, nullptr, nullptr, nullptr, nullptr, rows});
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
  const Samples<T> samples{x, nullptr, nullptr, nullptr, nullptr, rows};
  const std::size_t inputs = size(network.architecture().inputs());
  const std::size_t outputs = plan_->outputs;
  Buffer<T> unused;
  if (grad_parameters == nullptr && network.architecture().affine) {
    unused.resize(network.parameter_count());
    grad_parameters = unused.data();
  }
  plan_->require_gradients();
  if (grad_parameters != nullptr) std::fill_n(grad_parameters, network.parameter_count(), T(0));
  plan_->in_turn(samples, [&](Chunk<T>& chunk, std::size_t first) {
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
