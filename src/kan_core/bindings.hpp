#pragma once

#include <pybind11/pybind11.h>

#include "kan/evaluator.hpp"

namespace kan_core {

namespace py = pybind11;

void bind_errors(py::module_& m);
void bind_system(py::module_& m);
void bind_basis(py::module_& m);
void bind_symbolic(py::module_& m);
void bind_network(py::module_& m);
void bind_evaluator(py::module_& m);
void bind_sparsity(py::module_& m);
void bind_optimizer(py::module_& m);
void bind_jet(py::module_& m);
void bind_files(py::module_& m);

/// Looks for a pending Ctrl-C every 20 milliseconds. To be asked with the GIL released.
kan::Interrupt signal_interrupt();

kan::Loss parse_loss(const std::string& name);

}  // namespace kan_core
