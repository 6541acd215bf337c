#include "bindings.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "The compiled core of kan: arrays in, arrays out.";
  kan_core::bind_errors(m);
  kan_core::bind_system(m);
  kan_core::bind_basis(m);
  kan_core::bind_symbolic(m);
  kan_core::bind_network(m);
  kan_core::bind_evaluator(m);
  kan_core::bind_sparsity(m);
  kan_core::bind_optimizer(m);
  kan_core::bind_jet(m);
  kan_core::bind_files(m);
}
