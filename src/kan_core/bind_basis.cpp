#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/basis.hpp"

namespace kan_core {
namespace {

/// (cells [N], values [N, order + 1, k + 1]) for knots [G + 1 + 2k] and points x [N].
template <class T>
py::typing::Tuple<py::array_t<int>, py::array_t<T>> basis(const py::array& knots, int degree,
                                                          const py::array& x, int order) {
  const T* t = input<T>(knots, "knots", {-1});
  const T* points = input<T>(x, "x", {-1});
  const auto intervals = static_cast<int>(knots.size()) - 1 - 2 * degree;
  if (degree < 0 || degree > kan::max_degree) throw py::value_error("degree must be in 0..5");
  if (order < 0 || order > kan::max_order) throw py::value_error("order must be in 0..4");
  if (intervals < 1) throw py::value_error("knots must be at least 2 k + 2");
  const py::ssize_t count = x.size();
  py::array_t<int> cells = output<int>({count});
  py::array_t<T> values = output<T>({count, order + 1, degree + 1});
  for (py::ssize_t n = 0; n < count; ++n) {
    const int cell = kan::find_cell(t, intervals, degree, points[n]);
    cells.mutable_data()[n] = cell;
    kan::basis_functions(t, degree, cell, points[n], order,
                         values.mutable_data() + n * (order + 1) * (degree + 1));
  }
  return py::make_tuple(cells, values);
}

}  // namespace

void bind_basis(py::module_& m) {
  m.def("basis32", &basis<float>, py::arg("knots"), py::arg("degree"), py::arg("x"),
        py::arg("order"));
  m.def("basis64", &basis<double>, py::arg("knots"), py::arg("degree"), py::arg("x"),
        py::arg("order"));
}

}  // namespace kan_core
