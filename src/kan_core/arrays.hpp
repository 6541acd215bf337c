#pragma once

// The one place where NumPy arrays and C++ buffers meet. Nothing is converted in silence: an array
// of another dtype, order or shape is refused.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/typing.h>

#include <cstddef>
#include <string>
#include <vector>

namespace kan_core {

namespace py = pybind11;

using OptionalArray = py::typing::Optional<py::array>;

/// "float64" and so on, as NumPy calls the type.
template <class T>
std::string dtype_name() {
  return py::str(py::dtype::of<T>());
}

inline std::string shape_text(const std::vector<py::ssize_t>& shape) {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size(); ++d) {
    text += (d > 0 ? ", " : "") + (shape[d] < 0 ? std::string("N") : std::to_string(shape[d]));
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// The data of a C-contiguous array of dtype T and this shape (-1: any length).
/// Throws: TypeError on another dtype, ValueError on another shape or order, naming the argument.
template <class T>
const T* input(const py::array& array, const char* name, const std::vector<py::ssize_t>& shape) {
  if (!py::isinstance<py::array_t<T>>(array)) {
    throw py::type_error(std::string(name) + " must have dtype " + dtype_name<T>() + ", got " +
                         std::string(py::str(array.dtype())));
  }
  const std::vector<py::ssize_t> got(array.shape(), array.shape() + array.ndim());
  bool same = got.size() == shape.size();
  for (std::size_t d = 0; same && d < shape.size(); ++d) {
    same = shape[d] < 0 || shape[d] == got[d];
  }
  if (!same) {
    throw py::value_error(std::string(name) + " must have shape " + shape_text(shape) + ", got " +
                          shape_text(got));
  }
  if ((array.flags() & py::array::c_style) == 0) {
    throw py::value_error(std::string(name) + " must be C-contiguous");
  }
  return static_cast<const T*>(array.data());
}

/// As `input`, or null for None.
template <class T>
const T* optional_input(const OptionalArray& array, const char* name,
                        const std::vector<py::ssize_t>& shape) {
  return array.is_none() ? nullptr : input<T>(array.cast<py::array>(), name, shape);
}

/// A new array of this shape, not yet filled.
template <class T>
py::array_t<T> output(const std::vector<py::ssize_t>& shape) {
  return py::array_t<T>(shape);
}

/// A writable view of memory that `owner` keeps alive.
template <class T>
py::array_t<T> view(T* data, const std::vector<py::ssize_t>& shape, const py::handle& owner) {
  return py::array_t<T>(shape, data, owner);
}

template <class T, class Values = std::vector<T>>
Values to_vector(const py::array& array, const char* name, const std::vector<py::ssize_t>& shape) {
  const T* data = input<T>(array, name, shape);
  return Values(data, data + array.size());
}

template <class T, class Allocator>
py::array_t<T> to_array(const std::vector<T, Allocator>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

}  // namespace kan_core
