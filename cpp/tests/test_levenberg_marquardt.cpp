#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "kan/errors.hpp"
#include "kan/levenberg_marquardt.hpp"
#include "networks.hpp"

namespace {

using namespace kan::test;
using kan::LevenbergMarquardt;
using kan::LevenbergMarquardtOptions;
using kan::QuadraticModel;

/// Rosenbrock's residuals 10 (y - x^2) and 1 - x: least squares, minimum 0 at (1, 1).
class Valley : public kan::Objective<double> {
 public:
  std::size_t parameter_count() const override { return 2; }
  double evaluate(const double* p, double* gradient) override {
    const double r = 10.0 * (p[1] - p[0] * p[0]);
    const double s = 1.0 - p[0];
    gradient[0] = 2.0 * (r * -20.0 * p[0] - s);
    gradient[1] = 20.0 * r;
    return value_at(r, s);
  }
  double value(const double* p) override {
    if (++values == throw_at) throw kan::Interrupted();
    return value_at(10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]);
  }
  void model(const double* p, QuadraticModel& model) override {
    model.parameters = {0, 1};
    model.stride = 2;
    model.scale = {100.0, 100.0};
    model.gradient.resize(2);
    model.value = evaluate(p, model.gradient.data());
    const double a = -20.0 * p[0];
    model.curvature = {2.0 * (a * a + 1.0), 20.0 * a, 20.0 * a, 200.0};
  }

  int values = 0;
  int throw_at = 0;
  double wall = std::numeric_limits<double>::infinity();

 private:
  double value_at(double r, double s) const {
    const double value = r * r + s * s;
    return s < 1.0 - wall ? std::nan("") : value;
  }
};

TEST_CASE("it goes through Rosenbrock's valley, never up") {
  Valley objective;
  LevenbergMarquardt<double> optimizer({-1.2, 1.0}, {});
  double before = std::numeric_limits<double>::infinity();
  for (int s = 0; s < 60 && optimizer.step(objective); ++s) {
    CHECK(optimizer.value() < before);
    before = optimizer.value();
  }
  CHECK(std::abs(optimizer.parameters()[0] - 1.0) <= 1e-6);
  CHECK(std::abs(optimizer.parameters()[1] - 1.0) <= 1e-6);
}

TEST_CASE("a value that is not finite is a wall") {
  Valley objective;
  objective.wall = 0.5;
  LevenbergMarquardt<double> optimizer({-1.2, 1.0}, {});
  for (int s = 0; s < 60 && optimizer.step(objective); ++s) {
  }
  CHECK(std::isfinite(optimizer.value()));
  CHECK(optimizer.parameters()[0] <= 0.5);
  CHECK(optimizer.value() < 4.0);  // of 24.2 at the start
}

TEST_CASE("an interrupted step leaves the point, and the next one goes on") {
  Valley objective;
  LevenbergMarquardt<double> optimizer({-1.2, 1.0}, {});
  optimizer.step(objective);
  const auto before = optimizer.parameters();
  const double value = optimizer.value();
  objective.throw_at = objective.values + 1;
  CHECK_THROWS_AS(optimizer.step(objective), kan::Interrupted);
  CHECK(optimizer.parameters() == before);
  CHECK(optimizer.value() == value);
  CHECK(optimizer.step(objective));
  CHECK(optimizer.value() < value);
}

/// Samples of a smooth function of one variable.
struct Curve {
  std::vector<double> x, y;
  explicit Curve(std::size_t rows) {
    Random random(3);
    x = random.values<double>(rows);
    for (const double value : x) y.push_back(std::sin(4.0 * value) + value);
  }
  kan::Samples<double> samples() const {
    return {x.data(), y.data(), nullptr, nullptr, nullptr, x.size()};
  }
};

kan::Network<double> one_edge(int intervals, int degree) {
  kan::Architecture architecture;
  architecture.layers = {{1, 1, {}, intervals, degree}};
  return kan::Network<double>(architecture);
}

TEST_CASE("one edge is linear least squares: a few steps reach the order of the spline") {
  const Curve curve(2000);
  for (const int degree : {1, 2, 3, 4, 5}) {
    double errors[2];
    for (const int level : {0, 1}) {
      const auto network = one_edge(level == 0 ? 10 : 20, degree);
      kan::DataObjective<double> objective(network, curve.samples(), kan::Loss::mse, 0, 0,
                                           kan::Order::second);
      LevenbergMarquardt<double> optimizer(kan::Buffer<double>(network.parameter_count()), {});
      for (int s = 0; s < 20 && optimizer.step(objective); ++s) {
      }
      errors[level] = std::sqrt(optimizer.value());
    }
    INFO("degree " << degree << ": " << errors[0] << ", " << errors[1]);
    CHECK(std::log2(errors[0] / errors[1]) >= degree + 0.5);
  }
}

TEST_CASE("fewer samples than parameters are no harm, and a ridge keeps parameters small") {
  const Curve curve(5);
  const auto network = one_edge(20, 3);
  double sizes[2];
  for (const int strong : {0, 1}) {
    kan::DataObjective<double> objective(network, curve.samples(), kan::Loss::mse, 0, 0,
                                         kan::Order::second);
    LevenbergMarquardtOptions options;
    options.ridge = strong == 1 ? 1e-2 : 0.0;
    LevenbergMarquardt<double> optimizer(kan::Buffer<double>(network.parameter_count()), options);
    for (int s = 0; s < 30 && optimizer.step(objective); ++s) {
    }
    double sum = 0.0;
    for (const double p : optimizer.parameters()) sum += p * p;
    sizes[strong] = sum;
    CHECK(std::isfinite(sum));
    if (strong == 0) CHECK(optimizer.value() <= 1e-12);
  }
  CHECK(sizes[1] < sizes[0]);
}

TEST_CASE("what it cannot do is refused") {
  CHECK_THROWS_AS(LevenbergMarquardt<double>({0.0}, {0.0, 0.0}), std::invalid_argument);
  CHECK_THROWS_AS(LevenbergMarquardt<double>({0.0}, {1.0, -1.0}), std::invalid_argument);
  const Curve curve(50);
  const auto network = one_edge(3, 3);
  kan::DataObjective<double> batches(network, curve.samples(), kan::Loss::mse, 10, 0,
                                     kan::Order::second);
  LevenbergMarquardt<double> optimizer(kan::Buffer<double>(network.parameter_count()), {});
  CHECK_THROWS_AS(optimizer.step(batches), std::invalid_argument);
  kan::DataObjective<double> first_order(network, curve.samples(), kan::Loss::mse, 0, 0);
  CHECK_THROWS_AS(optimizer.step(first_order), std::logic_error);
}

}  // namespace
