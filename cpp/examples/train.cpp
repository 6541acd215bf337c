// Learns f(x, y) = exp(sin(pi x) + y^2), saves the network and reads it back.

#include <kan/kan.hpp>

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

int main() {
  constexpr std::size_t rows = 1000;
  std::mt19937 random(0);
  std::vector<double> x(2 * rows);
  std::vector<double> y(rows);
  for (std::size_t n = 0; n < rows; ++n) {
    for (std::size_t i = 0; i < 2; ++i)
      x[2 * n + i] = 2.0 * (static_cast<double>(random()) / 4294967296.0) - 1.0;
    y[n] = std::exp(std::sin(3.141592653589793 * x[2 * n]) + x[2 * n + 1] * x[2 * n + 1]);
  }

  // Two inputs, three sums, one output; five intervals, cubic. A little of every base function
  // to begin with: all zeros would be a saddle point.
  kan::Architecture architecture;
  architecture.layers = {kan::Layer{2, 3, {}, 5, 3}, kan::Layer{3, 1, {}, 5, 3}};
  kan::Network<double> network(architecture);
  kan::Buffer<double> start(network.parameter_count());
  for (double& value : start) value = 0.2 * (static_cast<double>(random()) / 4294967296.0) - 0.1;
  network.set_parameters(start.data());

  const kan::Samples<double> samples{x.data(), y.data(), nullptr, nullptr, nullptr, rows};
  kan::DataObjective<double> objective(network, samples, kan::Loss::mse, 0, 0);
  kan::Lbfgs<double> optimizer(start, kan::LbfgsOptions{});
  for (int step = 0; step < 20 && optimizer.step(objective); ++step) {
  }
  network.set_parameters(optimizer.parameters().data());
  std::printf("root mean squared error after training: %.2e\n", std::sqrt(optimizer.value()));

  kan::save_model("kan_example.safetensors", network, {{"about", "exp(sin(pi x) + y^2)"}});
  const auto loaded = kan::load_model<double>("kan_example.safetensors");
  kan::Evaluator<double> evaluator(loaded.network, kan::Purpose::predict);
  std::vector<double> predicted(rows);
  evaluator.predict(x.data(), rows, predicted.data());
  std::printf("f(%.3f, %.3f) = %.4f, the network says %.4f\n", x[0], x[1], y[0], predicted[0]);
  return std::sqrt(optimizer.value()) < 0.05 ? 0 : 1;
}
