#pragma once

#include <cstddef>

#include "kan/system.hpp"

namespace kan {

/// Multiply-adds below which opening a parallel region costs more than it brings: some ten
/// microseconds of one thread.
constexpr double serial_work = 200000.0;

/// Makes fork() safe after a parallel region; cheap to call again.
void guard_against_fork() noexcept;

/// f(0) ... f(count - 1), each by one thread; `work` is the total in multiply-adds.
/// f must not throw: no exception may leave a parallel region.
template <class F>
void parallel_for(std::size_t count, [[maybe_unused]] double work, const F& f) noexcept {
  const auto last = static_cast<std::ptrdiff_t>(count);
#ifdef _OPENMP
  const int allowed = thread_count();
  if (allowed > 1 && last > 1 && work > serial_work) {
    guard_against_fork();
    const int threads = last < allowed ? static_cast<int>(last) : allowed;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::ptrdiff_t i = 0; i < last; ++i) f(static_cast<std::size_t>(i));
    return;
  }
#endif
  for (std::ptrdiff_t i = 0; i < last; ++i) f(static_cast<std::size_t>(i));
}

}  // namespace kan
