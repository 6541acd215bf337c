#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "line_search.hpp"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A function of one variable, given as value and slope.
class Function : public kan::Objective<double> {
 public:
  using Point = std::pair<double, double>;
  explicit Function(std::function<Point(double)> f) : f_(std::move(f)) {}

  std::size_t parameter_count() const override { return 1; }
  double evaluate(const double* x, double* gradient) override {
    ++evaluations;
    const auto [value, slope] = f_(*x);
    *gradient = slope;
    return value;
  }
  Point at(double x) const { return f_(x); }

  int evaluations = 0;

 private:
  std::function<Point(double)> f_;
};

struct Outcome {
  bool found;
  int left;
  kan::LinePoint<double> point;
};

/// Searches from 0 along +1.
Outcome search(Function& function, double first, int evaluations) {
  const kan::Buffer<double> start = {0.0};
  const kan::Buffer<double> direction = {1.0};
  const auto [value, slope] = function.at(0.0);
  Outcome outcome{false, evaluations, {}};
  outcome.found = kan::strong_wolfe<double>({function, start, direction, value, slope}, first,
                                            outcome.left, outcome.point);
  return outcome;
}

void check_strong_wolfe(Function& function, double first) {
  const auto [value, slope] = function.at(0.0);
  REQUIRE(slope < 0);
  const Outcome outcome = search(function, first, 60);
  INFO("first step " << first << ", accepted " << outcome.point.alpha);
  REQUIRE(outcome.found);
  CHECK(outcome.left == 60 - function.evaluations);
  CHECK(outcome.left > 0);  // or it would have taken what there was
  CHECK(outcome.point.value <= value + 1e-4 * outcome.point.alpha * slope);
  CHECK(std::abs(outcome.point.slope) <= 0.9 * std::abs(slope));
  // The point is what the function says of it.
  CHECK(outcome.point.parameters == kan::Buffer<double>{outcome.point.alpha});
  CHECK(function.at(outcome.point.alpha) ==
        Function::Point{outcome.point.value, outcome.point.slope});
  CHECK(outcome.point.gradient == kan::Buffer<double>{outcome.point.slope});
  function.evaluations = 0;
}

TEST_CASE("the strong Wolfe conditions hold at the accepted point, wherever the search begins") {
  for (const double first : {1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e6}) {
    Function parabola([](double x) { return Function::Point{(x - 2) * (x - 2), 2 * (x - 2)}; });
    check_strong_wolfe(parabola, first);
    Function quartic(
        [](double x) { return Function::Point{std::pow(x - 1, 4), 4 * std::pow(x - 1, 3)}; });
    check_strong_wolfe(quartic, first);
    Function waves([](double x) {
      return Function::Point{0.05 * x * x - std::sin(x), 0.1 * x - std::cos(x)};
    });
    check_strong_wolfe(waves, first);
    // More and Thuente, test function 1, with beta = 2: slopes vanish far out, concave at first.
    Function far([](double x) {
      const double q = x * x + 2;
      return Function::Point{-x / q, (x * x - 2) / (q * q)};
    });
    check_strong_wolfe(far, first);
  }
}

TEST_CASE("a wall is stepped back from") {
  for (const double beyond : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    for (const double first : {0.1, 1.0, 1e4}) {
      Function function([beyond](double x) {
        return x < 0.7 ? Function::Point{(x - 0.6) * (x - 0.6), 2 * (x - 0.6)}
                       : Function::Point{beyond, beyond};
      });
      check_strong_wolfe(function, first);
      // A finite value with a slope that is not is a wall too.
      Function half([beyond](double x) {
        return Function::Point{(x - 0.6) * (x - 0.6), x < 0.7 ? 2 * (x - 0.6) : beyond};
      });
      check_strong_wolfe(half, first);
    }
  }
}

TEST_CASE("no more evaluations are made than allowed, and a lower point is better than none") {
  // Falls for ever: the curvature condition cannot be met.
  Function line([](double x) { return Function::Point{-x, -1.0}; });
  const Outcome outcome = search(line, 1.0, 5);
  CHECK(line.evaluations == 5);
  CHECK(outcome.left == 0);
  REQUIRE(outcome.found);
  CHECK(outcome.point.value < 0.0);
  CHECK(outcome.point.value == -outcome.point.alpha);
}

TEST_CASE("where the slope lies, nothing is found") {
  Function liar([](double x) { return Function::Point{x, -1.0}; });
  const Outcome outcome = search(liar, 1.0, 30);
  CHECK_FALSE(outcome.found);
  CHECK(outcome.left >= 0);
}

TEST_CASE("without an evaluation nothing is found") {
  Function parabola([](double x) { return Function::Point{(x - 2) * (x - 2), 2 * (x - 2)}; });
  CHECK_FALSE(search(parabola, 1.0, 0).found);
  CHECK(parabola.evaluations == 0);
}

TEST_CASE("an inner product of floats is summed in double") {
  const kan::Buffer<float> a = {1e8F, 1.0F, -1e8F};
  const kan::Buffer<float> b = {1.0F, 1.0F, 1.0F};
  CHECK(kan::inner(a, b) == 1.0);
  CHECK(kan::inner(kan::Buffer<double>{1, 2, 3}, kan::Buffer<double>{4, 5, 6}) == 32.0);
}

}  // namespace
