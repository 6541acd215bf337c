#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "evaluations.hpp"
#include "file_helpers.hpp"
#include "kan/kan.h"
#include "kan/model_file.hpp"

namespace kan::test {
namespace {

Bytes some_file() { return serialize_model(random_network<double>(rich_architecture())); }

bool told(const char* part) { return std::strstr(kan_last_error(), part) != nullptr; }

class Handle {
 public:
  explicit Handle(kan_dtype dtype, const Bytes& bytes = some_file()) {
    REQUIRE(kan_parse(bytes.data(), bytes.size(), dtype, 0, &model) == KAN_OK);
  }
  ~Handle() { kan_free(model); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  kan_model* model = nullptr;
};

TEST_CASE("C callers get the predictions of C++") {
  const Network<double> network = random_network<double>(rich_architecture());
  const Handle handle(KAN_FLOAT64);
  CHECK(kan_inputs(handle.model) == 3);
  CHECK(kan_outputs(handle.model) == 2);
  Random random(1);
  const auto x = random.values<double>(300);
  std::vector<double> y(200), parallel(200);
  std::vector<std::byte> scratch(kan_workspace_bytes(handle.model, 100));
  CHECK(kan_predict_double(handle.model, x.data(), 100, y.data(), scratch.data(), scratch.size()) ==
        KAN_OK);
  CHECK(kan_predict_parallel_double(handle.model, x.data(), 100, parallel.data()) == KAN_OK);
  CHECK(same_bits(y, predict(network, x)));
  CHECK(same_bits(parallel, y));
  const Handle narrow(KAN_FLOAT32);
  const std::vector<float> x32(x.begin(), x.end());
  std::vector<float> y32(200);
  CHECK(kan_predict_parallel_float(narrow.model, x32.data(), 100, y32.data()) == KAN_OK);
  CHECK(static_cast<double>(y32[0]) == doctest::Approx(y[0]).epsilon(1e-4));
}

TEST_CASE("a file is loaded by its path") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("m.safetensors");
  save_model(path, random_network<float>(rich_architecture()));
  kan_model* model = nullptr;
  CHECK(kan_load(path.c_str(), KAN_FLOAT32, KAN_SKIP_SELF_TEST, &model) == KAN_OK);
  kan_free(model);
  CHECK(kan_load(directory.file("none").c_str(), KAN_FLOAT32, 0, &model) == KAN_CANNOT_READ);
  CHECK(model == nullptr);
  CHECK(told("none"));
}

TEST_CASE("bytes that are no model say why") {
  kan_model* model = nullptr;
  Bytes bytes = some_file();
  bytes.back() ^= std::byte{1};
  CHECK(kan_parse(bytes.data(), bytes.size(), KAN_FLOAT32, 0, &model) == KAN_BAD_FORMAT);
  CHECK(told("checksum"));
  CHECK(kan_parse(nullptr, 0, KAN_FLOAT32, 0, &model) == KAN_BAD_FORMAT);
}

TEST_CASE("a self-test that fails is a bad file, unless it is skipped") {
  const Network<double> network = random_network<double>(rich_architecture());
  SelfTest test = make_self_test(network, {0.1, 0.2, 0.3});
  test.y[0] += 1.0;
  const Bytes bytes = serialize_model(network, {}, test);
  kan_model* model = nullptr;
  CHECK(kan_parse(bytes.data(), bytes.size(), KAN_FLOAT64, 0, &model) == KAN_BAD_FORMAT);
  CHECK(told("self-test"));
  CHECK(kan_parse(bytes.data(), bytes.size(), KAN_FLOAT64, KAN_SKIP_SELF_TEST, &model) == KAN_OK);
  kan_free(model);
}

TEST_CASE("arguments that cannot be meant are refused") {
  const Bytes bytes = some_file();
  kan_model* model = nullptr;
  CHECK(kan_parse(bytes.data(), bytes.size(), KAN_FLOAT32, 0, nullptr) == KAN_BAD_ARGUMENT);
  CHECK(kan_parse(nullptr, 5, KAN_FLOAT32, 0, &model) == KAN_BAD_ARGUMENT);
  CHECK(kan_parse(bytes.data(), bytes.size(), KAN_FLOAT32, 8, &model) == KAN_BAD_ARGUMENT);
  CHECK(told("flags"));
  CHECK(kan_load(nullptr, KAN_FLOAT32, 0, &model) == KAN_BAD_ARGUMENT);
  const Handle handle(KAN_FLOAT64);
  double x[3] = {0, 0, 0}, y[2] = {7, 7};
  std::vector<std::byte> scratch(kan_workspace_bytes(handle.model, 1));
  const auto predicts = [&](const kan_model* with, const double* from, double* to,
                            std::size_t bytes_) {
    return kan_predict_double(with, from, 1, to, scratch.data(), bytes_);
  };
  CHECK(predicts(nullptr, x, y, scratch.size()) == KAN_BAD_ARGUMENT);
  CHECK(predicts(handle.model, nullptr, y, scratch.size()) == KAN_BAD_ARGUMENT);
  CHECK(predicts(handle.model, x, nullptr, scratch.size()) == KAN_BAD_ARGUMENT);
  CHECK(predicts(handle.model, x, y, 10) == KAN_WORKSPACE_TOO_SMALL);
  CHECK(kan_predict_double(handle.model, x, 1, y, nullptr, 1000000) == KAN_BAD_ARGUMENT);
  CHECK(kan_predict_double(handle.model, nullptr, 0, nullptr, nullptr, 0) == KAN_OK);
  CHECK(kan_parse(bytes.data(), SIZE_MAX / 2 + 9, KAN_FLOAT64, 0, &model) == KAN_NO_MEMORY);
  x[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK(predicts(handle.model, x, y, scratch.size()) == KAN_NOT_FINITE);
  const float x32[3] = {0, 0, 0};
  float y32[2] = {};
  CHECK(kan_predict_parallel_float(handle.model, x32, 1, y32) == KAN_BAD_ARGUMENT);
  CHECK(told("other dtype"));
  CHECK(y[0] == 7.0);
  CHECK(kan_inputs(nullptr) == 0);
  CHECK(kan_outputs(nullptr) == 0);
  CHECK(kan_workspace_bytes(nullptr, 5) == 0);
  kan_free(nullptr);
}

TEST_CASE("every thread has an error of its own") {
  kan_model* model = nullptr;
  CHECK(kan_load("/no/such/file", KAN_FLOAT32, 0, &model) == KAN_CANNOT_READ);
  std::thread([] { CHECK(std::string(kan_last_error()).empty()); }).join();
  CHECK(told("/no/such/file"));
}

TEST_CASE("versions are those of the headers") {
  CHECK(kan_abi_version() == KAN_ABI_VERSION);
  CHECK(std::string(kan_version()).find('.') != std::string::npos);
}

}  // namespace
}  // namespace kan::test
