#include "kan/model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include "evaluations.hpp"
#include "file_helpers.hpp"
#include "jets.hpp"
#include "kan/errors.hpp"

namespace kan::test {
namespace {

static_assert(noexcept(std::declval<const Model<float>&>().predict(nullptr, 0, nullptr,
                                                                   {nullptr, 0})));
static_assert(noexcept(std::declval<const Model<double>&>().jet(std::declval<const JetPlan&>(),
                                                                nullptr, 0, nullptr,
                                                                {nullptr, 0})));

template <class T>
std::vector<T> answers(const Model<T>& model, const std::vector<T>& x, std::size_t bytes,
                       std::size_t misalignment = 0) {
  const std::size_t rows = x.size() / size(model.inputs());
  std::vector<T> y(rows * size(model.outputs()), T(777));
  std::vector<std::byte> scratch(bytes + misalignment);
  CHECK(model.predict(x.data(), rows, y.data(), {scratch.data() + misalignment, bytes}) ==
        Status::ok);
  return y;
}

template <class T>
Model<T> model_of(const Architecture& architecture) {
  return Model<T>(random_network<T>(architecture));
}

TEST_CASE_TEMPLATE("predictions of a model are the bits of an evaluator", T, float, double) {
  for (const Architecture& architecture : telling_architectures()) {
    const Model<T> model = model_of<T>(architecture);
    Random random(3);
    for (const std::size_t rows :
         {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{2500}}) {
      const auto x = random.values<T>(rows * size(model.inputs()), -1.5, 1.5);
      const std::vector<T> expected = predict(model.network(), x);
      CHECK(same_bits(answers(model, x, model.workspace_bytes(rows)), expected));
      CHECK(same_bits(answers(model, x, model.workspace_bytes(1)), expected));
      std::vector<T> y(expected.size());
      CHECK(model.predict_parallel(x.data(), rows, y.data()) == Status::ok);
      CHECK(same_bits(y, expected));
    }
  }
}

TEST_CASE("scratch of any size and alignment will do if it holds one row") {
  const Model<float> model = model_of<float>(rich_architecture());
  Random random(4);
  const auto x = random.values<float>(200 * 3);
  const std::vector<float> expected = predict(model.network(), x);
  const std::size_t least = model.workspace_bytes(1);
  for (const std::size_t bytes : {least, least + 1, 2 * least, 3 * least + 7, 9 * least}) {
    for (const std::size_t misalignment : {0, 1, 8, 63}) {
      CHECK(same_bits(answers(model, x, bytes, misalignment), expected));
    }
  }
  std::vector<std::byte> scratch(least);
  std::vector<float> y(200, 777.0F);
  for (std::size_t bytes = 0; bytes + 64 < least; bytes += 97) {
    CHECK(model.predict(x.data(), 200, y.data(), {scratch.data(), bytes}) ==
          Status::workspace_too_small);
  }
  CHECK(y == std::vector<float>(200, 777.0F));
}

TEST_CASE("a workspace grows with the rows up to a chunk") {
  const Model<double> model = model_of<double>(wide_architecture());
  CHECK(model.workspace_bytes(0) == model.workspace_bytes(1));
  CHECK(model.workspace_bytes(1) < model.workspace_bytes(100));
  CHECK(model.workspace_bytes(100'000) == model.workspace_bytes(1'000'000'000));
}

TEST_CASE_TEMPLATE("jets of a model are the bits of a jet evaluator", T, float, double) {
  for (const auto& [label, architecture] : jet_architectures()) {
    const std::string& name = label;  // a lambda takes no part of a binding
    CAPTURE(name);
    const Model<T> model = model_of<T>(architecture);
    Random random(5);
    for (const int order : {0, 1, 2}) {
      const JetPlan plan(model.inputs(), order);
      const auto x = random.values<T>(70 * size(model.inputs()), -1.2, 1.2);
      const std::vector<T> expected = jets_of(model.network(), order, x);
      for (const std::size_t for_rows : {std::size_t{1}, std::size_t{70}}) {
        std::vector<T> jets(expected.size());
        std::vector<std::byte> scratch(model.jet_workspace_bytes(plan, for_rows));
        CHECK(model.jet(plan, x.data(), 70, jets.data(), scratch) == Status::ok);
        CHECK(same_bits(jets, expected));
      }
    }
  }
}

TEST_CASE("jets ask for a plan of their inputs and for scratch") {
  const Model<double> model = model_of<double>(rich_architecture());
  const std::array<double, 3> x = {};
  std::array<double, 10> jets = {};
  std::vector<std::byte> scratch(model.jet_workspace_bytes(JetPlan(3, 2), 1));
  CHECK(model.jet(JetPlan(2, 2), x.data(), 1, jets.data(), scratch) == Status::wrong_plan);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, scratch.size() - 128}) {
    CHECK(model.jet(JetPlan(3, 2), x.data(), 1, jets.data(), {scratch.data(), bytes}) ==
          Status::workspace_too_small);
  }
}

