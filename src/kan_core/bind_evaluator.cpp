#include "arrays.hpp"
#include "bindings.hpp"
#include "samples.hpp"

namespace kan_core {
namespace {

template <class T>
using TwoArrays = py::typing::Tuple<py::array_t<T>, py::array_t<T>>;

using Place = py::typing::Tuple<py::ssize_t, py::ssize_t>;

template <class T>
kan::Evaluator<T> evaluator(const kan::Network<T>& network, kan::Purpose purpose,
                            py::ssize_t rows) {
  kan::Evaluator<T> made(network, purpose, static_cast<std::size_t>(rows));
  made.set_interrupt(signal_interrupt());
  return made;
}

template <class T>
py::array_t<T> predict(const kan::Network<T>& network, const py::array& x) {
  const T* rows = input<T>(x, "x", {-1, network.architecture().inputs()});
  py::array_t<T> y = output<T>({x.shape(0), network.architecture().outputs()});
  T* result = y.mutable_data();
  const auto count = static_cast<std::size_t>(x.shape(0));
  kan::Evaluator<T> runner = evaluator(network, kan::Purpose::predict, x.shape(0));
  const py::gil_scoped_release released;  // pure C++ from here
  runner.predict(rows, count, result);
  return y;
}

/// predict(x) if x can be taken as it is: an array of this dtype, shape and order, all finite, for a
/// network that accepts every finite number. None otherwise; Python then says what is wrong.
template <class T>
py::typing::Optional<py::array_t<T>> predict_ready(const kan::Network<T>& network,
                                                   const py::object& x) {
  const bool plain = Py_TYPE(x.ptr()) == py::detail::npy_api::get().PyArray_Type_;
  if (!plain || !py::isinstance<py::array_t<T, py::array::c_style>>(x)) return py::none();
  const auto array = py::reinterpret_borrow<py::array>(x);
  const kan::Architecture& architecture = network.architecture();
  if (array.ndim() != 2 || array.shape(1) != architecture.inputs() ||
      architecture.extrapolation == kan::Extrapolation::error) {
    return py::none();
  }
  const auto* values = static_cast<const T*>(array.data());
  const auto count = static_cast<std::size_t>(array.size());
  constexpr std::size_t quick = std::size_t{1} << 16;  // not worth giving the GIL away
  std::size_t place = 0;
  if (count <= quick) {
    place = kan::first_nonfinite(values, count);
  } else {
    const py::gil_scoped_release released;
    place = kan::first_nonfinite(values, count);
  }
  if (place != count) return py::none();
  return predict(network, array);
}

template <class T>
py::array_t<T> activations(const kan::Network<T>& network, const py::array& x, std::size_t l) {
  const T* rows = input<T>(x, "x", {-1, network.architecture().inputs()});
  py::array_t<T> values = output<T>({x.shape(0), network.architecture().layers.at(l).inputs});
  T* result = values.mutable_data();
  const auto count = static_cast<std::size_t>(x.shape(0));
  kan::Evaluator<T> runner = evaluator(network, kan::Purpose::predict, x.shape(0));
  const py::gil_scoped_release released;
  runner.activations(rows, count, l, result);
  return values;
}

/// (low [I], high [I]) of the inputs of layer l.
template <class T>
TwoArrays<T> activation_range(const kan::Network<T>& network, const py::array& x, std::size_t l) {
  const T* rows = input<T>(x, "x", {-1, network.architecture().inputs()});
  const py::ssize_t inputs = network.architecture().layers.at(l).inputs;
  py::array_t<T> low = output<T>({inputs});
  py::array_t<T> high = output<T>({inputs});
  T* least = low.mutable_data();
  T* most = high.mutable_data();
  const auto count = static_cast<std::size_t>(x.shape(0));
  kan::Evaluator<T> runner = evaluator(network, kan::Purpose::predict, x.shape(0));
  {
    const py::gil_scoped_release released;
    runner.activation_range(rows, count, l, least, most);
  }
  return py::make_tuple(low, high);
}

template <class T>
double loss(const kan::Network<T>& network, const SampleArrays<T>& arrays,
            const std::string& name) {
  const kan::Loss kind = parse_loss(name);
  require_fit(network, arrays, kind);
  kan::Evaluator<T> runner =
      evaluator(network, kan::Purpose::predict, static_cast<py::ssize_t>(arrays.samples.count));
  const py::gil_scoped_release released;
  return runner.loss(arrays.samples, kind);
}

template <class T>
py::typing::Tuple<double, py::array_t<T>> loss_and_gradient(const kan::Network<T>& network,
                                                            const SampleArrays<T>& arrays,
                                                            const std::string& name) {
  const kan::Loss kind = parse_loss(name);
  require_fit(network, arrays, kind);
  py::array_t<T> gradient = output<T>({static_cast<py::ssize_t>(network.parameter_count())});
  T* result = gradient.mutable_data();
  kan::Evaluator<T> runner =
      evaluator(network, kan::Purpose::gradient, static_cast<py::ssize_t>(arrays.samples.count));
  double value = 0.0;
  {
    const py::gil_scoped_release released;
    value = runner.loss_and_gradient(arrays.samples, kind, result);
  }
  return py::make_tuple(value, gradient);
}

/// (gradient of the parameters [P], gradient of x [N, I]) of sum(grad_y * model(x)).
template <class T>
TwoArrays<T> pullback(const kan::Network<T>& network, const py::array& x, const py::array& grad_y) {
  const T* rows = input<T>(x, "x", {-1, network.architecture().inputs()});
  const T* seeds = input<T>(grad_y, "grad_y", {x.shape(0), network.architecture().outputs()});
  py::array_t<T> grad_parameters = output<T>({static_cast<py::ssize_t>(network.parameter_count())});
  py::array_t<T> grad_x = output<T>({x.shape(0), x.shape(1)});
  T* parameters_out = grad_parameters.mutable_data();
  T* x_out = grad_x.mutable_data();
  const auto count = static_cast<std::size_t>(x.shape(0));
  kan::Evaluator<T> runner = evaluator(network, kan::Purpose::gradient, x.shape(0));
  {
    const py::gil_scoped_release released;
    runner.pullback(rows, count, seeds, parameters_out, x_out);
  }
  return py::make_tuple(grad_parameters, grad_x);
}

template <class T>
void bind_evaluator_of(py::module_& m, const char* samples_name) {
  bind_samples<T>(m, samples_name);
  m.def("predict", &predict<T>, py::arg("network"), py::arg("x"));
  // A method, which is found without trying the other precision first: it is called for single rows.
  const auto type = py::type::of<kan::Network<T>>();
  py::reinterpret_borrow<py::class_<kan::Network<T>>>(type).def("predict_ready", &predict_ready<T>,
                                                                py::arg("x"));
  m.def("activations", &activations<T>, py::arg("network"), py::arg("x"), py::arg("layer"));
  m.def("activation_range", &activation_range<T>, py::arg("network"), py::arg("x"),
        py::arg("layer"));
  m.def("loss", &loss<T>, py::arg("network"), py::arg("samples"), py::arg("loss"));
  m.def("loss_and_gradient", &loss_and_gradient<T>, py::arg("network"), py::arg("samples"),
        py::arg("loss"));
  m.def("pullback", &pullback<T>, py::arg("network"), py::arg("x"), py::arg("grad_y"));
}

/// Row and column of the first value that is not finite, or None.
template <class T>
py::typing::Optional<Place> first_nonfinite(const py::array& values) {
  const T* data = input<T>(values, "values", {-1, -1});
  const py::ssize_t columns = values.shape(1);
  const py::ssize_t count = values.size();
  py::ssize_t at = 0;
  {
    const py::gil_scoped_release released;
    at = kan::first_nonfinite(data, static_cast<std::size_t>(count));
  }
  if (at == count) return py::none();
  return py::make_tuple(at / columns, at % columns);
}

}  // namespace

kan::Loss parse_loss(const std::string& name) {
  if (name == "mse") return kan::Loss::mse;
  if (name == "cross_entropy") return kan::Loss::cross_entropy;
  throw py::value_error("loss must be 'mse' or 'cross_entropy', got '" + name + "'");
}

void bind_evaluator(py::module_& m) {
  bind_evaluator_of<double>(m, "Samples64");  // the usual one is tried first
  bind_evaluator_of<float>(m, "Samples32");
  m.def(
      "first_nonfinite",
      [](const py::array& values) {
        return py::isinstance<py::array_t<float>>(values) ? first_nonfinite<float>(values)
                                                          : first_nonfinite<double>(values);
      },
      py::arg("values"));
}

}  // namespace kan_core
