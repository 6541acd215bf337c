#include <chrono>
#include <string>
#include <system_error>

#include "bindings.hpp"
#include "kan/errors.hpp"

namespace kan_core {
namespace {

void set_os_error(const std::system_error& error) {
  const py::object arguments = py::make_tuple(error.code().value(), error.what());
  PyErr_SetObject(PyExc_OSError, arguments.ptr());
}

}  // namespace

void bind_errors(py::module_& m) {
  auto& format_error = py::register_exception<kan::FormatError>(m, "FormatError", PyExc_ValueError);
  format_error.doc() = "A file that is not what it claims to be; the message says why.";
  format_error.attr("__module__") = "kan";
  py::register_exception_translator([](std::exception_ptr pending) {
    try {
      if (pending) std::rethrow_exception(pending);
    } catch (const kan::Interrupted&) {
      // The signal handler has already set the exception that it wants to be raised.
      if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
    } catch (const std::system_error& error) {
      set_os_error(error);
    }
  });
}

kan::Interrupt signal_interrupt() {
  using Clock = std::chrono::steady_clock;
  return [last = Clock::now()]() mutable {
    const Clock::time_point now = Clock::now();
    if (now - last < std::chrono::milliseconds(20)) return false;
    last = now;
    const py::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
  };
}

}  // namespace kan_core