TEST_CASE("what is not finite is refused and nothing written") {
  const Model<float> model = model_of<float>(rich_architecture());
  std::vector<std::byte> scratch(model.workspace_bytes(50));
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> x(150, 0.5F);
    x[100] = wrong;
    std::vector<float> y(50, 777.0F);
    CHECK(model.predict(x.data(), 50, y.data(), scratch) == Status::not_finite);
    CHECK(model.predict_parallel(x.data(), 50, y.data()) == Status::not_finite);
    CHECK(y == std::vector<float>(50, 777.0F));
  }
}

TEST_CASE("what is outside the grid is refused where the model minds") {
  Architecture architecture = rich_architecture();
  architecture.extrapolation = Extrapolation::error;
  const Model<double> model(Network<double>{architecture});  // grids on [-1, 1]
  std::vector<std::byte> scratch(model.workspace_bytes(1));
  std::array<double, 2> y = {};
  const std::array<double, 3> ends = {-1.0, 1.0, 0.0};
  CHECK(model.predict(ends.data(), 1, y.data(), scratch) == Status::ok);
  const std::array<double, 3> beyond = {-1.0, 1.0000001, 0.0};
  CHECK(model.predict(beyond.data(), 1, y.data(), scratch) == Status::outside_grid);
  CHECK(model.predict_parallel(beyond.data(), 1, y.data()) == Status::outside_grid);
}

TEST_CASE("eight threads share a model and get the bits of one") {
  const Model<float> model = model_of<float>(symbolic_architecture());
  constexpr std::size_t rows = 100'000;
  Random random(6);
  const auto x = random.values<float>(rows * size(model.inputs()));
  const std::vector<float> expected = predict(model.network(), x);
  std::vector<std::vector<float>> y(8, std::vector<float>(expected.size()));
  std::vector<std::thread> threads;
  for (std::vector<float>& own : y) {
    threads.emplace_back([&model, &x, &own] {
      std::vector<std::byte> scratch(model.workspace_bytes(rows));
      const std::size_t share = 1 + own.size() % 997;
      for (std::size_t first = 0; first < rows; first += share) {
        const std::size_t count = std::min(share, rows - first);
        model.predict(x.data() + first * size(model.inputs()), count,
                      own.data() + first * size(model.outputs()), scratch);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& own : y) CHECK(same_bits(own, expected));
}

TEST_CASE("a model is loaded in either precision, with its notes") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("m.safetensors");
  const Network<float> network = random_network<float>(rich_architecture());
  save_model(path, network, {{"a", "b"}});
  const Model<float> model = Model<float>::load(path);
  CHECK(model.notes() == StringMap{{"a", "b"}});
  CHECK(model.inputs() == 3);
  CHECK(model.outputs() == 2);
  const std::vector<float> x = {0.25F, -0.5F, 0.75F};
  CHECK(same_bits(answers(model, x, model.workspace_bytes(1)), predict(network, x)));
  const Model<double> wide = Model<double>::load(path);
  const std::vector<double> y =
      answers(wide, std::vector<double>(x.begin(), x.end()), wide.workspace_bytes(1));
  CHECK(y[0] == doctest::Approx(static_cast<double>(predict(network, x)[0])).epsilon(1e-5));
  CHECK_THROWS_AS(Model<float>::load(directory.file("none")), std::system_error);
  CHECK_THROWS_WITH_AS(Model<float>::parse({}), doctest::Contains("8"), FormatError);
}

}  // namespace
}  // namespace kan::test
