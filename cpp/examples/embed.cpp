// Asks a trained model. Usage: embed MODEL, a file such as `python -m kan demo` leaves or
// example_train writes: both have learnt exp(sin(pi x) + y^2).

#include <kan/model.hpp>

#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

int main(int count, char** arguments) {
  try {
    const auto model = kan::Model<double>::load(count > 1 ? arguments[1] : "model.safetensors");
    std::printf("%d inputs, %d outputs\n", model.inputs(), model.outputs());
    if (model.inputs() != 2 || model.outputs() != 1) return 2;

    constexpr std::size_t rows = 3;
    const double x[2 * rows] = {0.5, 0.5, -0.25, 0.75, 0.0, -0.1};
    double y[rows];
    std::vector<std::byte> scratch(model.workspace_bytes(rows));
    const kan::Status status = model.predict(x, rows, y, scratch);  // no allocation, never throws
    if (status != kan::Status::ok) {
      std::fprintf(stderr, "predict: %s\n", kan::status_text(status));
      return 1;
    }
    bool close = true;
    for (std::size_t n = 0; n < rows; ++n) {
      const double a = x[2 * n], b = x[2 * n + 1];
      const double exact = std::exp(std::sin(3.141592653589793 * a) + b * b);
      std::printf("f(%5.2f, %5.2f) = %.4f, the model says %.4f\n", a, b, exact, y[n]);
      close = close && std::fabs(y[n] - exact) < 0.05;
    }
    return close ? 0 : 1;
  } catch (const std::exception& error) {  // no such file, not a model, a self-test that fails
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
