#include <doctest/doctest.h>

#include <cctype>
#include <limits>
#include <utility>

#include "hostile.hpp"
#include "kan/errors.hpp"
#include "kan/model_file.hpp"

/// Files that are safetensors files, most with the right checksum, but not models.
namespace {

using namespace kan;
using namespace kan::test;

TEST_CASE("the parts put together again are the model") {
  CHECK(parts().signed_file() == small_model());
  CHECK_NOTHROW(parse_model<float>(parts().signed_file()));
}

/// Flips every bit of the file, one at a time.
template <class T>
void check_flips_are_found(const Bytes& whole) {
  REQUIRE_NOTHROW(parse_model<T>(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes bytes = whole;
      bytes[n] ^= std::byte{1} << bit;
      CHECK_THROWS_AS(parse_model<T>(std::move(bytes)), FormatError);
    }
  }
}

TEST_CASE_TEMPLATE("every single flipped bit is found", T, float, double) {
  check_flips_are_found<T>(small_model());
  check_flips_are_found<T>(serialize_model(small_symbolic_network()));
  Architecture minimal;
  minimal.layers = {{1, 1, {}, 1, 0}};
  const Network<float> least(minimal);
  check_flips_are_found<T>(serialize_model(least));
  check_flips_are_found<T>(
      serialize_model(least, {{"note", "kan.crc32"}}, make_self_test(least, {0.5, 2.0})));
}

TEST_CASE("every truncation is refused") {
  const Bytes whole = small_model();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CHECK_THROWS_AS(
        parse_model<double>(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))),
        FormatError);
  }
}

TEST_CASE("a file that is not a model says so") {
  check_refused(serialize_safetensors({}, {}), "not a kan model");
  check_refused(serialize_safetensors({{"format", "pt"}}, {}), "not a kan model");
  CHECK_THROWS_WITH_AS(model_dtype(SafetensorsFile::parse(serialize_safetensors({}, {}))),
                       doctest::Contains("not a kan model"), FormatError);
}

TEST_CASE("a missing or wrong checksum is refused") {
  Parts p = parts();
  p.metadata.at("kan.crc32") = "00000000";
  check_refused(p.file(), "the checksum is wrong");
  p.metadata.at("kan.crc32") = "";
  check_refused(p.file(), "the checksum is wrong");
  p.metadata.erase("kan.crc32");
  check_refused(p.file(), "no checksum \"kan.crc32\": another program wrote this file");
}

TEST_CASE("a checksum in capitals or with a space before it is refused") {
  const Bytes bytes = small_model();
  std::string text = text_of(bytes);
  const std::size_t place = text.find("\"kan.crc32\":\"") + 13;
  const std::string digits = text.substr(place, 8);
  for (std::size_t n = 0; n < 8; ++n) {
    text[place + n] = static_cast<char>(std::toupper(text[place + n]));
  }
  if (text.substr(place, 8) != digits) check_refused(bytes_of(text), "the checksum is wrong");
  text = text_of(bytes);
  text.replace(place - 2, 1, ": ");
  const std::size_t header_bytes = SafetensorsFile::parse(bytes).header().size() + 1;
  check_refused(bytes_of(little_endian(header_bytes) + text.substr(8)), "the checksum is wrong");
}

TEST_CASE("a newer version asks for an update, also without a checksum") {
  check_all_refused({
      {"a newer version of kan wrote this model (file format 3, this one reads up to 2)",
       [](Parts& p) { p.metadata.at("kan.version") = "3"; }},
      {"file format 99999999999999999999",
       [](Parts& p) { p.metadata.at("kan.version") = "99999999999999999999"; }},
      {"must be a number, got \"\"", [](Parts& p) { p.metadata.at("kan.version").clear(); }},
      {"must be a number, got \"01\"", [](Parts& p) { p.metadata.at("kan.version") = "01"; }},
      {"must be a number, got \"-1\"", [](Parts& p) { p.metadata.at("kan.version") = "-1"; }},
      {"have no \"kan.version\"", [](Parts& p) { p.metadata.erase("kan.version"); }},
      {"have no \"kan.architecture\"", [](Parts& p) { p.metadata.erase("kan.architecture"); }},
      {"an unknown entry \"kan.other\"", [](Parts& p) { p.metadata["kan.other"] = ""; }},
      {"an unknown entry \"author\"", [](Parts& p) { p.metadata["author"] = "me"; }},
  });
  Parts p = parts();
  p.metadata.at("kan.version") = "3";
  p.metadata.erase("kan.crc32");
  check_refused(p.file(), "a newer version");
}

