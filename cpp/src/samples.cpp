#include "kan/samples.hpp"

#include <algorithm>
#include <cmath>

namespace kan {

template <class T>
std::size_t first_nonfinite(const T* values, std::size_t count) noexcept {
  constexpr std::size_t block = 1024;
  for (std::size_t begin = 0; begin < count; begin += block) {
    const std::size_t end = std::min(begin + block, count);
    T sum = T(0);  // 0 * x is 0 for finite x, NaN otherwise: one comparison a block
    for (std::size_t n = begin; n < end; ++n) sum += T(0) * values[n];
    if (sum == T(0)) continue;
    for (std::size_t n = begin; n < end; ++n) {
      if (!std::isfinite(values[n])) return n;
    }
  }
  return count;
}

template std::size_t first_nonfinite(const float*, std::size_t) noexcept;
template std::size_t first_nonfinite(const double*, std::size_t) noexcept;

}  // namespace kan
