#include <doctest/doctest.h>

#include <cstring>
#include <utility>

#include "file_helpers.hpp"
#include "kan/errors.hpp"
#include "kan/safetensors.hpp"

namespace {

using namespace kan;
using namespace kan::test;
using namespace std::string_literals;

/// A header with one tensor of these fields.
std::string one(const std::string& fields) { return "{\"x\":{" + fields + "}}"; }

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return one("\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets);
}

/// Two F32 tensors of one number each, at these offsets.
std::string two(const std::string& first, const std::string& second) {
  return R"({"x":{"dtype":"F32","shape":[1],"data_offsets":)" + first +
         R"(},"y":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}";
}

struct Hostile {
  const char* reason;
  Bytes bytes;
};

#define CHECK_REFUSED(bytes, reason) \
  CHECK_THROWS_WITH_AS(SafetensorsFile::parse(bytes), doctest::Contains(reason), FormatError)

void check_all_refused(const std::vector<Hostile>& files) {
  for (const Hostile& file : files) {
    CAPTURE(file.reason);
    CHECK_REFUSED(file.bytes, file.reason);
  }
}

std::string zeros(std::size_t n) { return std::string(n, '\0'); }

TEST_CASE("a valid file is read as it stands") {
  const std::string header =
      R"({"b":{"shape":[2,1],"data_offsets":[8,16],"dtype":"F32"},)"
      R"("__metadata__":{"k":"v\u00e9"},)"
      R"("a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"":{"dtype":"U8","shape":[0,9],)"
      R"("data_offsets":[16,16]}}   )";
  const SafetensorsFile file = SafetensorsFile::parse(file_of(header, "ABCDEFGH01234567"));
  CHECK(file.metadata() == StringMap{{"k", "v\xC3\xA9"}});
  CHECK(file.header() == header);
  REQUIRE(file.tensors().size() == 3);
  const TensorView& a = file.tensors().at("a");
  CHECK(a.dtype == DType::i64);
  CHECK(a.shape.empty());
  CHECK(a.bytes == 8);
  CHECK(std::memcmp(a.data, "ABCDEFGH", 8) == 0);
  const TensorView& b = file.tensors().at("b");
  CHECK(b.dtype == DType::f32);
  CHECK(b.shape == std::vector<std::uint64_t>{2, 1});
  CHECK(std::memcmp(b.data, "01234567", 8) == 0);
  CHECK(file.tensors().at("").bytes == 0);
}

TEST_CASE("files without tensors, metadata or data are valid") {
  CHECK(SafetensorsFile::parse(file_of("{}")).tensors().empty());
  CHECK(SafetensorsFile::parse(file_of(R"({"__metadata__":{}})")).metadata().empty());
  CHECK(SafetensorsFile::parse(file_of(one("F64", "[0]", "[0,0]"))).tensors().size() == 1);
  CHECK(SafetensorsFile::parse(file_of(one("U8", "[1,1,1,1,1,1,1,1]", "[0,1]"), zeros(1)))
            .tensors()
            .at("x")
            .shape.size() == 8);
}

TEST_CASE("views survive a move of the file") {
  SafetensorsFile first = SafetensorsFile::parse(file_of(one("U8", "[3]", "[0,3]"), "abc"));
  const SafetensorsFile second = std::move(first);
  CHECK(std::memcmp(second.tensors().at("x").data, "abc", 3) == 0);
  CHECK(second.tensors().at("x").data == second.bytes().data() + second.bytes().size() - 3);
}

TEST_CASE("a header length that lies is refused") {
  check_all_refused({
      {"0 bytes, the length of the header alone takes 8", {}},
      {"7 bytes", Bytes(7)},
      {"must begin with '{'", Bytes(8)},
      {"at most 100000000 are allowed", bytes_of(little_endian(100'000'001) + "{}")},
      {"at most 100000000 are allowed", bytes_of(std::string(8, '\xFF') + "{}")},
      {"a header of 9223372036854775808 bytes", bytes_of(little_endian(1ULL << 63U) + "{}")},
      {"a header of 3 bytes in a file of 10 bytes", bytes_of(little_endian(3) + "{}")},
      {"a header of 100000000 bytes in a file", bytes_of(little_endian(100'000'000) + "{}")},
      {"got the end", bytes_of(little_endian(1) + "{}")},
      {"must begin with '{'", bytes_of(little_endian(0) + "{}")},
  });
}

TEST_CASE("a header that is not one strict JSON object is refused") {
  check_all_refused({
      {"must begin with '{'", file_of("[]")},
      {"must begin with '{'", file_of(" {}")},
      {"must begin with '{'", file_of("\xEF\xBB\xBF{}")},
      {"must begin with '{'", file_of("null")},
      {"only spaces may follow", file_of("{}{}")},
      {"only spaces may follow", file_of("{}\n")},
      {"only spaces may follow", file_of("{}\0"s)},
      {"only spaces may follow", file_of("{} \t")},
      {"expected a string", file_of("{'x':1}")},
      {"expected a string, got '/'", file_of("{/**/}")},
      {"not valid UTF-8", file_of("{\"\xFF\":1}")},
      {"not valid UTF-8", file_of("{\"\xED\xA0\x80\":1}")},
      {"half a surrogate pair", file_of(R"({"\ud800":1})")},
      {"a control character", file_of("{\"a\0b\":1}"s)},
      {"expected an object, got an array", file_of("{\"x\":" + std::string(100000, '['))},
      {"unknown field", file_of("{\"x\":{\"x\":" + std::string(100000, '{'))},
      {"expected an integer, got an array",
       file_of(one("F32", std::string(100000, '[') + std::string(100000, ']'), "[0,0]"))},
      {"expected an object, got a number", file_of(R"({"x":1})")},
      {"expected an object, got null", file_of(R"({"x":null})")},
  });
}

TEST_CASE("names that appear twice are refused, however they are spelled") {
  const std::string x = R"("x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  check_all_refused({
      {"byte 53: \"x\" appears twice", file_of("{" + x + "," + x + "}")},
      {"\"x\" appears twice", file_of("{" + x + R"(,"\u0078":{}})")},
      {"\"__metadata__\" appears twice", file_of(R"({"__metadata__":{},"__metadata__":{}})")},
      {"\"a\" appears twice", file_of(R"({"__metadata__":{"a":"1","a":"1"}})")},
      {"\"shape\" appears twice", file_of(one(R"("dtype":"U8","shape":[0],"shape":[0])"))},
  });
}

TEST_CASE("metadata that are not texts are refused") {
  check_all_refused({
      {"expected an object, got an array", file_of(R"({"__metadata__":[]})")},
      {"expected an object, got null", file_of(R"({"__metadata__":null})")},
      {"expected a string, got a number", file_of(R"({"__metadata__":{"a":1}})")},
      {"expected a string, got an object", file_of(R"({"__metadata__":{"a":{}}})")},
      {"expected a string, got null", file_of(R"({"__metadata__":{"a":null}})")},
  });
}

TEST_CASE("a tensor has dtype, shape and data_offsets and nothing else") {
  check_all_refused({
      {"no field \"dtype\"", file_of(one(""))},
      {"no field \"shape\"", file_of(one(R"("dtype":"U8","data_offsets":[0,0])"))},
      {"no field \"data_offsets\"", file_of(one(R"("dtype":"U8","shape":[0])"))},
      {"unknown field \"extra\"",
       file_of(one(R"("dtype":"U8","shape":[0],"data_offsets":[0,0],"extra":1)"))},
      {"got \"F16\"", file_of(one("F16", "[1]", "[0,2]"), zeros(2))},
      {"dtype must be U8, I32, I64, F32 or F64, got \"f32\"", file_of(one("f32", "[0]", "[0,0]"))},
      {"got \"\"", file_of(one("", "[0]", "[0,0]"))},
      {"got \"F32\\x00\"", file_of(one(R"(F32\u0000)", "[0]", "[0,0]"))},
      {"expected a string, got a number", file_of(one(R"("dtype":1)"))},
  });
}

TEST_CASE("shapes that are not a few small integers are refused") {
  const auto shape = [](const std::string& text) {
    return file_of(one("F32", text, "[0,8]"), zeros(8));
  };
  check_all_refused({
      {"expected an array, got a number", shape("2")},
      {"expected an array, got null", shape("null")},
      {"not negative", shape("[-2]")},
      {"not negative", shape("[-0]")},
      {"got a fraction", shape("[2.0]")},
      {"got a fraction", shape("[2e0]")},
      {"begins with 0", shape("[02]")},
      {"more than 64 bits", shape("[18446744073709551616]")},
      {"more than 64 bits", shape("[" + std::string(1000, '9') + "]")},
      {"got a string", shape("[\"2\"]")},
      {"a shape has at most 8 numbers", shape("[2,1,1,1,1,1,1,1,1]")},
      {"a shape has at most 8 numbers", shape("[2" +
                                              [] {
                                                std::string text;
                                                for (int n = 0; n < 100000; ++n) text += ",1";
                                                return text;
                                              }() +
                                              "]")},
  });
}

TEST_CASE("shapes whose size overflows are refused") {
  const auto shape = [](const std::string& dtype, const std::string& text) {
    return file_of(one(dtype, text, "[0,8]"), zeros(8));
  };
  check_all_refused({
      {"the size of the shape overflows", shape("F32", "[4611686018427387906,1,1]")},
      {"the size of the shape overflows", shape("F64", "[2305843009213693953]")},
      {"the size of the shape overflows",
       shape("U8", "[18446744073709551615,18446744073709551615]")},
      {"the size of the shape overflows", shape("U8", "[4294967296,4294967296,8]")},
      {"the size of the shape overflows", shape("U8", "[18446744073709551615,2,0]")},
      {"need 18446744073709551615 bytes", shape("U8", "[18446744073709551615]")},
      {"need 0 bytes, data_offsets hold 8", shape("U8", "[0,18446744073709551615]")},
  });
}

TEST_CASE("offsets must agree with the shape and lie in the file") {
  const auto offsets = [](const std::string& text) {
    return file_of(one("F32", "[2]", text), zeros(8));
  };
  CHECK_NOTHROW(SafetensorsFile::parse(offsets("[0,8]")));
  check_all_refused({
      {"need 8 bytes, data_offsets hold 4", offsets("[0,4]")},
      {"must not decrease", offsets("[8,0]")},
      {"data_offsets end at 16, the file holds 8 bytes of data", offsets("[8,16]")},
      {"data_offsets end at 18446744073709551615",
       offsets("[18446744073709551607,18446744073709551615]")},
      {"data_offsets end at 18446744073709551615", offsets("[0,18446744073709551615]")},
      {"needs 2 numbers", offsets("[0]")},
      {"needs 2 numbers", offsets("[]")},
      {"at most 2 numbers", offsets("[0,8,8]")},
      {"not negative", offsets("[-8,0]")},
      {"got a fraction", offsets("[0,8.0]")},
      {"not aligned", file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})",
                              zeros(5))},
  });
}

