#include "kan/optimizer.hpp"

#include <stdexcept>
#include <string>

namespace kan {

template <class T>
void require_same_size(const Optimizer<T>& optimizer, const Objective<T>& objective) {
  if (optimizer.parameters().size() != objective.parameter_count()) {
    throw std::invalid_argument(
        "the optimizer has " + std::to_string(optimizer.parameters().size()) +
        " parameters, the objective " + std::to_string(objective.parameter_count()));
  }
}

template void require_same_size(const Optimizer<float>&, const Objective<float>&);
template void require_same_size(const Optimizer<double>&, const Objective<double>&);

namespace {

template <class T>
void offer(Best<T>* best, double value, const Buffer<T>& parameters) {
  if (best == nullptr || !(value < best->value)) return;
  best->value = value;
  best->parameters = parameters;
}

}  // namespace

template <class T>
std::size_t run(Optimizer<T>& optimizer, Objective<T>& objective, std::size_t steps, double* values,
                Best<T>* best, bool* more) {
  if (objective.is_stochastic()) best = nullptr;
  *more = true;
  std::size_t done = 0;
  double value = optimizer.value();
  // A point is copied only when the method leaves it for a higher one, and at the end.
  try {
    while (done < steps && *more) {
      *more = optimizer.step(objective);
      values[done] = optimizer.value();
      if (!(values[done] <= value)) offer(best, value, optimizer.previous());
      value = values[done++];
    }
  } catch (...) {
    offer(best, optimizer.value(), optimizer.parameters());
    throw;
  }
  offer(best, value, optimizer.parameters());
  return done;
}

template std::size_t run(Optimizer<float>&, Objective<float>&, std::size_t, double*, Best<float>*,
                         bool*);
template std::size_t run(Optimizer<double>&, Objective<double>&, std::size_t, double*,
                         Best<double>*, bool*);

}  // namespace kan
