#include "kan/optimizer.hpp"

namespace kan {

template <class T>
std::size_t run(Optimizer<T>& optimizer, Objective<T>& objective, std::size_t steps, double* values,
                Best<T>* best, bool* more) {
  *more = true;
  for (std::size_t s = 0; s < steps; ++s) {
    *more = optimizer.step(objective);
    values[s] = optimizer.value();
    if (best != nullptr && values[s] < best->value) {
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