TEST_CASE("the data must be covered without holes, overlaps and leftovers") {
  CHECK_NOTHROW(SafetensorsFile::parse(file_of(two("[4,8]", "[0,4]"), zeros(8))));
  check_all_refused({
      {"\"x\": a hole lies before", file_of(one("F32", "[1]", "[4,8]"), zeros(8))},
      {"\"y\": a hole lies before", file_of(two("[0,4]", "[8,12]"), zeros(12))},
      {"overlaps another tensor", file_of(two("[0,4]", "[0,4]"), zeros(4))},
      {"4 bytes follow the last tensor", file_of(two("[0,4]", "[4,8]"), zeros(12))},
      {"1 bytes follow the last tensor", file_of("{}", "x")},
      {"data_offsets end at 8", file_of(two("[0,4]", "[4,8]"), zeros(7))},
      {"a hole lies before", file_of(one("U8", "[0]", "[1,1]"), zeros(1))},
      {"overlaps another tensor", file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                                          R"("b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
                                          zeros(4))},
  });
}

TEST_CASE("a file may not make the reader keep far more than its own size") {
  const auto metadata = [](int count) {
    std::string header = "{\"__metadata__\":{";
    for (int n = 0; n < count; ++n) header += "\"" + std::to_string(n) + "\":\"\",";
    header.back() = '}';
    return header;
  };
  CHECK_NOTHROW(SafetensorsFile::parse(file_of(metadata(3000) + "}")));
  CHECK_REFUSED(file_of(metadata(3001) + "}"), "more than 3000 tensors and entries of metadata");
  CHECK_REFUSED(
      file_of(metadata(3000) + R"(,"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
      "more than 3000 tensors and entries of metadata");
}

TEST_CASE("a file is loaded by its path, which messages name") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("x.safetensors");
  write_text(path, text_of(file_of(one("U8", "[3]", "[0,3]"), "abc")));
  CHECK(SafetensorsFile::load(path).tensors().at("x").bytes == 3);
  write_text(path, "{}");
  CHECK_THROWS_WITH_AS(SafetensorsFile::load(path),
                       (path + ": not a safetensors file: 2 bytes, the length of the header alone "
                               "takes 8")
                           .c_str(),
                       FormatError);
  CHECK_THROWS_WITH_AS(SafetensorsFile::load("/dev/null"), "/dev/null: not a regular file",
                       FormatError);
}

}  // namespace
