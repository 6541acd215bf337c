#pragma once

#include <cstddef>

#include "kan/system.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace kan {

/// Multiply-adds below which opening a parallel region costs more than it brings: some five
/// microseconds of one thread.
constexpr double serial_work = 100000.0;

/// Makes fork() safe after a parallel region; cheap to call again.
void guard_against_fork() noexcept;

/// How many pieces of up to `size` make up `count`.
constexpr std::size_t pieces(std::size_t count, std::size_t size) noexcept {
  return (count + size - 1) / size;
}

/// How many of at most `threads` threads are worth it for `count` tasks of `work` multiply-adds.
inline int useful_threads(std::size_t count, double work, int threads) noexcept {
  const int most = count < static_cast<std::size_t>(threads) ? static_cast<int>(count) : threads;
  return work > serial_work ? most : 1;
}

/// f(i, worker) for i = 0 ... count - 1, each by one thread; `worker` < threads tells them apart.
/// f must not throw: no exception may leave a parallel region.
template <class F>
void parallel_for(std::size_t count, [[maybe_unused]] int threads, const F& f) noexcept {
  const auto last = static_cast<std::ptrdiff_t>(count);
#ifdef _OPENMP
  if (threads > 1) {
    guard_against_fork();
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (std::ptrdiff_t i = 0; i < last; ++i) f(static_cast<std::size_t>(i), omp_get_thread_num());
    return;
  }
#endif
  for (std::ptrdiff_t i = 0; i < last; ++i) f(static_cast<std::size_t>(i), 0);
}

/// f(begin, end) for stretches of 0 ... count, at most one per thread and whole blocks long. Of the
/// same count every thread gets the same stretch each time: what it wrote last is in its own cache.
template <class F>
void parallel_stretches(std::size_t count, std::size_t block, int threads, const F& f) noexcept {
  const std::size_t length =
      pieces(pieces(count, block), static_cast<std::size_t>(threads)) * block;
  if (length == 0) return;
  const auto stretches = static_cast<std::ptrdiff_t>(pieces(count, length));
  const auto stretch = [&](std::ptrdiff_t number) {
    const std::size_t begin = static_cast<std::size_t>(number) * length;
    f(begin, begin + length < count ? begin + length : count);
  };
#ifdef _OPENMP
  if (threads > 1) {
    guard_against_fork();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (std::ptrdiff_t number = 0; number < stretches; ++number) stretch(number);
    return;
  }
#endif
  for (std::ptrdiff_t number = 0; number < stretches; ++number) stretch(number);
}

/// f(begin, end) for stretches of `count` parameters, which take some ten multiply-adds each or move as
/// much memory: always the same stretches, whatever is done with them.
template <class F>
void parallel_parameters(std::size_t count, const F& f) noexcept {
  constexpr std::size_t block = 4096;
  const double work = 10.0 * static_cast<double>(count);
  parallel_stretches(count, block, useful_threads(count / block + 1, work, thread_count()), f);
}

}  // namespace kan
