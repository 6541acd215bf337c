#include <pybind11/stl.h>

#include <string>

#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/symbolic.hpp"

namespace kan_core {
namespace {

kan::Function parse_function(const std::string& name) {
  const auto function = kan::function_named(name);
  if (!function) throw py::value_error("there is no function '" + name + "'");
  return *function;
}

/// Values and derivatives [order + 1][N] of a function or a table at u [N].
template <class Of>
py::array_t<double> values_of(const Of& of, const py::array& u, int order) {
  const double* points = input<double>(u, "u", {-1});
  if (order < 0 || order > kan::max_order) throw py::value_error("order must be in 0..4");
  const py::ssize_t count = u.size();
  py::array_t<double> result = output<double>({order + 1, count});
  double* out = result.mutable_data();
  double own[kan::max_order + 1];
  for (py::ssize_t n = 0; n < count; ++n) {
    kan::function_values(of, points[n], order, own);
    for (int d = 0; d <= order; ++d) out[d * count + n] = own[d];
  }
  return result;
}

}  // namespace

void bind_symbolic(py::module_& m) {
  py::class_<kan::SymbolicEdge>(m, "SymbolicEdge")
      .def(py::init([](int input, int sum, const std::string& function, int table) {
             return kan::SymbolicEdge{input, sum, parse_function(function), table};
           }),
           py::arg("input"), py::arg("sum"), py::arg("function"), py::arg("table") = 0)
      .def_readonly("input", &kan::SymbolicEdge::input)
      .def_readonly("sum", &kan::SymbolicEdge::sum)
      .def_readonly("table", &kan::SymbolicEdge::table)
      .def_property_readonly("function", [](const kan::SymbolicEdge& edge) {
        return std::string(kan::function_name(edge.function));
      });
  py::class_<kan::Table>(m, "Table")
      .def(py::init([](std::string name, double low, double high, const py::array& coefficients) {
             return kan::Table{std::move(name), low, high,
                               to_vector<double>(coefficients, "coefficients", {-1})};
           }),
           py::arg("name"), py::arg("low"), py::arg("high"), py::arg("coefficients"))
      .def_readonly("name", &kan::Table::name)
      .def_readonly("low", &kan::Table::low)
      .def_readonly("high", &kan::Table::high)
      .def_property_readonly("coefficients",
                             [](const kan::Table& table) { return to_array(table.coefficients); })
      .def(
          "values",
          [](const kan::Table& table, const py::array& u, int order) {
            return values_of(table, u, order);
          },
          py::arg("u"), py::arg("order") = 0);
  m.def(
      "function_values",
      [](const std::string& name, const py::array& u, int order) {
        return values_of(parse_function(name), u, order);
      },
      py::arg("name"), py::arg("u"), py::arg("order") = 0);
  m.def("function_names", [] {
    std::vector<std::string> names;
    for (int n = 0; n < kan::function_count; ++n) {
      names.emplace_back(kan::function_name(static_cast<kan::Function>(n)));
    }
    return names;
  });
}

}  // namespace kan_core