TEST_CASE("an architecture that is not the JSON expected is refused") {
  check_all_refused({
      {"architecture, byte 0: expected an object", [](Parts& p) { p.architecture() = "[]"; }},
      {"expected an object, got the end", [](Parts& p) { p.architecture().clear(); }},
      {"something follows the end", [](Parts& p) { p.architecture() += " "; }},
      {"expected an array, got",
       [](Parts& p) { p.architecture() = "{\"layers\":" + std::string(50000, '{'); }},
      {"expected an object, got an array",
       [](Parts& p) { p.architecture() = "{\"layers\":" + std::string(100000, '['); }},
      {"300000 bytes of text, at most 262144 are allowed",
       [](Parts& p) { p.architecture() = std::string(300000, ' '); }},
      {"unknown field \"more\"", replace("\"affine\":true,", "\"affine\":true,\"more\":1,")},
      {"no field \"affine\"", replace("\"affine\":true,", "")},
      {"\"affine\" appears twice", replace("\"affine\":true,", "\"affine\":true,\"affine\":true,")},
      {"expected true or false, got a number", replace("\"affine\":true,", "\"affine\":1,")},
      {"expected one of silu, identity, zero, got \"relu\"", replace("silu", "relu")},
      {"expected one of linear, clamp, zero, polynomial, error, got \"none\"",
       replace("\"linear\"", "\"none\"")},
      {"unknown field \"grid\"", replace("\"intervals\"", "\"grid\"")},
      {"no field \"degree\"", replace(",\"degree\":3", "")},
      {"no field \"coefficients\"", replace("\"coefficients\":true,", "")},
      {"got a fraction", replace("\"inputs\":2", "\"inputs\":2.0")},
      {"not negative", replace("\"inputs\":2", "\"inputs\":-2")},
      {"a size of 2147483648 is too large", replace("\"inputs\":2", "\"inputs\":2147483648")},
      {"a size of 18446744073709551615 is too large", replace("[2]", "[18446744073709551615]")},
  });
}

TEST_CASE("an architecture that lies is refused before anything is allocated for it") {
  check_all_refused({
      {"at least one layer",
       [](Parts& p) {
         const std::size_t end = p.architecture().find("],\"base\"");
         p.architecture().replace(11, end - 11, "");
       }},
      {"layer 0: inputs must be in 1..2^24, got 2147483647",
       replace("\"inputs\":2", "\"inputs\":2147483647")},
      {"layer 0: inputs must be in 1..2^24, got 0", replace("\"inputs\":2", "\"inputs\":0")},
      {"subnodes must be in 1..2^24", replace("[2]", "[16777216]")},
      {"subnodes must be in 1..2^24", replace("[2]", "[16000000,16000000,16000000]")},
      {"an arity must be in 1..2^24, got 0", replace("[2]", "[0]")},
      {"degree k must be in 0..5, got 6", replace("\"degree\":2", "\"degree\":6")},
      {"grid intervals G must be in 1..2^20, got 0", replace("\"intervals\":3", "\"intervals\":0")},
      {"layer 1: inputs must equal the nodes of the layer before, 3", replace("[2]", "[1,1]")},
      {"overflows",
       [](Parts& p) {
         replace("\"inputs\":2", "\"inputs\":16777216")(p);
         replace("\"sums\":1", "\"sums\":16777000")(p);
         replace("\"intervals\":3", "\"intervals\":1048576")(p);
         replace("\"inputs\":2", "\"inputs\":16777001")(p);
       }},
      // Valid, and 2^50 bytes: only the tensors give it away.
      {"\"layers.0.knots\": the architecture asks for F64 [16777216, 8], got F64 [2, 8]",
       replace("\"inputs\":2", "\"inputs\":16777216")},
      {"asks for F64 [2, 8], got F64 [2, 9]", [](Parts& p) { p.shape("layers.0.knots", {2, 9}); }},
      {"asks for F64 [2, 1048581], got F64 [2, 8]",
       replace("\"intervals\":3", "\"intervals\":1048576")},
      {"\"layers.0.coef\": the architecture asks for F64 [2, 5, 4], got F64 [2, 5, 3]",
       replace("[2]", "[3]")},
  });
}

