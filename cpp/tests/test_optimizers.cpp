#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "kan/adam.hpp"
#include "kan/errors.hpp"
#include "kan/lbfgs.hpp"
#include "networks.hpp"

namespace {

using namespace kan::test;
using kan::Adam;
using kan::AdamOptions;
using kan::Lbfgs;
using kan::LbfgsOptions;
using kan::Objective;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// An objective that counts its evaluations and can be told to throw at one of them.
template <class T>
class Counted : public Objective<T> {
 public:
  double evaluate(const T* parameters, T* gradient) final {
    if (++evaluations == throw_at) throw kan::Interrupted();
    return compute(parameters, gradient);
  }
  const std::uint8_t* trainable() const override { return flags.empty() ? nullptr : flags.data(); }

  int evaluations = 0;
  int throw_at = 0;
  std::vector<std::uint8_t> flags = {};

 private:
  virtual double compute(const T* parameters, T* gradient) = 0;
};

/// sum_p c_p (x_p - p)^2 with c from 1 to `condition`.
template <class T>
class Quadratic : public Counted<T> {
 public:
  explicit Quadratic(std::size_t count, double condition = 100.0)
      : count_(count), condition_(condition) {}
  std::size_t parameter_count() const override { return count_; }

 private:
  double compute(const T* x, T* gradient) override {
    double sum = 0.0;
    for (std::size_t p = 0; p < count_; ++p) {
      const double share = count_ > 1 ? double(p) / double(count_ - 1) : 0.0;
      const double c = std::pow(condition_, share);
      const double e = static_cast<double>(x[p]) - double(p);
      sum += c * e * e;
      gradient[p] = static_cast<T>(2 * c * e);
    }
    return sum;
  }

  std::size_t count_;
  double condition_;
};

/// (1 - x)^2 + 100 (y - x^2)^2, and `beyond` where x > wall.
class Rosenbrock : public Counted<double> {
 public:
  explicit Rosenbrock(double wall = infinity, double beyond = infinity)
      : wall_(wall), beyond_(beyond) {}
  std::size_t parameter_count() const override { return 2; }

 private:
  double compute(const double* x, double* gradient) override {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b;
    gradient[1] = 200 * b;
    if (!(x[0] > wall_)) return a * a + 100 * b * b;
    gradient[0] = gradient[1] = beyond_;
    return beyond_;
  }

