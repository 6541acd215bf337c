#include <cstdlib>
#include <cstring>

#include "kernels/kernels.hpp"

namespace kan::kernels {

template <class T>
const Kernels<T>& active() {
  static const Kernels<T>& chosen = []() -> const Kernels<T>& {
    const char* wanted = std::getenv("KAN_ISA");
    return wanted != nullptr && std::strcmp(wanted, "reference") == 0 ? reference<T>()
                                                                      : portable<T>();
  }();
  return chosen;
}

template const Kernels<float>& active();
template const Kernels<double>& active();

}  // namespace kan::kernels
