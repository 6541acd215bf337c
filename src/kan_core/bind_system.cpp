#include "bindings.hpp"
#include "kan/system.hpp"
#include "kan/version.hpp"

namespace kan_core {
namespace {

const char* compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#elif defined(__GNUC__)
  return "GCC " __VERSION__;
#else
  return "unknown";
#endif
}

}  // namespace

void bind_system(py::module_& m) {
  m.attr("__version__") = kan::version;
  m.def("num_threads", &kan::thread_count);
  m.def("available_threads", &kan::available_threads);
  m.def("set_num_threads", &kan::set_thread_count, py::arg("count"));
  m.def("has_openmp", &kan::has_openmp);
  m.def("instruction_set", &kan::instruction_set);
  m.def("compiler", &compiler);
}

}  // namespace kan_core
