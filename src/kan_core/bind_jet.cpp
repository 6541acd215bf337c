#include <pybind11/stl.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "kan/errors.hpp"
#include "kan/jet.hpp"
#include "kan/objective.hpp"

namespace kan_core {
namespace {

/// A JetEvaluator with the network that it needs.
template <class T>
struct Jets {
  const kan::Network<T>& network;
  kan::JetEvaluator<T> evaluator;
  std::mutex in_use;  // an evaluator serves one thread at a time; taken without the GIL

  Jets(const kan::Network<T>& network_, int order) : network(network_), evaluator(network_, order) {
    evaluator.set_interrupt(signal_interrupt());
  }

  /// A flat parameter vector, or null for the network's own.
  const T* parameters_or_null(const OptionalArray& parameters) const {
    return optional_input<T>(parameters, "parameters",
                             {static_cast<py::ssize_t>(network.parameter_count())});
  }

  py::ssize_t places() const { return static_cast<py::ssize_t>(evaluator.shape().size()); }

  std::vector<std::vector<int>> derivatives() const {
    std::vector<std::vector<int>> all;
    for (std::size_t p = 0; p < evaluator.shape().size(); ++p) {
      const kan::Derivative& one = evaluator.shape()[p];
      all.emplace_back(one.inputs.begin(), one.inputs.begin() + one.order);
    }
    return all;
  }

  /// Jets (places, N, O) of points x (N, I).
  py::array_t<T> jets(const py::array& x, const OptionalArray& parameters) {
    const T* points = input<T>(x, "x", {-1, network.architecture().inputs()});
    const T* at = parameters_or_null(parameters);
    py::array_t<T> result = output<T>({places(), x.shape(0), network.architecture().outputs()});
    T* to = result.mutable_data();
    const auto rows = static_cast<std::size_t>(x.shape(0));
    const py::gil_scoped_release released;
    const std::lock_guard<std::mutex> alone(in_use);
    evaluator.jets(points, rows, to, at);
    return result;
  }

  /// (gradient of the parameters [P], gradient of x (N, I)) of sum(grad_jets * jets).
  py::typing::Tuple<py::array_t<T>, py::array_t<T>> pullback(const py::array& x,
                                                             const py::array& grad_jets,
                                                             const OptionalArray& parameters) {
    const T* points = input<T>(x, "x", {-1, network.architecture().inputs()});
    const T* seeds =
        input<T>(grad_jets, "grad_jets", {places(), x.shape(0), network.architecture().outputs()});
    const T* at = parameters_or_null(parameters);
    py::array_t<T> of_parameters = output<T>({static_cast<py::ssize_t>(network.parameter_count())});
    py::array_t<T> of_x = output<T>({x.shape(0), x.shape(1)});
    T* to_parameters = of_parameters.mutable_data();
    T* to_x = of_x.mutable_data();
    const auto rows = static_cast<std::size_t>(x.shape(0));
    {
      const py::gil_scoped_release released;
      const std::lock_guard<std::mutex> alone(in_use);
      evaluator.pullback(points, rows, seeds, to_parameters, to_x, at);
    }
    return py::make_tuple(of_parameters, of_x);
  }
};

/// One item of what `linearise` returns, with the arrays that its residual needs alive.
template <class T>
struct LinearResidual {
  py::tuple arrays;
  Jets<T>* jets;
  kan::Residual<T> residual;
};

/// (jets, x (N, I), residual (N,), seeds (places, N, O), unknown seeds (N, U), weight).
template <class T>
LinearResidual<T> linear_residual(const kan::Network<T>& network, const py::handle& item,
                                  std::size_t unknowns) {
  const auto parts = item.cast<py::tuple>();
  auto* jets = parts[0].cast<Jets<T>*>();
  if (&jets->network != &network) {
    throw py::value_error("jets must be those of the network of the objective");
  }
  const auto x = parts[1].cast<py::array>();
  const T* points = input<T>(x, "x", {-1, jets->network.architecture().inputs()});
  const py::ssize_t rows = x.shape(0);
  const double* values = input<double>(parts[2].cast<py::array>(), "residual", {rows});
  const T* seeds = input<T>(parts[3].cast<py::array>(), "seeds",
                            {jets->places(), rows, jets->network.architecture().outputs()});
  const double* unknown_seeds = input<double>(parts[4].cast<py::array>(), "unknown_seeds",
                                              {rows, static_cast<py::ssize_t>(unknowns)});
  return {parts,
          jets,
          {points, static_cast<std::size_t>(rows), values, seeds, unknown_seeds,
           parts[5].template cast<double>()}};
}

/// Squared residuals of jets, in Python's hands. The parameters are those of a network and unknowns.
template <class T>
class ResidualObjective final : public kan::Objective<T> {
 public:
  using Parameters = py::array_t<T>;
  using Evaluate = py::typing::Callable<py::typing::Tuple<double, py::array>(Parameters)>;
  using Value = py::typing::Callable<double(Parameters)>;
  using Linearise = py::typing::Callable<py::list(Parameters)>;

