#pragma once

// One step of Adam over a stretch of parameters, in one pass. Internal linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/activation.hpp"
#include "kernels/kernels.hpp"

namespace kan::kernels {
namespace {

template <bool some_fixed, class T>
bool adam_pass(const AdamRates<T>& rates, std::size_t count, const std::uint8_t* trainable,
               const T* __restrict gradient, const T* __restrict parameters, T* __restrict first,
               T* __restrict second, T* __restrict updated) {
  constexpr std::size_t block = 512;
  bool finite = true;
  for (std::size_t begin = 0; begin < count; begin += block) {
    const std::size_t end = begin + block < count ? begin + block : count;
    for (std::size_t p = begin; p < end; ++p) {
      const T g = gradient[p];
      first[p] = rates.beta1 * first[p] + (T(1) - rates.beta1) * g;
      second[p] = rates.beta2 * second[p] + (T(1) - rates.beta2) * (g * g);
      const T keep = some_fixed && trainable[p] == 0 ? T(1) : rates.keep;
      updated[p] = parameters[p] * keep -
                   rates.step * first[p] / (square_root(second[p]) * rates.bias2 + rates.epsilon);
    }
    int wrong = 0;  // 0 * x is 0 for finite x, NaN otherwise
    for (std::size_t p = begin; p < end; ++p) {
      wrong |= static_cast<int>(T(0) * updated[p] != T(0));
    }
    finite = finite && wrong == 0;
  }
  return finite;
}

template <class T>
bool adam(const AdamRates<T>& rates, std::size_t count, const std::uint8_t* trainable,
          const T* gradient, const T* parameters, T* first, T* second, T* updated) {
  const bool some_fixed = trainable != nullptr && rates.keep != T(1);
  return some_fixed ? adam_pass<true>(rates, count, trainable, gradient, parameters, first, second,
                                      updated)
                    : adam_pass<false>(rates, count, trainable, gradient, parameters, first, second,
                                       updated);
}

}  // namespace
}  // namespace kan::kernels
