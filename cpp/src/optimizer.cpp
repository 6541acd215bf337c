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

template <class T>
std::size_t run(Optimizer<T>& optimizer, Objective<T>& objective, std::size_t steps, double* values,
                Best<T>* best, bool* more) {
  *more = true;
  for (std::size_t s = 0; s < steps; ++s) {
    *more = optimizer.step(objective);
    values[s] = optimizer.value();
    if (best != nullptr && !objective.is_stochastic() && values[s] < best->value) {
      best->value = values[s];
      best->parameters = optimizer.parameters();
    }
    if (!*more) return s + 1;
  }
  return steps;
}

template std::size_t run(Optimizer<float>&, Objective<float>&, std::size_t, double*, Best<float>*,
                         bool*);
template std::size_t run(Optimizer<double>&, Objective<double>&, std::size_t, double*,
                         Best<double>*, bool*);

}  // namespace kan
