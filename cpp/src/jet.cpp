#include "kan/jet.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "chunk_passes.hpp"
#include "curvature.hpp"
#include "jet_chunk.hpp"
#include "kernels/dispatch.hpp"
#include "partial_gradients.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

/// Seeds [places][rows][O], times a factor, as the gradient of a chunk's outputs, 0 in the padding.
template <class T>
void take_seeds(const T* seeds, std::size_t rows, std::size_t first, std::size_t outputs, T factor,
                JetChunk<T>& chunk) {
  const JetBatch& batch = chunk.batch();
  for (std::size_t p = 0; p < batch.places; ++p) {
    const T* from = seeds + (p * rows + first) * outputs;
    for (std::size_t o = 0; o < outputs; ++o) {
      T* to = chunk.grad_outputs() + o * batch.stride + p * batch.step;
      for (std::size_t n = 0; n < batch.count; ++n) to[n] = factor * from[n * outputs + o];
      std::fill(to + batch.count, to + batch.step, T(0));
    }
  }
}

}  // namespace

template <class T>
struct JetEvaluator<T>::Plan {
  const Network<T>& network;
  JetRules rules;
  Division division;
  ChunkPasses<JetChunk<T>> passes;
  PartialGradients<T> gradients = {};

  Plan(const Network<T>& network_, int order)
      : network(network_),
        rules(network_.architecture().inputs(), order),
        division(jet_division(network_, rules.shape)),
        passes(division, jet_work_of_row(network_, rules.shape),
               [this] { return JetChunk<T>(network, rules, division.rows); }) {
    kernels::active<T>();  // throws here, not in the middle of a pass, if KAN_ISA is wrong
  }
  ~Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  Plan(Plan&&) = delete;
  Plan& operator=(Plan&&) = delete;

  std::size_t inputs() const { return static_cast<std::size_t>(network.architecture().inputs()); }
  std::size_t outputs() const { return static_cast<std::size_t>(network.architecture().outputs()); }
  const T* at(const T* parameters) const {
    return parameters != nullptr ? parameters : network.parameters();
  }
};

template <class T>
JetEvaluator<T>::JetEvaluator(const Network<T>& network, int order)
    : plan_(std::make_unique<Plan>(network, order)) {}
template <class T>
JetEvaluator<T>::~JetEvaluator() = default;
template <class T>
JetEvaluator<T>::JetEvaluator(JetEvaluator&&) noexcept = default;

template <class T>
const JetShape& JetEvaluator<T>::shape() const noexcept {
  return plan_->rules.shape;
}

template <class T>
void JetEvaluator<T>::set_interrupt(Interrupt interrupt) {
  plan_->passes.set_interrupt(std::move(interrupt));
}

template <class T>
void JetEvaluator<T>::jets(const T* x, std::size_t rows, T* jets, const T* parameters) {
  const std::size_t share = plan_->passes.rows_each(rows);
  plan_->passes.side_by_side(
      inputs_alone(x, rows), share, plan_->passes.group_of(share),
      [&](JetChunk<T>& chunk, std::size_t first, std::size_t /*number*/) {
        chunk.forward(plan_->at(parameters), false);
        chunk.give(rows, first, jets);
      },
      [](std::size_t) {});
}

template <class T>
void JetEvaluator<T>::pullback(const T* x, std::size_t rows, const T* grad_jets, T* grad_parameters,
                               T* grad_x, const T* parameters) {
  const T* at = plan_->at(parameters);
  const std::size_t inputs = plan_->inputs();
  const std::size_t parts = plan_->passes.parts();
  if (grad_parameters != nullptr) {
    plan_->gradients.begin(parts, grad_parameters, plan_->network.parameter_count());
  }
  plan_->passes.side_by_side(
      inputs_alone(x, rows), plan_->passes.rows(), parts,
      [&](JetChunk<T>& chunk, std::size_t first, std::size_t part) {
        chunk.forward(at, true);
        take_seeds(grad_jets, rows, first, plan_->outputs(), T(1), chunk);
        const T* grad_inputs = chunk.sensitivities(at, grad_x != nullptr);
        if (grad_x != nullptr) {
          transpose(grad_inputs, chunk.batch().stride, inputs, chunk.count(),
                    grad_x + first * inputs, inputs);
        }
        if (grad_parameters != nullptr) chunk.add_gradient(at, plan_->gradients.part(part));
      },
      [](std::size_t) {});
  if (grad_parameters != nullptr) plan_->gradients.add_up();
}

template <class T>
struct ResidualModel<T>::Sums {
  std::size_t unknowns;
  Curvature<T> curvature;

  Sums(const Network<T>& network, std::size_t unknowns_)
      : unknowns(unknowns_), curvature(network, Curvature<T>::rows_at_once(network), unknowns) {}
};

template <class T>
ResidualModel<T>::ResidualModel(const Network<T>& network, std::size_t unknowns)
    : sums_(std::make_unique<Sums>(network, unknowns)) {}
template <class T>
ResidualModel<T>::~ResidualModel() = default;

template <class T>
void ResidualModel<T>::begin(QuadraticModel& model) {
  sums_->curvature.begin(model);
  model.value = 0.0;
  model.gradient.assign(model.parameters.size(), 0.0);
}

/// weight r^2 is half the square of sqrt(2 weight) r.
template <class T>
void ResidualModel<T>::add(JetEvaluator<T>& evaluator, const Residual<T>& residual,
                           const T* parameters, QuadraticModel& model) {
  auto& plan = *evaluator.plan_;
  const double factor = std::sqrt(2.0 * residual.weight);
  const std::size_t unknowns = sums_->unknowns;
  std::vector<double> values, unknown_rows;
  plan.passes.in_turn(inputs_alone(residual.x, residual.rows), [&](JetChunk<T>& chunk,
                                                                   std::size_t first) {
    chunk.forward(parameters, true);
    take_seeds(residual.seeds, residual.rows, first, plan.outputs(), static_cast<T>(factor), chunk);
    chunk.sensitivities(parameters, false);
    values.assign(residual.values + first, residual.values + first + chunk.count());
    for (double& value : values) {
      model.value += residual.weight * value * value;
      value *= factor;
    }
    if (unknowns > 0) {
      const double* from = residual.unknown_seeds + first * unknowns;
      unknown_rows.assign(from, from + chunk.count() * unknowns);
      for (double& value : unknown_rows) value *= factor;
    }
    sums_->curvature.add(chunk, parameters, values.data(), unknown_rows.data(), model);
  });
}

template <class T>
void ResidualModel<T>::finish(QuadraticModel& model) const {
  sums_->curvature.finish(1.0, model);
}

template class JetEvaluator<float>;
template class JetEvaluator<double>;
template class ResidualModel<float>;
template class ResidualModel<double>;

}  // namespace kan