  double wall_, beyond_;
};

double distance(const kan::Buffer<double>& a, const kan::Buffer<double>& b) {
  double sum = 0.0;
  for (std::size_t p = 0; p < a.size(); ++p) sum += (a[p] - b[p]) * (a[p] - b[p]);
  return std::sqrt(sum);
}

TEST_CASE_TEMPLATE("L-BFGS finds the minimum of a quadratic and then says so", T, float, double) {
  Quadratic<T> objective(5);
  Lbfgs<T> optimizer(kan::Buffer<T>(5, T(-3)), {});
  bool more = true;
  for (int s = 0; s < 20 && more; ++s) more = optimizer.step(objective);
  CHECK_FALSE(more);
  // Values below are c (eps x)^2 with x up to 4 and c up to 100, five times, and are 0 but for that.
  CHECK(optimizer.value() <= 5 * 100 * std::pow(8 * epsilon<T>, 2));
  for (std::size_t p = 0; p < 5; ++p) {
    CHECK(std::abs(static_cast<double>(optimizer.parameters()[p]) - double(p)) <=
          20 * 8 * epsilon<T>);
  }
}

TEST_CASE("L-BFGS finds the minimum of Rosenbrock's valley and never rises") {
  Rosenbrock objective;
  Lbfgs<double> optimizer({-1.2, 1.0}, LbfgsOptions{1.0, 0, 1, 25});
  double before = infinity;
  bool more = true;
  int steps = 0;
  for (; steps < 200 && more; ++steps) {
    more = optimizer.step(objective);
    CHECK(optimizer.value() <= before);
    before = optimizer.value();
  }
  CHECK(steps < 100);
  // Near the minimum a value v means a distance of up to sqrt(v / 0.4); the end is at v ~ eps.
  CHECK(distance(optimizer.parameters(), {1, 1}) <= std::sqrt(epsilon<double> / 0.4));
}

TEST_CASE("a step is at most so many iterations and evaluations, and one to begin with") {
  Rosenbrock objective;
  Lbfgs<double> optimizer({-1.2, 1.0}, LbfgsOptions{1.0, 0, 20, 7});
  optimizer.step(objective);
  CHECK(objective.evaluations <= 8);
  const int before = objective.evaluations;
  optimizer.step(objective);
  CHECK(objective.evaluations > before);
  CHECK(objective.evaluations <= before + 7);
}

TEST_CASE("L-BFGS survives a wall of infinity or NaN across its way") {
  for (const double beyond : {infinity, -infinity, nan}) {
    // The best point this side of the wall is (0.5, 0.25), of value 0.25.
    Rosenbrock objective(0.5, beyond);
    Lbfgs<double> optimizer({-1.2, 1.0}, {});
    double before = infinity;
    bool more = true;
    for (int s = 0; s < 30 && more; ++s) {
      more = optimizer.step(objective);
      CHECK(optimizer.value() <= before);
      before = optimizer.value();
    }
    INFO("beyond the wall " << beyond);
    CHECK(std::isfinite(optimizer.value()));
    CHECK(optimizer.parameters()[0] <= 0.5);
    CHECK(optimizer.value() < 2.5);  // of 24.2 at the start
  }
}

TEST_CASE("a start that is not finite is given up without a move") {
  Rosenbrock objective(-2.0, nan);
  Lbfgs<double> lbfgs({-1.2, 1.0}, {});
  CHECK_FALSE(lbfgs.step(objective));
  CHECK(lbfgs.parameters() == kan::Buffer<double>{-1.2, 1.0});
  Adam<double> adam({-1.2, 1.0}, {});
  CHECK_FALSE(adam.step(objective));
  CHECK(adam.parameters() == kan::Buffer<double>{-1.2, 1.0});
}

TEST_CASE("an interrupted step leaves the parameters, and the next one goes on") {
  for (const bool adam : {false, true}) {
    for (const int later : {1, 2, 5}) {
      Rosenbrock objective;
      Lbfgs<double> first({-1.2, 1.0}, LbfgsOptions{1.0, 0, 3, 25});
      Adam<double> second({-1.2, 1.0}, AdamOptions{});
      kan::Optimizer<double>& optimizer =
          adam ? static_cast<kan::Optimizer<double>&>(second) : first;
      optimizer.step(objective);
      const auto before = optimizer.parameters();
      const double value = optimizer.value();
      objective.throw_at = objective.evaluations + (adam ? 1 : later);
      INFO("Adam " << adam << ", evaluation " << later);
      CHECK_THROWS_AS(while (true) optimizer.step(objective), kan::Interrupted);
      if (adam || later == 1) CHECK(optimizer.parameters() == before);
      if (adam || later == 1) CHECK(optimizer.value() == value);
      std::vector<double> gradient(2);
      CHECK(objective.evaluate(optimizer.parameters().data(), gradient.data()) ==
            optimizer.value());
      CHECK(optimizer.step(objective));
      CHECK(optimizer.value() < value);
    }
  }
}

TEST_CASE("an interrupted first step leaves everything as before it") {
  for (const int at : {1, 2, 3}) {
    Rosenbrock objective;
    objective.throw_at = at;
    Lbfgs<double> optimizer({-1.2, 1.0}, {});
    CHECK_THROWS_AS(optimizer.step(objective), kan::Interrupted);
    CHECK(optimizer.parameters() == kan::Buffer<double>{-1.2, 1.0});
    CHECK(optimizer.value() == infinity);
  }
}

TEST_CASE("reset forgets: the same steps follow as from a new optimizer") {
  Rosenbrock objective;
  Lbfgs<double> used({-1.2, 1.0}, {});
  Adam<double> used_adam({-1.2, 1.0}, {});
  used.step(objective);
  used_adam.step(objective);
  used.reset({0.5, -1.0});
  used_adam.reset({0.5, -1.0});
  CHECK(used.value() == infinity);
  CHECK(used_adam.value() == infinity);
  Lbfgs<double> fresh({0.5, -1.0}, {});
  Adam<double> fresh_adam({0.5, -1.0}, {});
  for (int s = 0; s < 3; ++s) {
    used.step(objective);
    fresh.step(objective);
    used_adam.step(objective);
    fresh_adam.step(objective);
    CHECK(same_bits(used.parameters(), fresh.parameters()));
    CHECK(same_bits(used_adam.parameters(), fresh_adam.parameters()));
  }
}

TEST_CASE("reset after steps taken back gives Adam its learning rate again") {
  Rosenbrock wall(-1.2, nan);
  Rosenbrock open;
  Adam<double> used({-1.2, 1.0}, AdamOptions{0.1});
  used.step(wall);
  used.step(wall);
  used.reset({-1.2, 1.0});
  Adam<double> fresh({-1.2, 1.0}, AdamOptions{0.1});
  used.step(open);
  fresh.step(open);
  CHECK(same_bits(used.parameters(), fresh.parameters()));
}

TEST_CASE("the first update of Adam is the learning rate against the gradient's sign") {
  Quadratic<double> objective(3, 1.0);
  Adam<double> optimizer({1.0, 1.0, 1.0}, AdamOptions{0.01});
  CHECK(optimizer.step(objective));
  // m / (1 - b1) = g and sqrt(v / (1 - b2)) = |g| up to a few roundings; epsilon is 1e-8 of it.
  CHECK(optimizer.parameters()[0] == doctest::Approx(0.99).epsilon(1e-9));
  CHECK(optimizer.parameters()[1] == 1.0);
  CHECK(optimizer.parameters()[2] == doctest::Approx(1.01).epsilon(1e-9));
}

TEST_CASE_TEMPLATE("Adam comes close to the minimum of a quadratic", T, float, double) {
  Quadratic<T> objective(4, 10.0);
  Adam<T> optimizer(kan::Buffer<T>(4, T(-1)), AdamOptions{0.05});
  for (int s = 0; s < 2000; ++s) REQUIRE(optimizer.step(objective));
  for (std::size_t p = 0; p < 4; ++p) {
    // Adam ends in a dance of some thousandth of the learning rate around it.
    CHECK(std::abs(static_cast<double>(optimizer.parameters()[p]) - double(p)) <= 1e-3);
  }
}

TEST_CASE("weight decay shrinks what may move and leaves what is frozen") {
  // A gradient of 0 everywhere, so that decay alone acts.
  class Flat : public Counted<double> {
   public:
    std::size_t parameter_count() const override { return 3; }

   private:
    double compute(const double*, double* gradient) override {
      gradient[0] = gradient[1] = gradient[2] = 0.0;
      return 1.0;
    }
  } objective;
  objective.flags = {1, 0, 1};
  Adam<double> optimizer({2.0, 3.0, -4.0}, AdamOptions{0.1, 0.9, 0.999, 1e-8, 0.5});
  optimizer.step(objective);
  const double keep = 1.0 - 0.1 * 0.5;
  CHECK(optimizer.parameters() == kan::Buffer<double>{2.0 * keep, 3.0, -4.0 * keep});
  objective.flags.clear();
  optimizer.step(objective);
  CHECK(optimizer.parameters()[1] == 3.0 * keep);
}

TEST_CASE("Adam takes back a step into NaN or infinity and comes nearer in smaller ones") {
  for (const double beyond : {nan, infinity}) {
    Rosenbrock objective(-1.19, beyond);
    Adam<double> optimizer({-1.2, 1.0}, AdamOptions{0.1});
    CHECK(optimizer.step(objective));  // x grows by 0.1, past the wall
    CHECK(optimizer.parameters() == kan::Buffer<double>{-1.2, 1.0});
    const double start = optimizer.value();
    CHECK(std::isfinite(start));
    for (int s = 0; s < 10; ++s) optimizer.step(objective);
    CHECK(optimizer.parameters()[0] <= -1.19);
    CHECK(optimizer.value() < start);
  }
}

TEST_CASE("Adam gives up where every step, however small, fails") {
  class Island : public Counted<double> {
   public:
    std::size_t parameter_count() const override { return 1; }

   private:
    double compute(const double* x, double* gradient) override {
      gradient[0] = 1.0;
      return x[0] == 0.0 ? 0.0 : nan;
    }
  } objective;
  Adam<double> optimizer({0.0}, {});
  int steps = 1;
  while (steps < 1000 && optimizer.step(objective)) ++steps;
  CHECK(steps < 1000);
  CHECK(optimizer.parameters() == kan::Buffer<double>{0.0});
}

TEST_CASE("options out of range are refused with a reason") {
  const auto lbfgs = [](LbfgsOptions options) { Lbfgs<double>({1.0}, options); };
  CHECK_THROWS_WITH_AS(lbfgs({0.0}), doctest::Contains("learning rate must be positive"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(lbfgs({infinity}), doctest::Contains("learning rate must be positive"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(lbfgs({1.0, -1}), doctest::Contains("memory must not be negative"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(lbfgs({1.0, 0, 0}), doctest::Contains("iterations per step"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(lbfgs({1.0, 0, 1, 0}), doctest::Contains("evaluations per step"),
                       std::invalid_argument);
  const auto adam = [](AdamOptions options) { Adam<double>({1.0}, options); };
  CHECK_THROWS_WITH_AS(adam({-1.0}), doctest::Contains("learning rate must be positive"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(adam({nan}), doctest::Contains("learning rate"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(adam({0.1, 1.0}), doctest::Contains("beta1 must be in [0, 1)"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(adam({0.1, 0.9, -0.1}), doctest::Contains("beta2 must be in [0, 1)"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(adam({0.1, 0.9, 0.9, 0.0}), doctest::Contains("epsilon must be positive"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(adam({0.1, 0.9, 0.9, 1e-8, -1.0}),
                       doctest::Contains("weight decay must be non-negative"),
                       std::invalid_argument);
}

TEST_CASE("a run records every value, keeps the best point and stops when nothing helps") {
  Quadratic<double> objective(3);
  Lbfgs<double> optimizer({5.0, 5.0, 5.0}, LbfgsOptions{1.0, 0, 1, 25});
  std::vector<double> values(100, -1.0);
  kan::Best<double> best;
  bool more = true;
  std::size_t done = kan::run(optimizer, objective, 2, values.data(), &best, &more);
  CHECK(done == 2);
  CHECK(more);
  CHECK(values[1] < values[0]);
  CHECK(values[2] == -1.0);
  CHECK(best.value == values[1]);
  CHECK(best.parameters == optimizer.parameters());
  done = kan::run(optimizer, objective, 98, values.data() + 2, &best, &more);
  CHECK_FALSE(more);
  CHECK(done < 98);
  CHECK(values[2 + done] == -1.0);
  CHECK(best.value == optimizer.value());
  CHECK(kan::run(optimizer, objective, 0, values.data(), &best, &more) == 0);
  CHECK(more);
}

TEST_CASE("the best of a run is not its last point where the values rise") {
  Quadratic<double> objective(1);
  Adam<double> optimizer({0.3}, AdamOptions{0.5});  // oversteps the minimum at 0
  std::vector<double> values(6);
  kan::Best<double> best;
  bool more = false;
  kan::run(optimizer, objective, 6, values.data(), &best, &more);
  CHECK(more);
  CHECK(best.value == *std::min_element(values.begin(), values.end()));
  CHECK(best.value < values.back());
  std::vector<double> gradient(1);
  CHECK(objective.evaluate(best.parameters.data(), gradient.data()) == best.value);
}

/// y = the row's number, so that the gradient of an mse with respect to a constant tells which
/// rows took part. One input, one interval of degree 0: the network is one constant.
struct NumberedRows {
  std::vector<double> x, y;
  kan::Network<double> network;

  explicit NumberedRows(std::size_t count) : x(count, 0.0), y(count), network(constant()) {
    for (std::size_t n = 0; n < count; ++n) y[n] = std::pow(4.0, double(n));
  }

  static kan::Architecture constant() {
    kan::Architecture architecture;
    architecture.layers = {{1, 1, {}, 1, 0}};
    architecture.base = kan::Base::zero;
    return architecture;
  }

  kan::Samples<double> samples() const {
    return {x.data(), y.data(), nullptr, nullptr, nullptr, y.size()};
  }

  /// The rows of the next `batches` batches of `batch` of `count`: -g/2 = the mean of 4^n, exact in
  /// base 4 after multiplication by the number of rows.
  static std::vector<std::vector<int>> next_batches(kan::DataObjective<double>& objective,
                                                    int batches, int batch, int count) {
    std::vector<std::vector<int>> all;
    int left = 0;
    for (int b = 0; b < batches; ++b) {
      if (left == 0) left = count;
      const int own = std::min(batch, left);
      left -= own;
      const kan::Buffer<double> parameters(2, 0.0);
      std::vector<double> gradient(2);
      objective.next_step();
      objective.evaluate(parameters.data(), gradient.data());
      auto sum = static_cast<long long>(std::llround(-gradient[0] / 2.0 * own));
      std::vector<int> rows;
      for (int n = 0; sum > 0; ++n, sum /= 4) rows.insert(rows.end(), std::size_t(sum % 4), n);
      all.push_back(rows);
    }
    return all;
  }
};

TEST_CASE("batches visit every row once in each epoch, in a new order") {
  NumberedRows data(10);
  kan::DataObjective<double> objective(data.network, data.samples(), kan::Loss::mse, 4, 7);
  CHECK(objective.is_stochastic());
  const auto batches = NumberedRows::next_batches(objective, 9, 4, 10);
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> seen;
    for (std::size_t b = 0; b < 3; ++b) {
      const auto& rows = batches[3 * epoch + b];
      CHECK(rows.size() == (b < 2 ? 4 : 2));
      seen.insert(seen.end(), rows.begin(), rows.end());
    }
    std::sort(seen.begin(), seen.end());
    CHECK(seen == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
  CHECK_FALSE((batches[0] == batches[3] && batches[1] == batches[4]));
}

TEST_CASE("the same seed gives the same batches, another one others") {
  NumberedRows data(10);
  const auto batches = [&](std::uint64_t seed) {
    kan::DataObjective<double> objective(data.network, data.samples(), kan::Loss::mse, 4, seed);
    return NumberedRows::next_batches(objective, 9, 4, 10);
  };
  CHECK(batches(1) == batches(1));
  CHECK(batches(1) != batches(2));
}

TEST_CASE("batches of a view by index hold the rows of the view alone") {
  NumberedRows data(10);
  const std::vector<std::int64_t> index = {9, 1, 5};
  kan::Samples<double> view = data.samples();
  view.index = index.data();
  view.count = index.size();
  kan::DataObjective<double> objective(data.network, view, kan::Loss::mse, 2, 3);
  const auto batches = NumberedRows::next_batches(objective, 2, 2, 3);
  std::multiset<int> seen;
  for (const auto& rows : batches) seen.insert(rows.begin(), rows.end());
  CHECK(seen == std::multiset<int>{1, 5, 9});
}

TEST_CASE("a batch of no or all rows is all rows in every step") {
  NumberedRows data(6);
  for (const std::size_t batch : {0U, 6U, 100U}) {
    kan::DataObjective<double> objective(data.network, data.samples(), kan::Loss::mse, batch, 7);
    CHECK_FALSE(objective.is_stochastic());
    const auto batches = NumberedRows::next_batches(objective, 2, 6, 6);
    CHECK(batches[0] == std::vector<int>{0, 1, 2, 3, 4, 5});
    CHECK(batches[1] == batches[0]);
  }
}

/// The data of a smooth function, for training in earnest.
struct Smooth {
  std::vector<double> x, y;

  Smooth() {
    Random random(3);
    x = random.values<double>(400);
    for (std::size_t n = 0; n < 200; ++n) y.push_back(std::sin(3 * x[2 * n]) * x[2 * n + 1]);
  }
  kan::Samples<double> samples() const {
    return {x.data(), y.data(), nullptr, nullptr, nullptr, y.size()};
  }
};

TEST_CASE("both optimizers lower the loss of a network and leave what is frozen") {
  const Smooth data;
  for (const std::size_t batch : {0U, 50U}) {
    for (const bool adam : {false, true}) {
      kan::Architecture architecture;
      architecture.layers = {{2, 3, {2}, 4, 3}, {4, 1, {}, 4, 3}};
      auto network = random_network<double>(architecture);
      network.set_trainable({true, false, true});
      std::vector<std::uint8_t> mask(network.edge_mask(0).size(), 1);
      mask[2] = 0;
      network.set_edge_mask(0, mask);
      const kan::Buffer<double> start(network.parameters(),
                                      network.parameters() + network.parameter_count());
      kan::DataObjective<double> objective(network, data.samples(), kan::Loss::mse, batch, 1);
      Lbfgs<double> first(start, {});
      Adam<double> second(start, AdamOptions{0.01, 0.9, 0.999, 1e-8, 0.01});
      kan::Optimizer<double>& optimizer =
          adam ? static_cast<kan::Optimizer<double>&>(second) : first;
      std::vector<double> values(100);
      bool more = true;
      const std::size_t steps = adam ? 100 : 10;
      kan::run<double>(optimizer, objective, steps, values.data(), nullptr, &more);
      network.set_parameters(optimizer.parameters().data());
      kan::Evaluator<double> evaluator(network, kan::Purpose::predict);
      const double last = evaluator.loss(data.samples(), kan::Loss::mse);
      network.set_parameters(start.data());
      const double initial = evaluator.loss(data.samples(), kan::Loss::mse);
      INFO("batch " << batch << ", Adam " << adam);
      CHECK(last < 0.5 * initial);
      for (std::size_t p = 0; p < start.size(); ++p) {
        if (network.trainable()[p] == 0) CHECK(optimizer.parameters()[p] == start[p]);
      }
    }
  }
}

/// A batch objective with gradient 1, not finite on the evaluations that `bad` names.
class Batches : public Objective<double> {
 public:
  std::size_t parameter_count() const override { return 1; }
  bool is_stochastic() const override { return true; }
  double evaluate(const double* parameters, double* gradient) override {
    gradient[0] = 1.0;
    return bad.count(++evaluations) != 0 ? nan : parameters[0];
  }
  std::set<int> bad = {};
  int evaluations = 0;
};

TEST_CASE("Adam stays at the last good point when batches in a row are not finite") {
  Batches objective;
  objective.bad = {3, 4, 5};
  AdamOptions options;
  options.learning_rate = 0.5;
  Adam<double> optimizer({1.0}, options);
  optimizer.step(objective);
  const double good = optimizer.parameters()[0];
  optimizer.step(objective);
  CHECK(optimizer.parameters()[0] < good);
  for (int failed = 0; failed < 3; ++failed) {
    CHECK(optimizer.step(objective));
    CHECK(optimizer.parameters()[0] == good);
  }
}

TEST_CASE("an interrupt of the data reaches whoever steps") {
  const Smooth data;
  kan::Architecture architecture;
  architecture.layers = {{2, 1, {}, 4, 3}};
  auto network = random_network<double>(architecture);
  kan::DataObjective<double> objective(network, data.samples(), kan::Loss::mse, 0, 1);
  objective.set_interrupt([] { return true; });
  Adam<double> optimizer(kan::Buffer<double>(network.parameter_count(), 0.1), {});
  CHECK_THROWS_AS(optimizer.step(objective), kan::Interrupted);
}

}  // namespace

TEST_CASE("an optimizer refuses an objective with another number of parameters") {
  kan::Network<double> network(kan::Architecture{{kan::Layer{1, 1, {}, 3, 3}}});
  const std::vector<double> x = {0.5};
  const kan::Samples<double> samples{x.data(), x.data(), nullptr, nullptr, nullptr, 1};
  kan::DataObjective<double> objective(network, samples, kan::Loss::mse, 0, 0);
  kan::Lbfgs<double> lbfgs({0.0}, kan::LbfgsOptions{});
  kan::Adam<double> adam({0.0}, kan::AdamOptions{});
  const char* message = "the optimizer has 1 parameters, the objective 7";
  CHECK_THROWS_WITH_AS(lbfgs.step(objective), message, std::invalid_argument);
  CHECK_THROWS_WITH_AS(adam.step(objective), message, std::invalid_argument);
}
