#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/adam.hpp"
#include "kan/lbfgs.hpp"
#include "kan/levenberg_marquardt.hpp"
#include "samples.hpp"

namespace kan_core {
namespace {

/// The user's own function of the parameters: function(parameters [P]) -> (value, gradient [P]).
template <class T>
class FunctionObjective final : public kan::Objective<T> {
 public:
  using Function = py::typing::Callable<py::typing::Tuple<double, py::array>(py::array_t<T>)>;

  FunctionObjective(const kan::Network<T>& network, Function function)
      : network_(network), function_(std::move(function)) {}

  std::size_t parameter_count() const override { return network_.parameter_count(); }
  const std::uint8_t* trainable() const override { return network_.trainable().data(); }

  double evaluate(const T* parameters, T* gradient) override {
    const py::gil_scoped_acquire gil;
    const auto count = static_cast<py::ssize_t>(parameter_count());
    const py::tuple result = function_(py::array_t<T>(count, parameters));
    const T* computed = input<T>(result[1].cast<py::array>(), "gradient", {count});
    std::copy_n(computed, parameter_count(), gradient);
    return result[0].cast<double>();
  }

 private:
  const kan::Network<T>& network_;
  Function function_;
};

template <class T>
std::unique_ptr<kan::DataObjective<T>> make_data_objective(kan::Network<T>& network,
                                                           const SampleArrays<T>& arrays,
                                                           const std::string& loss,
                                                           std::size_t batch, std::uint64_t seed,
                                                           bool second_order,
                                                           std::optional<kan::Sparsity> sparsity) {
  const kan::Loss kind = parse_loss(loss);
  require_fit(network, arrays, kind);
  auto made = std::make_unique<kan::DataObjective<T>>(
      network, arrays.samples, kind, batch, seed,
      second_order ? kan::Order::second : kan::Order::first, sparsity);
  made->set_interrupt(signal_interrupt());
  return made;
}

/// Up to `steps` steps -> (values of the steps done, whether more can help).
template <class T>
py::typing::Tuple<py::array_t<double>, bool> run(kan::Optimizer<T>& optimizer,
                                                 kan::Objective<T>& objective, std::size_t steps,
                                                 kan::Best<T>& best) {
  std::vector<double> values(steps);
  std::size_t done = 0;
  bool more = true;
  {
    const py::gil_scoped_release released;  // objectives of Python functions take it back
    done = kan::run(optimizer, objective, steps, values.data(), &best, &more);
  }
  values.resize(done);
  return py::make_tuple(to_array(values), more);
}

template <class T>
void bind_optimizer_of(py::module_& m, const std::string& suffix) {
  using kan::AdamOptions;
  using kan::LbfgsOptions;
  using Optimizer = kan::Optimizer<T>;
  using Objective = kan::Objective<T>;
  const auto named = [&suffix](const char* name) { return name + suffix; };
  const auto parameters_of = [](const py::array& values) {
    return to_vector<T, kan::Buffer<T>>(values, "parameters", {-1});
  };

  py::class_<Objective>(m, named("Objective").c_str());
  py::class_<kan::DataObjective<T>, Objective>(m, named("DataObjective").c_str())
      .def(py::init(&make_data_objective<T>), py::arg("network"), py::arg("samples"),
           py::arg("loss"), py::arg("batch"), py::arg("seed"), py::arg("second_order"),
           py::arg("sparsity") = std::nullopt, py::keep_alive<1, 2>(), py::keep_alive<1, 3>());
  py::class_<FunctionObjective<T>, Objective>(m, named("FunctionObjective").c_str())
      .def(py::init<const kan::Network<T>&, typename FunctionObjective<T>::Function>(),
           py::arg("network"), py::arg("function"), py::keep_alive<1, 2>());

  py::class_<Optimizer>(m, named("Optimizer").c_str())
      .def(
          "reset",
          [parameters_of](Optimizer& self, const py::array& values) {
            self.reset(parameters_of(values));
          },
          py::arg("parameters"))
      .def_property_readonly("parameters",
                             [](const Optimizer& self) { return to_array(self.parameters()); })
      .def_property_readonly("value", &Optimizer::value);
  py::class_<kan::Adam<T>, Optimizer>(m, named("Adam").c_str())
      .def(py::init([parameters_of](const py::array& values, double rate, double decay) {
             AdamOptions options;
             options.learning_rate = rate;
             options.weight_decay = decay;
             return kan::Adam<T>(parameters_of(values), options);
           }),
           py::arg("parameters"), py::arg("learning_rate"), py::arg("weight_decay"));
  py::class_<kan::Lbfgs<T>, Optimizer>(m, named("Lbfgs").c_str())
      .def(py::init([parameters_of](const py::array& values, double rate) {
             LbfgsOptions options;
             options.learning_rate = rate;
             return kan::Lbfgs<T>(parameters_of(values), options);
           }),
           py::arg("parameters"), py::arg("learning_rate"));

  py::class_<kan::LevenbergMarquardt<T>, Optimizer>(m, named("LevenbergMarquardt").c_str())
      .def(py::init([parameters_of](const py::array& values, double damping, double ridge) {
             return kan::LevenbergMarquardt<T>(parameters_of(values), {damping, ridge});
           }),
           py::arg("parameters"), py::arg("damping"), py::arg("ridge"))
      .def_property_readonly("damping", &kan::LevenbergMarquardt<T>::damping);

  py::class_<kan::Best<T>>(m, named("Best").c_str())
      .def(py::init<>())
      .def_readonly("value", &kan::Best<T>::value)
      .def_property_readonly("parameters",
                             [](const kan::Best<T>& best) { return to_array(best.parameters); });
  m.def("run", &run<T>, py::arg("optimizer"), py::arg("objective"), py::arg("steps"),
        py::arg("best"));
}

}  // namespace

void bind_optimizer(py::module_& m) {
  bind_optimizer_of<float>(m, "32");
  bind_optimizer_of<double>(m, "64");
}

}  // namespace kan_core
