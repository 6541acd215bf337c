#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "json.hpp"
#include "kan/errors.hpp"

namespace {

using kan::FormatError;
using kan::json::Reader;
using namespace std::string_literals;

std::string read_string(const std::string& text) {
  Reader reader(text, "text");
  std::string value = reader.string();
  reader.end();
  return value;
}

std::uint64_t read_integer(const std::string& text) {
  Reader reader(text, "text");
  const std::uint64_t value = reader.unsigned_integer();
  reader.end();
  return value;
}

std::vector<std::uint64_t> read_array(const std::string& text) {
  std::vector<std::uint64_t> values;
  Reader reader(text, "text");
  reader.array([&] { values.push_back(reader.unsigned_integer()); });
  reader.end();
  return values;
}

std::string read_record(const std::string& text) {
  std::string order;
  Reader reader(text, "text");
  reader.record(std::array<std::string_view, 2>{"a", "b"}, [&](std::size_t n) {
    order += std::to_string(n) + (reader.boolean() ? "t" : "f");
  });
  reader.end();
  return order;
}

void read_nested(const std::string& text) {
  Reader reader(text, "text");
  const std::function<void()> element = [&] { reader.array(element); };
  element();
  reader.end();
}

#define CHECK_REFUSED(expression, reason) \
  CHECK_THROWS_WITH_AS(static_cast<void>(expression), doctest::Contains(reason), FormatError)

TEST_CASE("strings are read with their escapes resolved") {
  CHECK(read_string(R"("")").empty());
  CHECK(read_string(" \t\n\r\"a b\"") == "a b");
  CHECK(read_string(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(read_string(R"("\u0041\u00e9\u20AC")") == "A\xC3\xA9\xE2\x82\xAC");
  CHECK(read_string(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
  CHECK(read_string(R"("\u0000x")") == "\0x"s);
  CHECK(read_string("\"\xC3\xA9 \xED\x9F\xBF \xF4\x8F\xBF\xBF\"") ==
        "\xC3\xA9 \xED\x9F\xBF \xF4\x8F\xBF\xBF");
}

TEST_CASE("strings that are not valid are refused") {
  CHECK_REFUSED(read_string(R"("abc)"), "byte 0: a string without an end");
  CHECK_REFUSED(read_string(R"("abc\")"), "a string without an end");
  CHECK_REFUSED(read_string(R"("abc\)"), "a string without an end");
  CHECK_REFUSED(read_string("  'abc'"), "byte 2: expected a string, got '''");
  CHECK_REFUSED(read_string(""), "expected a string, got the end");
  CHECK_REFUSED(read_string("\"a\nb\""), "a control character");
  CHECK_REFUSED(read_string("\"a\0b\""s), "a control character");
  CHECK_REFUSED(read_string(R"("\x41")"), "an unknown escape");
  CHECK_REFUSED(read_string(R"("\u12")"), "without four hexadecimal digits");
  CHECK_REFUSED(read_string(R"("\u12g4")"), "without four hexadecimal digits");
  CHECK_REFUSED(read_string(R"("a" x)"), "byte 3: something follows the end");
}

TEST_CASE("lone surrogates are refused, escaped or raw") {
  for (const char* text :
       {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ud83d\ud83d")"}) {
    CHECK_REFUSED(read_string(text), "half a surrogate pair");
  }
  CHECK_REFUSED(read_string("\"\xED\xA0\x80\""), "not valid UTF-8");
  CHECK_REFUSED(read_string("\"\xED\xBF\xBF\""), "not valid UTF-8");
}

TEST_CASE("bytes that are not UTF-8 are refused") {
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF",
                           "\xE2\x82", "\xE2\x82x", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    CHECK(kan::json::utf8_length(text) == 0);
    CHECK_REFUSED(read_string("\""s + text + "\""), "not valid UTF-8");
  }
  CHECK(kan::json::utf8_length("") == 0);
}

TEST_CASE("integers are exact up to 64 bits and nothing but integers") {
  CHECK(read_integer("0") == 0);
  CHECK(read_integer("18446744073709551615") == 18446744073709551615U);
  CHECK(read_integer("9007199254740993") == 9007199254740993U);
  CHECK_REFUSED(read_integer("18446744073709551616"), "more than 64 bits");
  CHECK_REFUSED(read_integer("99999999999999999999"), "more than 64 bits");
  CHECK_REFUSED(read_integer("-1"), "not negative");
  CHECK_REFUSED(read_integer("-0"), "not negative");
  CHECK_REFUSED(read_integer("+1"), "expected an integer, got '+'");
  CHECK_REFUSED(read_integer("01"), "begins with 0");
  CHECK_REFUSED(read_integer("00"), "begins with 0");
  CHECK_REFUSED(read_integer("1.0"), "got a fraction");
  CHECK_REFUSED(read_integer("1e3"), "got a fraction");
  CHECK_REFUSED(read_integer("1E3"), "got a fraction");
  CHECK_REFUSED(read_integer("NaN"), "expected an integer, got 'N'");
  CHECK_REFUSED(read_integer("null"), "expected an integer, got null");
  CHECK_REFUSED(read_integer("true"), "expected an integer, got a boolean");
  CHECK_REFUSED(read_integer("\"1\""), "expected an integer, got a string");
  CHECK_REFUSED(read_integer("1x"), "something follows the end");
  CHECK_REFUSED(read_integer(""), "expected an integer, got the end");
}

TEST_CASE("arrays are read element by element") {
  CHECK(read_array("[]").empty());
  CHECK(read_array(" [ 1 , 2 ]").size() == 2);
  CHECK_REFUSED(read_array("[1] "), "byte 3: something follows the end");
  CHECK_REFUSED(read_array("[1,]"), "expected an integer, got ']'");
  CHECK_REFUSED(read_array("[,1]"), "expected an integer, got ','");
  CHECK_REFUSED(read_array("[1 2]"), "expected ',' or ']', got a number");
  CHECK_REFUSED(read_array("[1"), "expected ',' or ']', got the end");
  CHECK_REFUSED(read_array("["), "expected an integer, got the end");
  CHECK_REFUSED(read_array("[1}"), "expected ',' or ']'");
  CHECK_REFUSED(read_array("{}"), "expected an array, got an object");
  CHECK_REFUSED(read_array("[[1]]"), "expected an integer, got an array");
}

TEST_CASE("records have each of their fields once, in any order") {
  CHECK(read_record(R"({"a":true,"b":false})") == "0t1f");
  CHECK(read_record(R"( { "b" : false , "a" : true })") == "1f0t");
  CHECK(read_record(R"({"\u0061":true,"b":true})") == "0t1t");
  CHECK_REFUSED(read_record(R"({"a":true,"b":true,"a":true})"), "byte 19: \"a\" appears twice");
  CHECK_REFUSED(read_record(R"({"a":true,"\u0061":true})"), "\"a\" appears twice");
  CHECK_REFUSED(read_record(R"({"a":true,"c":true})"), "byte 10: unknown field \"c\"");
  CHECK_REFUSED(read_record(R"({"a":true})"), "no field \"b\"");
  CHECK_REFUSED(read_record("{}"), "no field \"a\"");
  CHECK_REFUSED(read_record(R"({"a":true,})"), "expected a string, got '}'");
  CHECK_REFUSED(read_record(R"({"a" true})"), "expected ':', got a boolean");
  CHECK_REFUSED(read_record(R"({a:true})"), "expected a string, got 'a'");
  CHECK_REFUSED(read_record(R"({"a":tru,"b":true})"), "expected true or false, got a boolean");
  CHECK_REFUSED(read_record(R"({"a":1,"b":true})"), "expected true or false, got a number");
  CHECK_REFUSED(read_record(R"({"a":true;"b":true})"), "expected ',' or '}', got ';'");
}

TEST_CASE("a document may be 32 deep and no deeper") {
  const auto nest = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_NOTHROW(read_nested(nest(32)));
  CHECK_REFUSED(read_nested(nest(33)), "byte 32: nested deeper than 32");
  CHECK_REFUSED(read_nested(nest(100000)), "nested deeper than 32");
  CHECK_REFUSED(read_nested(std::string(100000, '[')), "nested deeper than 32");
}

TEST_CASE("quoted text is read back as it was") {
  using kan::json::quote;
  CHECK(quote("a\"b\\c\n\x1f") == R"("a\"b\\c\u000a\u001f")");
  for (const std::string& text : {""s, "a\"\\/\b\f\n\r\t\0z"s, "\xC3\xA9\xF0\x9F\x98\x80\x7f"s}) {
    CHECK(read_string(quote(text)) == text);
  }
  CHECK_THROWS_WITH_AS(quote("a\xFF"), doctest::Contains("valid UTF-8, got \"a\\xff\""),
                       std::invalid_argument);
}

TEST_CASE("text in messages is valid UTF-8 and short") {
  CHECK(kan::json::printable("a\xC3\xA9\n\xFF"s + '\0') == "a\xC3\xA9\\x0a\\xff\\x00");
  CHECK(kan::json::printable(std::string(100, 'x')) == std::string(60, 'x') + "...");
  CHECK(kan::json::printable(std::string(60, 'x')) == std::string(60, 'x'));
}

}  // namespace
