#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "evaluations.hpp"
#include "hostile.hpp"
#include "kan/errors.hpp"
#include "kan/model_file.hpp"
#include "model_parts.hpp"

namespace kan::test {
namespace {

const std::vector<double> some_rows = {0.25, -0.5, 0.75, 1.5, 0.0, -2.0};

Parts tested_parts() {
  const Network<double> network = random_network<double>(rich_architecture());
  return parts_of(serialize_model(network, {}, make_self_test(network, some_rows)));
}

TEST_CASE_TEMPLATE("a file carries a self-test, which both precisions pass", T, float, double) {
  for (const Architecture& architecture : {rich_architecture(), symbolic_architecture()}) {
    const Network<T> network = random_network<T>(architecture);
    const SelfTest test = make_self_test(network, some_rows);
    CHECK(test.rows == 2);
    const Bytes bytes = serialize_model(network, {{"a", "b"}}, test);
    const LoadedModel<float> narrow = parse_model<float>(bytes);
    const LoadedModel<double> wide = parse_model<double>(bytes);
    CHECK(wide.self_test.x == test.x);
    CHECK(wide.self_test.y == test.y);
    CHECK(wide.self_test.tolerance == test.tolerance);
    CHECK(narrow.self_test.rows == 2);
    CHECK(serialize_model(parse_model<T>(bytes).network, {{"a", "b"}}, test) == bytes);
  }
}

TEST_CASE("a self-test notices a coefficient that another program changed") {
  Parts parts = tested_parts();
  parts.set("layers.1.base_weight", 3, 1e-3);
  CHECK_THROWS_WITH_AS(parse_model<double>(parts.signed_file()),
                       doctest::Contains("the self-test fails: output 0 of row 0 is "),
                       FormatError);
  CHECK_NOTHROW(parse_model<double>(parts.signed_file(), Verify::no));
}

TEST_CASE("each row of a long self-test is looked at") {
  const Network<double> network = random_network<double>(rich_architecture());
  Random random(4);
  for (const std::size_t rows :
       {std::size_t{63}, std::size_t{64}, std::size_t{65}, std::size_t{300}}) {
    CAPTURE(rows);
    const SelfTest test = make_self_test(network, random.values<double>(3 * rows));
    CHECK(test.rows == rows);
    CHECK(test.y.size() == 2 * rows);
    const Parts good = parts_of(serialize_model(network, {}, test));
    CHECK_NOTHROW(parse_model<float>(Parts(good).signed_file()));
    Parts bad = good;
    bad.set("self_test.y", 2 * rows - 1, 1e9);
    const std::string reason = "output 1 of row " + std::to_string(rows - 1) + " is ";
    CHECK_THROWS_WITH_AS(parse_model<double>(bad.signed_file()), doctest::Contains(reason.c_str()),
                         FormatError);
  }
}

TEST_CASE("the tolerances are those of rounding") {
  const SelfTest test = make_self_test(random_network<double>(rich_architecture()), some_rows);
  REQUIRE(test.tolerance.size() == 4);
  for (const std::size_t o : {std::size_t{0}, std::size_t{1}}) {
    const double largest = std::max(std::abs(test.y[o]), std::abs(test.y[2 + o]));
    CHECK(test.tolerance[o] >= 1e-5 * largest);
    CHECK(test.tolerance[o] < 1e-3 * largest);
    CHECK(test.tolerance[2 + o] >= 1e-11 * largest);
    CHECK(test.tolerance[2 + o] < 1e-9 * largest);
  }
}

TEST_CASE("only whole rows of finite inputs with finite answers make a self-test") {
  const Network<double> network = random_network<double>(rich_architecture());
  CHECK_THROWS_WITH_AS(make_self_test(network, {}), doctest::Contains("whole rows of 3 inputs"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_self_test(network, {1, 2, 3, 4}), doctest::Contains("got 4 numbers"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_self_test(network, {1, 2, std::nan("")}),
                       doctest::Contains("inputs of a self-test must be finite and fit 32 bits"),
                       std::invalid_argument);
  Network<double> large = network;
  std::vector<double> parameters(large.parameter_count(), 1e300);
  large.set_parameters(parameters.data());
  CHECK_THROWS_WITH_AS(make_self_test(large, some_rows), doctest::Contains("must be finite"),
                       std::invalid_argument);
}

TEST_CASE("each output has a tolerance of its own, which does not vanish with the answer") {
  Architecture architecture;
  architecture.layers = {{1, 2, {}, 3, 3}};
  Network<double> network(architecture);
  for (std::size_t n = 0; n < network.parameter_count(); n += 2) {
    network.mutable_parameters()[n] = n + 2 < network.parameter_count() ? 1e6 : -1.0;
  }
  const SelfTest test = make_self_test(network, {0.5});  // the second output is 0
  CHECK(test.tolerance[0] > 1.0);
  CHECK(test.tolerance[1] < 1e-5);
  network.mutable_parameters()[1] = 1.0;
  network.mutable_parameters()[3] = -1.0;
  CHECK(make_self_test(network, {0.5}).tolerance[3] >= 16 * epsilon<double>);
}

TEST_CASE("a self-test of another network is refused, to write and to run") {
  const Network<double> network = random_network<double>(rich_architecture());
  const Network<double> other = random_network<double>(wide_architecture());
  const SelfTest test = make_self_test(other, {1, 2, 3, 4, 5});
  CHECK_THROWS_WITH_AS(serialize_model(network, {}, test),
                       doctest::Contains("a network with 3 inputs and 2 outputs"),
                       std::invalid_argument);
  CHECK_THROWS_AS(run_self_test(network, test), std::invalid_argument);
}

TEST_CASE("a model too large for float has a self-test in double") {
  Network<double> large = random_network<double>(rich_architecture(false));
  large.mutable_parameters()[0] = 1e60;
  const Bytes bytes = serialize_model(large, {}, make_self_test(large, some_rows));
  CHECK_NOTHROW(parse_model<double>(bytes));
}

TEST_CASE("files without a self-test stay of version 1, those with one are of version 2") {
  const Network<double> network = random_network<double>(rich_architecture());
  CHECK(parts_of(serialize_model(network)).metadata.at("kan.version") == "1");
  CHECK(tested_parts().metadata.at("kan.version") == "2");
}

TEST_CASE("damaged self-tests are refused") {
  const auto refused = [](Parts parts, const char* reason) {
    CHECK_THROWS_WITH_AS(parse_model<double>(parts.signed_file(), Verify::no),
                         doctest::Contains(reason), FormatError);
  };
  Parts parts = tested_parts();
  parts.metadata.at("kan.version") = "1";
  refused(parts, "belongs into files of format 2");
  for (const char* name : {"self_test.y", "self_test.tolerance"}) {
    parts = tested_parts();
    parts.tensors.erase(name);
    refused(parts, "is missing");
  }
  parts = tested_parts();
  parts.tensors.erase("self_test.x");
  refused(parts, "does not belong");
  parts = tested_parts();
  parts.shape("self_test.x", {2, 4});
  refused(parts, "asks for F64 [2, 3]");
  parts = tested_parts();
  parts.shape("self_test.x", {0, 3});
  refused(parts, "must have rows");
  parts = tested_parts();
  parts.set("self_test.y", 0, std::numeric_limits<double>::infinity());
  refused(parts, "is not finite");
}

}  // namespace
}  // namespace kan::test
