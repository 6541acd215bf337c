#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kan/buffer.hpp"
#include "parallel.hpp"

namespace kan {

/// A gradient that adds up in several places, part by part: the same sums for any number of threads.
template <class T>
class PartialGradients {
 public:
  /// Part 0 is the gradient [count] itself.
  void begin(std::size_t parts, T* gradient, std::size_t count) {
    parts_ = parts;
    count_ = count;
    gradient_ = gradient;
    while (others_.size() + 1 < parts) others_.emplace_back(count);
    for (std::size_t part = 1; part < parts; ++part) others_[part - 1].resize(count);
    begun_.assign(parts, 0);
  }

  /// 0 when first asked for, by the thread that adds to it. Different parts may be asked for at once.
  T* part(std::size_t number) noexcept {
    if (begun_[number] == 0) std::fill_n(place(number), count_, T(0));
    begun_[number] = 1;
    return place(number);
  }

  /// gradient += the parts 1 ... parts - 1, in this order.
  void add_up() {
    part(0);
    parallel_parameters(count_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t number = 1; number < parts_; ++number) {
        if (begun_[number] == 0) continue;
        const T* own = place(number);
        for (std::size_t p = begin; p < end; ++p) gradient_[p] += own[p];
      }
    });
  }

 private:
  T* place(std::size_t number) noexcept {
    return number == 0 ? gradient_ : others_[number - 1].data();
  }

  std::size_t parts_ = 0, count_ = 0;
  T* gradient_ = nullptr;
  std::vector<Buffer<T>> others_;
  std::vector<std::uint8_t> begun_;
};

}  // namespace kan
