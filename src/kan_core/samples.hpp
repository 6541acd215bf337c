#pragma once

#include <string>

#include "arrays.hpp"
#include "kan/network.hpp"
#include "kan/samples.hpp"

namespace kan_core {

/// A view of training arrays together with the arrays that it needs alive.
template <class T>
struct SampleArrays {
  kan::Samples<T> samples;
  py::object x, y, labels, weight, index;
  py::ssize_t outputs;
};

/// Every index and label is checked, so that the core may trust them.
inline void check_range(const std::int64_t* values, py::ssize_t count, py::ssize_t end,
                        const char* name) {
  for (py::ssize_t n = 0; values != nullptr && n < count; ++n) {
    if (values[n] < 0 || values[n] >= end) {
      throw py::value_error(std::string(name) + " must be in 0.." + std::to_string(end - 1) +
                            ", got " + std::to_string(values[n]) + " at position " +
                            std::to_string(n));
    }
  }
}

/// y [N, O] or labels [N] in 0..classes-1; weight [N], index [any] or None.
template <class T>
SampleArrays<T> make_samples(const py::array& x, const OptionalArray& y,
                             const OptionalArray& labels, py::ssize_t classes,
                             const OptionalArray& weight, const OptionalArray& index) {
  SampleArrays<T> made{{}, x, y, labels, weight, index, classes};
  made.samples.x = input<T>(x, "x", {-1, -1});
  const py::ssize_t rows = x.shape(0);
  made.samples.y = optional_input<T>(y, "y", {rows, classes});
  made.samples.labels = optional_input<std::int64_t>(labels, "labels", {rows});
  made.samples.weight = optional_input<T>(weight, "weight", {rows});
  made.samples.index = optional_input<std::int64_t>(index, "index", {-1});
  check_range(made.samples.labels, rows, classes, "labels");
  const py::ssize_t count = index.is_none() ? rows : index.cast<py::array>().size();
  check_range(made.samples.index, count, rows, "index");
  made.samples.count = static_cast<std::size_t>(count);
  return made;
}

/// Throws: ValueError unless the samples are what this network and loss need.
template <class T>
void require_fit(const kan::Network<T>& network, const SampleArrays<T>& arrays, kan::Loss loss) {
  const bool labelled = loss == kan::Loss::cross_entropy;
  if (labelled ? arrays.samples.labels == nullptr : arrays.samples.y == nullptr) {
    throw py::value_error(labelled ? "this loss needs labels" : "this loss needs y");
  }
  if (arrays.x.template cast<py::array>().shape(1) != network.architecture().inputs() ||
      arrays.outputs != network.architecture().outputs()) {
    throw py::value_error("the samples must have the network's numbers of inputs and outputs");
  }
}

template <class T>
void bind_samples(py::module_& m, const char* name) {
  py::class_<SampleArrays<T>>(m, name)
      .def(py::init(&make_samples<T>), py::arg("x"), py::arg("y"), py::arg("labels"),
           py::arg("outputs"), py::arg("weight"), py::arg("index"))
      .def_property_readonly("count",
                             [](const SampleArrays<T>& self) { return self.samples.count; });
}

}  // namespace kan_core
