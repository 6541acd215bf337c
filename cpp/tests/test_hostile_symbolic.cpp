#include <doctest/doctest.h>

#include <limits>

#include "hostile.hpp"

/// What a file may say of symbolic edges and tables, and what it may not.
namespace {

using namespace kan;
using namespace kan::test;

TEST_CASE("the parts of a model with symbolic edges put together again are the model") {
  CHECK(symbolic_parts().signed_file() == serialize_model(small_symbolic_network()));
}

TEST_CASE("symbolic edges that are not the JSON expected are refused") {
  check_all_refused(
      {
          {"there is no function \"sinh\"", replace("\"sin\"", "\"sinh\"")},
          {"there is no function \"\"", replace("\"sin\"", "\"\"")},
          {"expected a string, got a number", replace("\"sin\"", "17")},
          {"no field \"function\"", replace(",\"function\":\"sin\"", "")},
          {"unknown field \"alpha\"", replace("\"sum\":1,", "\"sum\":1,\"alpha\":2,")},
          {"\"sum\" appears twice", replace("\"sum\":1,", "\"sum\":1,\"sum\":1,")},
          {"not negative", replace("\"sum\":1,", "\"sum\":-1,")},
          {"a symbolic edge has a \"table\" if that is its function, and only then",
           replace("\"sin\"", "\"sin\",\"table\":0")},
          {"a symbolic edge has a \"table\" if that is its function, and only then",
           replace(",\"table\":0", "")},
          {"expected an array, got", replace("\"symbolic\":[", "\"symbolic\":{},\"more\":[")},
      },
      symbolic_parts);
}

TEST_CASE("symbolic edges that cannot be are refused") {
  check_all_refused(
      {
          {"layer 0: a symbolic edge must begin at an input, got 2",
           replace("\"input\":1,\"sum\":0,\"function\":\"table\"",
                   "\"input\":2,\"sum\":0,\"function\":\"table\"")},
          {"layer 0: a symbolic edge must end at a sum, got 3",
           replace("\"sum\":1,", "\"sum\":3,")},
          {"layer 0: symbolic edges must be sorted by input, then sum, each once",
           replace("\"input\":0,\"sum\":1,", "\"input\":1,\"sum\":1,")},
          {"must be sorted by input, then sum, each once",
           replace("\"input\":0,\"sum\":1,", "\"input\":1,\"sum\":0,")},
          {"layer 0: a table must be one of the architecture's, got 1",
           replace("\"table\":0", "\"table\":1")},
          {"a size of 4294967296 is too large", replace("\"table\":0", "\"table\":4294967296")},
      },
      symbolic_parts);
}

TEST_CASE("tables that cannot be are refused, before anything is allocated for them") {
  const auto many = [](Parts& p) {
    std::string list;
    for (int n = 0; n < 64; ++n) list += R"({"name":"t","coefficients":0},)";
    replace("\"tables\":[", "\"tables\":[" + list)(p);
  };
  check_all_refused(
      {
          {"there are too many tables", many},
          {"the tables have more coefficients than there is data",
           replace("\"coefficients\":7", "\"coefficients\":65536")},
          {"a table has too many coefficients",
           replace("\"coefficients\":7", "\"coefficients\":65537")},
          {"a table has too many coefficients",
           replace("\"coefficients\":7", "\"coefficients\":2147483647")},
          {"it must have 6..2^16 coefficients, got 5",
           replace("\"coefficients\":7", "\"coefficients\":5")},
          {"no field \"name\"", replace("\"name\":\"j0\",", "")},
          {"unknown field \"low\"", replace("\"name\":\"j0\",", "\"name\":\"j0\",\"low\":1,")},
          {"\"tables.0\": the architecture asks for F64 [10], got F64 [9]",
           replace("\"coefficients\":7", "\"coefficients\":8")},
      },
      symbolic_parts);
}

TEST_CASE("tensors of symbolic edges and tables that do not belong together are refused") {
  const auto erase = [](const char* name) {
    return [name](Parts& p) {
      p.tensors.erase(name);
      p.data.erase(name);
    };
  };
  check_all_refused(
      {
          {"\"layers.0.symbolic\": is missing", erase("layers.0.symbolic")},
          {"\"layers.1.symbolic_trainable\": is missing", erase("layers.1.symbolic_trainable")},
          {"\"tables.0\": is missing", erase("tables.0")},
          {"\"layers.0.symbolic\": the architecture asks for F64 [2, 4], got F64 [4, 2]",
           [](Parts& p) { p.shape("layers.0.symbolic", {4, 2}); }},
          {"asks for F64 [2, 4], got F64 [3, 4]",
           [](Parts& p) { p.shape("layers.0.symbolic", {3, 4}); }},
          {"asks for F64 [1, 4], got F64 [4]", [](Parts& p) { p.shape("layers.1.symbolic", {4}); }},
          {"asks for U8 [2, 4], got U8 [2, 3]",
           [](Parts& p) { p.shape("layers.0.symbolic_trainable", {2, 3}); }},
          {"asks for F64 [2, 4], got F32 [2, 4]",
           [](Parts& p) {
             p.tensors["layers.0.symbolic"].dtype = DType::f32;
             p.shape("layers.0.symbolic", {2, 4});
           }},
          {"asks for U8 [2, 4], got F64 [2, 4]",
           [](Parts& p) {
             p.tensors["layers.0.symbolic_trainable"].dtype = DType::f64;
             p.shape("layers.0.symbolic_trainable", {2, 4});
           }},
          {"\"tables.0\": the architecture asks for F64 [9], got F64 [3, 3]",
           [](Parts& p) { p.shape("tables.0", {3, 3}); }},
          {"\"tables.1\": does not belong",
           [](Parts& p) {
             p.tensors["tables.1"] = p.tensors["tables.0"];
             p.data["tables.1"] = p.data["tables.0"];
           }},
          {"\"layers.1.symbolic\": does not belong",
           replace(",\"symbolic\":[{\"input\":1,\"sum\":0,\"function\":\"1/x^2\"}]", "")},
      },
      symbolic_parts);
}

TEST_CASE("numbers that make no symbolic edge and no table are refused") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  check_all_refused(
      {
          {"\"layers.0.symbolic\": number 5 is not finite",
           [](Parts& p) { p.set("layers.0.symbolic", 5, nan); }},
          {"\"layers.1.symbolic\": number 0 is not finite",
           [](Parts& p) { p.set("layers.1.symbolic", 0, -infinity); }},
          {"\"layers.0.symbolic_trainable\": number 3 must be 0 or 1, got 2",
           [](Parts& p) { p.set("layers.0.symbolic_trainable", 3, std::uint8_t{2}); }},
          {"\"tables.0\": number 8 is not finite",
           [](Parts& p) { p.set("tables.0", 8, infinity); }},
          {"\"tables.0\": number 0 is not finite", [](Parts& p) { p.set("tables.0", 0, nan); }},
          {"table \"j0\": low and high must be finite, low < high",
           [](Parts& p) { p.set("tables.0", 0, 3.0); }},
          {"table \"j0\": low and high must be finite, low < high",
           [](Parts& p) { p.set("tables.0", 0, 4.0); }},
          {"further apart than rounding", [](Parts& p) { p.set("tables.0", 0, 3.0 - 1e-15); }},
      },
      symbolic_parts);
}

}  // namespace
