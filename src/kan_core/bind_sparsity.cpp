#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/evaluator.hpp"
#include "kan/sparsity.hpp"
#include "samples.hpp"

namespace kan_core {
namespace {

using Doubles = py::array_t<double>;

kan::SizeMetric parse_metric(const std::string& name) {
  using kan::SizeMetric;
  if (name == "edge_forward_spline_n") return SizeMetric::edge_forward_spline_n;
  if (name == "edge_forward_spline_u") return SizeMetric::edge_forward_spline_u;
  if (name == "edge_forward_sum") return SizeMetric::edge_forward_sum;
  if (name == "edge_backward") return SizeMetric::edge_backward;
  if (name == "node_backward") return SizeMetric::node_backward;
  throw py::value_error("there is no reg_metric '" + name + "'");
}

Doubles matrix(const kan::Buffer<double>& values, int columns) {
  const auto width = static_cast<py::ssize_t>(columns);
  return to_array(values).reshape({static_cast<py::ssize_t>(values.size()) / width, width});
}

/// The statistics of the layers of a network on rows x.
template <class T>
std::vector<kan::LayerStatistics> statistics(const kan::Network<T>& network, const py::array& x) {
  const T* rows = input<T>(x, "x", {-1, network.architecture().inputs()});
  const auto count = static_cast<std::size_t>(x.shape(0));
  kan::Evaluator<T> runner(network, kan::Purpose::statistics, count);
  runner.set_interrupt(signal_interrupt());
  const py::gil_scoped_release released;
  return runner.statistics(rows, count);
}

using Lists = py::typing::Tuple<std::vector<Doubles>, std::vector<Doubles>, std::vector<Doubles>>;

/// Scores of (edges [I][S], subnodes [S], nodes) layer by layer, up to as many layers as there are
/// statistics; the nodes begin with the inputs.
template <class T>
Lists edge_scores(const kan::Network<T>& network,
                  const std::vector<kan::LayerStatistics>& statistics,
                  const std::vector<double>& output_scores) {
  const auto& layers = network.architecture().layers;
  if (statistics.empty() || statistics.size() > layers.size()) {
    throw py::value_error("statistics must be those of the first layers");
  }
  if (output_scores.size() != static_cast<std::size_t>(layers[statistics.size() - 1].nodes())) {
    throw py::value_error("output_scores must have one number for every node");
  }
  const kan::Scores scores = kan::edge_scores(network.architecture(), statistics, output_scores);
  std::vector<Doubles> edges, subnodes, nodes;
  for (std::size_t l = 0; l < statistics.size(); ++l) {
    edges.push_back(matrix(scores.edges[l], layers[l].subnodes()));
    subnodes.push_back(to_array(scores.subnodes[l]));
  }
  for (const kan::Buffer<double>& own : scores.nodes) nodes.push_back(to_array(own));
  return py::make_tuple(edges, subnodes, nodes);
}

template <class T>
double regularity(const kan::Network<T>& network, const SampleArrays<T>& arrays,
                  const kan::Sparsity& sparsity) {
  kan::Evaluator<T> runner(network, kan::Purpose::statistics, arrays.samples.count);
  runner.set_interrupt(signal_interrupt());
  const py::gil_scoped_release released;
  return runner.regularity(arrays.samples, sparsity);
}

template <class T>
py::typing::Tuple<double, py::array_t<T>> sparse_loss_and_gradient(const kan::Network<T>& network,
                                                                   const SampleArrays<T>& arrays,
                                                                   const std::string& name,
                                                                   const kan::Sparsity& sparsity) {
  const kan::Loss kind = parse_loss(name);
  require_fit(network, arrays, kind);
  py::array_t<T> gradient = output<T>({static_cast<py::ssize_t>(network.parameter_count())});
  T* result = gradient.mutable_data();
  kan::Evaluator<T> runner(network, kan::Purpose::statistics, arrays.samples.count);
  runner.set_interrupt(signal_interrupt());
  double value = 0.0;
  {
    const py::gil_scoped_release released;
    value = runner.sparse_loss_and_gradient(arrays.samples, kind, sparsity, result);
  }
  return py::make_tuple(value, gradient);
}

template <class T>
void bind_sparsity_of(py::module_& m) {
  m.def("statistics", &statistics<T>, py::arg("network"), py::arg("x"));
  m.def("edge_scores", &edge_scores<T>, py::arg("network"), py::arg("statistics"),
        py::arg("output_scores"));
  m.def("regularity", &regularity<T>, py::arg("network"), py::arg("samples"), py::arg("sparsity"));
  m.def("sparse_loss_and_gradient", &sparse_loss_and_gradient<T>, py::arg("network"),
        py::arg("samples"), py::arg("loss"), py::arg("sparsity"));
}

}  // namespace

void bind_sparsity(py::module_& m) {
  py::class_<kan::Sparsity>(m, "Sparsity")
      .def(py::init([](const std::string& metric, double lamb, double l1, double entropy,
                       double coef, double coefdiff) {
             return kan::Sparsity{parse_metric(metric), lamb, l1, entropy, coef, coefdiff};
           }),
           py::arg("metric"), py::arg("lamb"), py::arg("l1"), py::arg("entropy"), py::arg("coef"),
           py::arg("coefdiff"))
      .def_readonly("lamb", &kan::Sparsity::lamb);
  py::class_<kan::LayerStatistics>(m, "LayerStatistics")
      .def_property_readonly("input",
                             [](const kan::LayerStatistics& own) { return to_array(own.input); })
      .def_property_readonly("spline",
                             [](const kan::LayerStatistics& own) {
                               return matrix(own.spline, static_cast<int>(own.sum.size()));
                             })
      .def_property_readonly("edge",
                             [](const kan::LayerStatistics& own) {
                               return matrix(own.edge, static_cast<int>(own.sum.size()));
                             })
      .def_property_readonly("sum",
                             [](const kan::LayerStatistics& own) { return to_array(own.sum); });
  bind_sparsity_of<double>(m);
  bind_sparsity_of<float>(m);
}

}  // namespace kan_core
