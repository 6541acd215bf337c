#include "kan/system.hpp"

#include <atomic>
#include <stdexcept>
#include <string>

#include "kernels/dispatch.hpp"
#include "parallel.hpp"

#ifdef _OPENMP
#include <omp.h>
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif
#endif

namespace kan {
namespace {

std::atomic<int>& count_setting() {
  static std::atomic<int> count{available_threads()};
  return count;
}

}  // namespace

int available_threads() noexcept {
#ifdef _OPENMP
  const int processors = omp_get_num_procs();
  const int wanted = omp_get_max_threads();
  return wanted < processors ? wanted : processors;
#else
  return 1;
#endif
}

int thread_count() noexcept { return count_setting().load(std::memory_order_relaxed); }

void set_thread_count(int count) {
  if (count < 1) {
    throw std::invalid_argument("the number of threads must be at least 1, got " +
                                std::to_string(count));
  }
  count_setting().store(count, std::memory_order_relaxed);
}

bool has_openmp() noexcept {
#ifdef _OPENMP
  return true;
#else
  return false;
#endif
}

const char* instruction_set() { return kernels::active<double>().name; }

void guard_against_fork() noexcept {
#if defined(_OPENMP) && (defined(__unix__) || defined(__APPLE__))
  // A forked child inherits the record of a thread pool but not its threads, and the first parallel
  // region there would wait for them for ever. Giving the pool up before each fork prevents it.
  static const int registered = pthread_atfork(
      [] {
        if (omp_in_parallel() == 0) omp_pause_resource_all(omp_pause_hard);
      },
      nullptr, nullptr);
  static_cast<void>(registered);
#endif
}

}  // namespace kan
