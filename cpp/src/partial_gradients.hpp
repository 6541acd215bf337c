#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kan/buffer.hpp"
#include "parallel.hpp"

namespace kan {

/// A gradient that adds up in several places, part by part: the same sums for any number of threads.
template <class T>
class PartialGradients {
 public:
  /// Everything is 0; part 0 is the gradient [count] itself.
  void begin(std::size_t parts, T* gradient, std::size_t count) {
    parts_ = parts;
    count_ = count;
    gradient_ = gradient;
    std::fill_n(gradient, count, T(0));
    while (others_.size() + 1 < parts) others_.emplace_back(count);
    for (std::size_t part = 1; part < parts; ++part) {
      others_[part - 1].resize(count);
      std::fill(others_[part - 1].begin(), others_[part - 1].end(), T(0));
    }
  }

  T* part(std::size_t number) noexcept {
    return number == 0 ? gradient_ : others_[number - 1].data();
  }

  /// gradient += the parts 1 ... parts - 1, in this order.
  void add_up() {
    const double work = static_cast<double>(parts_ * count_);
    constexpr std::size_t block = 4096;
    parallel_stretches(count_, block, useful_threads(count_ / block + 1, work, thread_count()),
                       [&](std::size_t begin, std::size_t end) {
                         for (std::size_t number = 1; number < parts_; ++number) {
                           const T* own = part(number);
                           for (std::size_t p = begin; p < end; ++p) gradient_[p] += own[p];
                         }
                       });
  }

 private:
  std::size_t parts_ = 0, count_ = 0;
  T* gradient_ = nullptr;
  std::vector<Buffer<T>> others_;
};

}  // namespace kan