  ResidualObjective(const kan::Network<T>& network, std::size_t unknowns, Evaluate evaluate,
                    Value value, Linearise linearise)
      : network_(network),
        count_(network.parameter_count() + unknowns),
        unknowns_(unknowns),
        trainable_(network.trainable()),
        sums_(network, unknowns),
        evaluate_(std::move(evaluate)),
        value_(std::move(value)),
        linearise_(std::move(linearise)),
        interrupt_(signal_interrupt()) {
    trainable_.resize(count_, 1);
  }

  std::size_t parameter_count() const override { return count_; }
  const std::uint8_t* trainable() const override { return trainable_.data(); }
  void stop_if_asked() const override {
    if (interrupt_()) throw kan::Interrupted();
  }

  double evaluate(const T* parameters, T* gradient) override {
    const py::gil_scoped_acquire gil;
    const py::tuple result = evaluate_(as_array(parameters));
    const T* computed =
        input<T>(result[1].cast<py::array>(), "gradient", {static_cast<py::ssize_t>(count_)});
    std::copy_n(computed, count_, gradient);
    return result[0].cast<double>();
  }

  double value(const T* parameters) override {
    const py::gil_scoped_acquire gil;
    return value_(as_array(parameters)).template cast<double>();
  }

  void model(const T* parameters, kan::QuadraticModel& model) override {
    const py::gil_scoped_acquire gil;
    std::vector<LinearResidual<T>> residuals;
    for (const py::handle item : linearise_(as_array(parameters))) {
      residuals.push_back(linear_residual<T>(network_, item, unknowns_));
    }
    const py::gil_scoped_release released;
    sums_.begin(model);
    for (const auto& one : residuals) {
      const std::lock_guard<std::mutex> alone(one.jets->in_use);
      sums_.add(one.jets->evaluator, one.residual, parameters, model);
    }
    sums_.finish(model);
  }

 private:
  py::array_t<T> as_array(const T* parameters) const {
    return py::array_t<T>(static_cast<py::ssize_t>(count_), parameters);
  }

  const kan::Network<T>& network_;
  std::size_t count_, unknowns_;
  std::vector<std::uint8_t> trainable_;
  kan::ResidualModel<T> sums_;
  Evaluate evaluate_;
  Value value_;
  Linearise linearise_;
  kan::Interrupt interrupt_;
};

template <class T>
void bind_jet_of(py::module_& m, const std::string& suffix) {
  const auto named = [&suffix](const char* name) { return name + suffix; };
  py::class_<Jets<T>>(m, named("Jets").c_str())
      .def(py::init<const kan::Network<T>&, int>(), py::arg("network"), py::arg("order"),
           py::keep_alive<1, 2>())
      .def_property_readonly("derivatives", &Jets<T>::derivatives)
      .def("jets", &Jets<T>::jets, py::arg("x"), py::arg("parameters") = py::none())
      .def("pullback", &Jets<T>::pullback, py::arg("x"), py::arg("grad_jets"),
           py::arg("parameters") = py::none());
  using Objective = ResidualObjective<T>;
  py::class_<Objective, kan::Objective<T>>(m, named("ResidualObjective").c_str())
      .def(py::init<const kan::Network<T>&, std::size_t, typename Objective::Evaluate,
                    typename Objective::Value, typename Objective::Linearise>(),
           py::arg("network"), py::arg("unknowns"), py::arg("evaluate"), py::arg("value"),
           py::arg("linearise"), py::keep_alive<1, 2>());
}

}  // namespace

void bind_jet(py::module_& m) {
  bind_jet_of<float>(m, "32");
  bind_jet_of<double>(m, "64");
}

}  // namespace kan_core
