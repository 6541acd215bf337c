#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "file_helpers.hpp"
#include "kan/errors.hpp"
#include "kan/safetensors.hpp"

namespace {

using namespace kan;
using namespace kan::test;
using namespace std::string_literals;

TensorView view_of(const std::string& data, DType dtype, std::vector<std::uint64_t> shape) {
  return {dtype, std::move(shape), reinterpret_cast<const std::byte*>(data.data()), data.size()};
}

TEST_CASE("what is written is read back, and written the same way again") {
  const std::string data = "0123456789abcdef";
  const TensorMap tensors = {{"a", view_of(data.substr(0, 0), DType::u8, {0})},
                             {"b", view_of(data, DType::u8, {4, 4})},
                             {"c \"\\\n\xC3\xA9", view_of(data, DType::f32, {2, 2})},
                             {"d", view_of(data, DType::f64, {2})},
                             {"e", view_of(data, DType::i64, {1, 2, 1})},
                             {"f", view_of(data, DType::i32, {4})}};
  const StringMap metadata = {{"", ""}, {"k\t", "\"quoted\\\""}, {"nul", "\0"s}};
  const Bytes bytes = serialize_safetensors(metadata, tensors);
  const SafetensorsFile file = SafetensorsFile::parse(bytes);
  CHECK(file.metadata() == metadata);
  REQUIRE(file.tensors().size() == tensors.size());
  for (const auto& [name, view] : tensors) {
    const TensorView& read = file.tensors().at(name);
    CHECK(read.dtype == view.dtype);
    CHECK(read.shape == view.shape);
    REQUIRE(read.bytes == view.bytes);
    CHECK(std::equal(read.data, read.data + read.bytes, view.data));
  }
  CHECK(serialize_safetensors(file.metadata(), file.tensors()) == bytes);
}

TEST_CASE("the data of a written file begins at 64 bytes, large items first, then by name") {
  const std::string data = "0123456789abcdef";
  for (std::size_t n = 0; n < 70; ++n) {
    const SafetensorsFile file = SafetensorsFile::parse(serialize_safetensors(
        {{"k", std::string(n, 'x')}}, {{"a", view_of(data, DType::u8, {16})},
                                       {"b", view_of(data, DType::f64, {2})},
                                       {"c", view_of(data, DType::i64, {2})},
                                       {"d", view_of(data, DType::f32, {4})}}));
    const std::byte* first = file.bytes().data() + 8 + file.header().size();
    CHECK((8 + file.header().size()) % 64 == 0);
    CHECK(file.tensors().at("b").data == first);
    CHECK(file.tensors().at("c").data == first + 16);
    CHECK(file.tensors().at("d").data == first + 32);
    CHECK(file.tensors().at("a").data == first + 48);
  }
  CHECK(text_of(serialize_safetensors({}, {})) == little_endian(56) + "{}" + std::string(54, ' '));
}

TEST_CASE("what could not be read back is not written") {
  const std::string data = "01234567";
  const auto refused = [&](const std::string& name, const TensorView& view, const char* reason) {
    CHECK_THROWS_WITH_AS(serialize_safetensors({}, {{name, view}}), doctest::Contains(reason),
                         std::invalid_argument);
  };
  refused("__metadata__", view_of(data, DType::u8, {8}), "must have another name");
  refused("x", view_of(data, DType::u8, {8, 1, 1, 1, 1, 1, 1, 1, 1}), "a rank of at most 8");
  refused("x", view_of(data, DType::f32, {8}),
          "must have the 32 bytes of its dtype and shape, got 8");
  refused("x", view_of(data, DType::f64, {1ULL << 62U}), "does not overflow");
  refused("\xFF", view_of(data, DType::u8, {8}), "valid UTF-8");
  CHECK_THROWS_AS(serialize_safetensors({{"k", "\xC3"}}, {}), std::invalid_argument);
  StringMap many;
  for (int n = 0; n < 3000; ++n) many[std::to_string(n)];
  CHECK(SafetensorsFile::parse(serialize_safetensors(many, {})).metadata() == many);
  CHECK_THROWS_WITH_AS(serialize_safetensors(many, {{"x", view_of(data, DType::u8, {8})}}),
                       "at most 3000 tensors and entries of metadata fit into a file, got 3001",
                       std::invalid_argument);
}

TEST_CASE("every truncation is refused, and everything appended") {
  const std::string data = "01234567";
  const Bytes whole = serialize_safetensors({{"k", "v"}}, {{"x", view_of(data, DType::f64, {1})}});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK_THROWS_AS(SafetensorsFile::parse(part), FormatError);
  }
  Bytes more = whole;
  more.push_back(std::byte{0});
  CHECK_THROWS_WITH_AS(SafetensorsFile::parse(more), doctest::Contains("1 bytes follow"),
                       FormatError);
}

TEST_CASE("random damage is refused or harmless") {
  const std::string data = "0123456789abcdef";
  const Bytes whole = serialize_safetensors(
      {{"k", "v"}}, {{"x", view_of(data, DType::f64, {2})}, {"y", view_of(data, DType::u8, {16})}});
  const std::string alphabet = "{}[]\",:\\u0123456789 -.eFUI\xC3\x80\xFF"s + '\0';
  std::mt19937 random(7);
  const auto below = [&random](std::size_t n) { return random() % n; };
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = whole;
    for (std::size_t n = below(4) + 1; n-- > 0;) {
      bytes[below(bytes.size())] = static_cast<std::byte>(alphabet[below(alphabet.size())]);
    }
    if (below(8) == 0) bytes.resize(below(bytes.size() + 20));
    try {
      const SafetensorsFile file = SafetensorsFile::parse(bytes);
      ++accepted;
      unsigned sum = 0;
      for (const auto& [name, view] : file.tensors()) {
        for (std::size_t n = 0; n < view.bytes; ++n) sum += std::to_integer<unsigned>(view.data[n]);
      }
      CHECK(sum < 1U << 16U);
    } catch (const FormatError&) {
    }
  }
  CHECK(accepted > 0);
}

}  // namespace