TEST_CASE("tensors that do not belong together are refused") {
  const auto erase = [](const char* name) {
    return [name](Parts& p) {
      p.tensors.erase(name);
      p.data.erase(name);
    };
  };
  check_all_refused({
      {"\"layers.0.knots\": is missing", erase("layers.0.knots")},
      {"\"layers.1.edge_mask\": is missing", erase("layers.1.edge_mask")},
      {"\"layers.1.node_bias\": is missing", erase("layers.1.node_bias")},
      {"\"layers.0.extra\": does not belong",
       [](Parts& p) {
         p.tensors["layers.0.extra"] = {};
         p.shape("layers.0.extra", {1});
       }},
      {"\"layers.2.coef\": does not belong",
       [](Parts& p) {
         p.tensors["layers.2.coef"] = {};
         p.shape("layers.2.coef", {1, 2, 3});
       }},
      {"\"layers.0.node_bias\": does not belong", replace("\"affine\":true,", "\"affine\":false,")},
      {"asks for F64 [2, 5, 3], got F64 [2, 15]",
       [](Parts& p) { p.shape("layers.0.coef", {2, 15}); }},
      {"asks for F64 [2, 5, 3], got F64 [30]", [](Parts& p) { p.shape("layers.0.coef", {30}); }},
      {"asks for F64 [2, 5, 3], got F64 [3, 5, 2]",
       [](Parts& p) { p.shape("layers.0.coef", {3, 5, 2}); }},
      {"asks for F64 [3], got F64 []", [](Parts& p) { p.shape("layers.0.subnode_bias", {}); }},
      {"asks for U8 [2, 3], got F64 [2, 3]",
       [](Parts& p) {
         p.tensors["layers.0.edge_mask"].dtype = DType::f64;
         p.shape("layers.0.edge_mask", {2, 3});
       }},
      {"asks for F64 [2, 5, 3], got F32 [2, 5, 3]",
       [](Parts& p) {
         p.tensors["layers.0.coef"].dtype = DType::f32;
         p.shape("layers.0.coef", {2, 5, 3});
       }},
      {"\"layers.0.knots\": must be F32 or F64, got I64",
       [](Parts& p) { p.tensors["layers.0.knots"].dtype = DType::i64; }},
  });
}

TEST_CASE("numbers that make no model are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  check_all_refused({
      {"\"layers.0.coef\": number 3 is not finite",
       [](Parts& p) { p.set("layers.0.coef", 3, nan); }},
      {"\"layers.1.base_weight\": number 0 is not finite",
       [](Parts& p) { p.set("layers.1.base_weight", 0, infinity); }},
      {"\"layers.1.node_bias\": number 0 is not finite",
       [](Parts& p) { p.set("layers.1.node_bias", 0, -infinity); }},
      {"\"layers.0.knots\": number 7 is not finite",
       [](Parts& p) { p.set("layers.0.knots", 7, infinity); }},
      {"knots of layer 0, input 1 must not decrease",
       [](Parts& p) { p.set("layers.0.knots", 8 + 3, -5.0); }},
      {"knots of layer 0, input 0 must span an interval",
       [](Parts& p) {
         for (std::size_t n = 0; n < 8; ++n) p.set("layers.0.knots", n, 1.0);
       }},
      {"\"layers.0.edge_mask\": number 4 must be 0 or 1, got 2",
       [](Parts& p) { p.set("layers.0.edge_mask", 4, std::uint8_t{2}); }},
      {"must be 0 or 1, got 255",
       [](Parts& p) { p.set("layers.1.edge_mask", 0, std::uint8_t{255}); }},
      {"\"layers.0.coef\": number 4 must be 0, its edge is masked",
       [](Parts& p) { p.set("layers.0.coef", 4, 1e-300); }},
      {"\"layers.0.base_weight\": number 1 must be 0, its edge is masked",
       [](Parts& p) { p.set("layers.0.base_weight", 1, 1.0); }},
  });
}

TEST_CASE("knots that collapse in single precision are refused there alone") {
  Parts p = parts();
  for (std::size_t n = 0; n < 8; ++n) {
    p.set("layers.0.knots", n, 1.0 + 1e-12 * static_cast<double>(n));
  }
  const Bytes bytes = p.signed_file();
  CHECK_NOTHROW(parse_model<double>(bytes));
  CHECK_THROWS_WITH_AS(parse_model<float>(bytes), doctest::Contains("must span an interval"),
                       FormatError);
}

}  // namespace
