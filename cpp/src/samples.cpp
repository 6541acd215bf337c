#include "kan/samples.hpp"

#include <algorithm>
#include <cmath>

namespace kan {

template <class T>
std::size_t first_nonfinite(const T* values, std::size_t count) noexcept {
  constexpr std::size_t block = 1024;
  for (std::size_t begin = 0; begin < count; begin += block) {
    const std::size_t end = std::min(begin + block, count);
    int wrong = 0;  // 0 * x is 0 for finite x, NaN otherwise
    for (std::size_t n = begin; n < end; ++n) {
      wrong |= static_cast<int>(T(0) * values[n] != T(0));
    }
    if (wrong == 0) continue;
    for (std::size_t n = begin; n < end; ++n) {
      if (!std::isfinite(values[n])) return n;
    }
  }
  return count;
}

template std::size_t first_nonfinite(const float*, std::size_t) noexcept;
template std::size_t first_nonfinite(const double*, std::size_t) noexcept;

}  // namespace kan
