#include <pybind11/stl.h>

#include <stdexcept>
#include <string>

#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/network.hpp"

namespace kan_core {
namespace {

using Shape = std::vector<py::ssize_t>;

template <class T>
py::array_t<T> coefficients(const py::object& self, std::size_t l) {
  auto& network = self.cast<kan::Network<T>&>();
  const kan::Layer& layer = network.architecture().layers.at(l);
  return view(network.mutable_parameters() + network.offsets(l).coefficients,
              {layer.inputs, layer.rows(), layer.subnodes()}, self);
}

/// One of the four affine vectors of a layer.
template <class T>
py::array_t<T> affine(const py::object& self, std::size_t l, const std::string& which) {
  auto& network = self.cast<kan::Network<T>&>();
  const kan::Layer& layer = network.architecture().layers.at(l);
  if (!network.architecture().affine) throw py::value_error("the network has no affine parameters");
  const kan::LayerOffsets& at = network.offsets(l);
  T* data = network.mutable_parameters();
  if (which == "subnode_scale") return view(data + at.subnode_scale, {layer.subnodes()}, self);
  if (which == "subnode_bias") return view(data + at.subnode_bias, {layer.subnodes()}, self);
  if (which == "node_scale") return view(data + at.node_scale, {layer.nodes()}, self);
  if (which == "node_bias") return view(data + at.node_bias, {layer.nodes()}, self);
  throw py::value_error("unknown affine vector " + which);
}

/// alpha, beta, gamma and delta of the symbolic edges of a layer, [edges][4].
template <class T>
py::array_t<T> symbolic(const py::object& self, std::size_t l) {
  auto& network = self.cast<kan::Network<T>&>();
  const auto edges = static_cast<py::ssize_t>(network.architecture().layers.at(l).symbolic.size());
  return view(network.mutable_parameters() + network.offsets(l).symbolic,
              {edges, static_cast<py::ssize_t>(kan::EdgeAffine::count)}, self);
}

template <class T>
py::array_t<std::uint8_t> symbolic_trainable(const kan::Network<T>& network, std::size_t l) {
  const auto edges = static_cast<py::ssize_t>(network.architecture().layers.at(l).symbolic.size());
  return to_array(network.symbolic_trainable(l))
      .reshape({edges, static_cast<py::ssize_t>(kan::EdgeAffine::count)});
}

template <class T>
void set_symbolic_trainable(kan::Network<T>& network, std::size_t l, const py::array& trains) {
  const auto edges = static_cast<py::ssize_t>(network.architecture().layers.at(l).symbolic.size());
  network.set_symbolic_trainable(
      l, to_vector<std::uint8_t>(trains, "trains",
                                 {edges, static_cast<py::ssize_t>(kan::EdgeAffine::count)}));
}

template <class T>
py::array_t<T> knots(const kan::Network<T>& network, std::size_t l) {
  const kan::Layer& layer = network.architecture().layers.at(l);
  py::array_t<T> copy = to_array(network.grid(l).knots);
  return copy.reshape({layer.inputs, layer.knots()});
}

template <class T>
void set_knots(kan::Network<T>& network, std::size_t l, const py::array& knots) {
  const kan::Layer& layer = network.architecture().layers.at(l);
  network.set_knots(l, to_vector<T>(knots, "knots", {layer.inputs, layer.knots()}));
}

template <class T>
py::array_t<std::uint8_t> edge_mask(const kan::Network<T>& network, std::size_t l) {
  const kan::Layer& layer = network.architecture().layers.at(l);
  return to_array(network.edge_mask(l)).reshape({layer.inputs, layer.subnodes()});
}

template <class T>
void set_edge_mask(kan::Network<T>& network, std::size_t l, const py::array& mask) {
  const kan::Layer& layer = network.architecture().layers.at(l);
  network.set_edge_mask(
      l, to_vector<std::uint8_t>(mask, "edge mask", {layer.inputs, layer.subnodes()}));
}

/// Numbers, knots and masks of a network of the same shape; views of the parameters stay valid.
template <class T>
void assign(kan::Network<T>& network, const kan::Network<T>& other) {
  bool same =
      network.depth() == other.depth() && network.parameter_count() == other.parameter_count();
  for (std::size_t l = 0; same && l < network.depth(); ++l) {
    same = network.grid(l).knots.size() == other.grid(l).knots.size() &&
           network.edge_mask(l).size() == other.edge_mask(l).size() &&
           network.symbolic_trainable(l).size() == other.symbolic_trainable(l).size();
  }
  if (!same) throw py::value_error("other must have the same architecture");
  network = other;
}

template <class T>
void bind_network_of(py::module_& m, const char* name) {
  using Network = kan::Network<T>;
  py::class_<Network>(m, name)
      .def(py::init([](std::vector<kan::Layer> layers, kan::Base base,
                       kan::Extrapolation extrapolation, bool affine_,
                       std::vector<kan::Table> tables) {
             return Network({std::move(layers), base, extrapolation, affine_, std::move(tables)});
           }),
           py::arg("layers"), py::arg("base"), py::arg("extrapolation"), py::arg("affine"),
           py::arg("tables") = std::vector<kan::Table>{})
      .def("copy", [](const Network& self) { return Network(self); })
      .def("assign", &assign<T>, py::arg("other"))
      .def_property_readonly("dtype", [](const Network&) { return dtype_name<T>(); })
      .def_property_readonly("layers", [](const Network& n) { return n.architecture().layers; })
      .def_property_readonly("base", [](const Network& n) { return n.architecture().base; })
      .def_property_readonly("extrapolation",
                             [](const Network& n) { return n.architecture().extrapolation; })
      .def_property_readonly("affine_enabled",
                             [](const Network& n) { return n.architecture().affine; })
      .def_property_readonly("tables", [](const Network& n) { return n.architecture().tables; })
      .def_property_readonly("parameter_count", &Network::parameter_count)
      .def("parameters",
           [](const Network& n) {
             return py::array_t<T>(static_cast<py::ssize_t>(n.parameter_count()), n.parameters());
           })
      .def(
          "set_parameters",
          [](Network& n, const py::array& values) {
            const auto count = static_cast<py::ssize_t>(n.parameter_count());
            n.set_parameters(input<T>(values, "parameters", {count}));
          },
          py::arg("values"))
      .def("coefficients", &coefficients<T>, py::arg("layer"))
      .def("affine", &affine<T>, py::arg("layer"), py::arg("which"))
      .def("symbolic", &symbolic<T>, py::arg("layer"))
      .def("symbolic_trainable", &symbolic_trainable<T>, py::arg("layer"))
      .def("set_symbolic_trainable", &set_symbolic_trainable<T>, py::arg("layer"),
           py::arg("trains"))
      .def("knots", &knots<T>, py::arg("layer"))
      .def("set_knots", &set_knots<T>, py::arg("layer"), py::arg("knots"))
      .def("edge_mask", &edge_mask<T>, py::arg("layer"))
      .def("set_edge_mask", &set_edge_mask<T>, py::arg("layer"), py::arg("mask"))
      .def(
          "set_trainable",
          [](Network& n, bool coefficients_, bool base_weights, bool affine_) {
            n.set_trainable({coefficients_, base_weights, affine_});
          },
          py::arg("coefficients"), py::arg("base_weights"), py::arg("affine"))
      .def("trainable_groups",
           [](const Network& n) {
             const kan::Trainable groups = n.trainable_groups();
             return py::make_tuple(groups.coefficients, groups.base_weights, groups.affine);
           })
      .def("trainable", [](const Network& n) { return to_array(n.trainable()); });
}

}  // namespace

void bind_network(py::module_& m) {
  py::enum_<kan::Base>(m, "Base")
      .value("silu", kan::Base::silu)
      .value("identity", kan::Base::identity)
      .value("zero", kan::Base::zero);
  py::enum_<kan::Extrapolation>(m, "Extrapolation")
      .value("linear", kan::Extrapolation::linear)
      .value("clamp", kan::Extrapolation::clamp)
      .value("zero", kan::Extrapolation::zero)
      .value("polynomial", kan::Extrapolation::polynomial)
      .value("error", kan::Extrapolation::error);
  py::class_<kan::Layer>(m, "Layer")
      .def(py::init([](int inputs, int sums, std::vector<int> arities, int intervals, int degree,
                       std::vector<kan::SymbolicEdge> edges) {
             return kan::Layer{inputs,    sums,   std::move(arities),
                               intervals, degree, std::move(edges)};
           }),
           py::arg("inputs"), py::arg("sums"), py::arg("arities"), py::arg("intervals"),
           py::arg("degree"), py::arg("symbolic") = std::vector<kan::SymbolicEdge>{})
      .def_readonly("symbolic", &kan::Layer::symbolic)
      .def_readonly("inputs", &kan::Layer::inputs)
      .def_readonly("sums", &kan::Layer::sums)
      .def_readonly("arities", &kan::Layer::arities)
      .def_readonly("intervals", &kan::Layer::intervals)
      .def_readonly("degree", &kan::Layer::degree)
      .def_property_readonly("subnodes", &kan::Layer::subnodes)
      .def_property_readonly("nodes", &kan::Layer::nodes);
  bind_network_of<float>(m, "Network32");
  bind_network_of<double>(m, "Network64");
}

}  // namespace kan_core
