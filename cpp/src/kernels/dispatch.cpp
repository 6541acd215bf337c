#include "kernels/dispatch.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace kan::kernels {
namespace {

template <class T>
struct Candidate {
  const Kernels<T>* kernels;
  bool runs_here;
};

#if defined(__x86_64__) && defined(__GNUC__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

/// Best last.
template <class T>
std::vector<Candidate<T>> candidates() {
  return {
      {&reference<T>(), true},
      {&baseline<T>(), true},
#if defined(__x86_64__) && defined(__GNUC__)
      {&avx2<T>(), has_avx2()},
      {&avx512<T>(), has_avx512()},
#endif
  };
}

template <class T>
const Kernels<T>& choose() {
  const std::vector<const Kernels<T>*> usable = available<T>();
  const char* wanted = std::getenv("KAN_ISA");
  if (wanted == nullptr || *wanted == '\0') return *usable.back();
  std::string names;
  for (const Kernels<T>* kernels : usable) {
    if (std::strcmp(kernels->name, wanted) == 0) return *kernels;
    names += (names.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw std::invalid_argument("the environment variable KAN_ISA must be one of " + names +
                              " on this machine, got " + wanted);
}

}  // namespace

template <class T>
std::vector<const Kernels<T>*> available() {
  std::vector<const Kernels<T>*> usable;
  for (const Candidate<T>& candidate : candidates<T>()) {
    if (candidate.runs_here) usable.push_back(candidate.kernels);
  }
  return usable;
}

template <class T>
const Kernels<T>& active() {
  static const Kernels<T>& chosen = choose<T>();
  return chosen;
}

template std::vector<const Kernels<float>*> available();
template std::vector<const Kernels<double>*> available();
template const Kernels<float>& active();
template const Kernels<double>& active();

}  // namespace kan::kernels
