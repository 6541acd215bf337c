#include "json.hpp"

#include <cstring>
#include <limits>
#include <stdexcept>

#include "kan/errors.hpp"

namespace kan::json {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20; }

bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

char hex_digit(unsigned nibble) noexcept { return "0123456789abcdef"[nibble & 0xFU]; }

/// \x1f or, with another prefix, \u001f.
void append_hex(std::string& out, const char* prefix, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += prefix;
  out += hex_digit(byte >> 4U);
  out += hex_digit(byte);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0U | code >> 6U);
    push(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    push(0xE0U | code >> 12U);
    push(0x80U | (code >> 6U & 0x3FU));
    push(0x80U | (code & 0x3FU));
  } else {
    push(0xF0U | code >> 18U);
    push(0x80U | (code >> 12U & 0x3FU));
    push(0x80U | (code >> 6U & 0x3FU));
    push(0x80U | (code & 0x3FU));
  }
}

/// What the byte at the start of a value announces.
std::string kind_of(char first) {
  switch (first) {
    case '"': return "a string";
    case '[': return "an array";
    case '{': return "an object";
    case 't':
    case 'f': return "a boolean";
    case 'n': return "null";
    default: break;
  }
  if (is_digit(first) || first == '-') return "a number";
  return "'" + printable({&first, 1}) + "'";
}

}  // namespace

void Reader::fail(const std::string& reason) const {
  throw FormatError(std::string(name_) + ", byte " + std::to_string(token_) + ": " + reason);
}

void Reader::fail_expected(const std::string& kind) const {
  fail("expected " + kind + ", got " +
       (token_ < text_.size() ? kind_of(text_[token_]) : std::string("the end")));
}

void Reader::fail_duplicate(std::string_view key) const {
  fail("\"" + printable(key) + "\" appears twice");
}

void Reader::fail_unknown(std::string_view field) const {
  fail("unknown field \"" + printable(field) + "\"");
}

void Reader::fail_missing(std::string_view field) const {
  fail("the object that ends here has no field \"" + printable(field) + "\"");
}

void Reader::start_token() noexcept {
  while (next_ < text_.size() && std::strchr(" \t\n\r", text_[next_]) != nullptr &&
         text_[next_] != '\0') {
    ++next_;
  }
  token_ = next_;
}

bool Reader::accept(char expected) noexcept {
  start_token();
  if (next_ == text_.size() || text_[next_] != expected) return false;
  ++next_;
  return true;
}

void Reader::open(char bracket, const char* kind) {
  if (!accept(bracket)) fail_expected(kind);
  if (++depth_ > max_depth) fail("nested deeper than " + std::to_string(max_depth));
}

bool Reader::another(char close) {
  if (accept(',')) return true;
  if (!accept(close)) fail_expected(std::string("',' or '") + close + "'");
  return false;
}

std::string Reader::key() {
  std::string text = string();
  const std::size_t start = token_;
  if (!accept(':')) fail_expected("':'");
  token_ = start;
  return text;
}

std::string Reader::string() {
  if (!accept('"')) fail_expected("a string");
  std::size_t close = next_;
  while (close < text_.size() && text_[close] != '"') close += text_[close] == '\\' ? 2 : 1;
  if (close >= text_.size()) fail("a string without an end");
  std::string out;
  out.reserve(close - next_);
  while (text_[next_] != '"') append_characters(out);
  ++next_;
  return out;
}

/// One escape, or one character that is not ASCII, or all plain ASCII up to the next of these.
void Reader::append_characters(std::string& out) {
  const char first = text_[next_];
  if (first == '\\') return append_escape(out);
  if (is_control(first)) fail("a control character in a string");
  std::size_t length = 0;
  if (is_ascii(first)) {
    for (char c = first; is_ascii(c) && !is_control(c) && c != '"' && c != '\\';) {
      c = text_[next_ + ++length];
    }
  } else {
    length = utf8_length(text_.substr(next_));
    if (length == 0) fail("a string that is not valid UTF-8");
  }
  out.append(text_, next_, length);
  next_ += length;
}

void Reader::append_escape(std::string& out) {
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const char letter = text_[next_ + 1];
  next_ += 2;
  if (const std::size_t n = letters.find(letter); n != std::string_view::npos) {
    out += meanings[n];
    return;
  }
  if (letter != 'u') fail("an unknown escape in a string");
  std::uint32_t code = hexadecimal();
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(next_, 2) == "\\u") {
    next_ += 2;
    const std::uint32_t low = hexadecimal();
    if (low < 0xDC00 || low > 0xDFFF) fail("half a surrogate pair in a string");
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  }
  if (code >= 0xD800 && code < 0xE000) fail("half a surrogate pair in a string");
  append_utf8(out, code);
}

std::uint32_t Reader::hexadecimal() {
  std::uint32_t code = 0;
  for (int n = 0; n < 4; ++n, ++next_) {
    const char c = peek();
    const auto letter = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      code = code * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      code = code * 16 + static_cast<std::uint32_t>(letter - 'a' + 10);
    } else {
      fail("\\u without four hexadecimal digits in a string");
    }
  }
  return code;
}

std::uint64_t Reader::unsigned_integer() {
  start_token();
  if (peek() == '-') fail("expected an integer that is not negative");
  if (!is_digit(peek())) fail_expected("an integer");
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  const bool leading_zero = peek() == '0';
  std::uint64_t value = 0;
  for (; is_digit(peek()); ++next_) {
    const auto digit = static_cast<std::uint64_t>(peek() - '0');
    if (leading_zero && next_ > token_) fail("an integer that begins with 0");
    if (value > (most - digit) / 10) fail("an integer of more than 64 bits");
    value = value * 10 + digit;
  }
  if (peek() == '.' || (peek() | 0x20) == 'e') fail("expected an integer, got a fraction");
  return value;
}

bool Reader::boolean() {
  start_token();
  for (const std::string_view word : {"true", "false"}) {
    if (text_.substr(next_, word.size()) == word) {
      next_ += word.size();
      return word == "true";
    }
  }
  fail_expected("true or false");
}

void Reader::end() const {
  if (next_ != text_.size()) {
    throw FormatError(std::string(name_) + ", byte " + std::to_string(next_) +
                      ": something follows the end");
  }
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) {
      throw std::invalid_argument("text must be valid UTF-8, got \"" + printable(text) + "\"");
    }
    if (is_control(rest[0])) {
      append_hex(out, "\\u00", rest[0]);
    } else {
      if (rest[0] == '"' || rest[0] == '\\') out += '\\';
      out.append(rest, 0, length);
    }
    rest.remove_prefix(length);
  }
  return out += '"';
}

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto between = [text](std::size_t n, unsigned low, unsigned high) {
    return n < text.size() && static_cast<unsigned char>(text[n]) >= low &&
           static_cast<unsigned char>(text[n]) <= high;
  };
  const auto tail = [&between](std::size_t n) { return between(n, 0x80, 0xBF); };
  const unsigned first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    // Not shorter forms (E0 80..9F) and not surrogates (ED A0..BF).
    const bool second = between(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    // Not shorter forms (F0 80..8F) and nothing above U+10FFFF (F4 90..BF).
    const bool second = between(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= limit) return out += "...";
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text[0])) {
      append_hex(out, "\\x", text[0]);
    } else {
      out.append(text, 0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace kan::json
