#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kan::json {

/// Arrays and objects inside each other; a document that goes deeper is refused.
constexpr int max_depth = 32;

/// Reads one strict JSON document (RFC 8259) from front to back.
///
/// No tree is built: the caller asks for what must come next and keeps what it needs, so a hostile
/// document costs no memory beyond that. Values of other kinds are refused where they stand.
/// Throws: every member FormatError, with the offset in bytes, if the document is not what was
/// asked for.
class Reader {
 public:
  /// `name` says in messages which document this is. Both must outlive the reader.
  Reader(std::string_view text, std::string_view name) noexcept : text_(text), name_(name) {}

  /// Valid UTF-8 without raw control characters; escapes are resolved.
  std::string string();

  /// An integer in 0 .. 2^64 - 1, exact; no sign, fraction or exponent.
  std::uint64_t unsigned_integer();

  bool boolean();

  /// Calls `item()` before every element; it must read exactly that element.
  template <class Item>
  void array(Item&& item) {
    open('[', "an array");
    if (!accept(']')) {
      do item();
      while (another(']'));
    }
    --depth_;
  }

  /// Calls `member(key)` before every value; it must read exactly that value.
  /// The caller keeps the keys, so the caller refuses the second of a name (`fail_duplicate`).
  template <class Member>
  void object(Member&& member) {
    open('{', "an object");
    if (!accept('}')) {
      do member(key());
      while (another('}'));
    }
    --depth_;
  }

  /// An object that has each of the named fields at most once and no other, in any order; all but the
  /// last `optional` must be there. Calls `read(index of the name)` before every value.
  template <std::size_t N, class Read>
  void record(const std::array<std::string_view, N>& names, Read&& read, std::size_t optional = 0) {
    std::array<bool, N> seen{};
    object([&](const std::string& field) {
      std::size_t n = 0;
      while (n < N && names[n] != field) ++n;
      if (n == N) fail_unknown(field);
      if (seen[n]) fail_duplicate(field);
      seen[n] = true;
      read(n);
    });
    for (std::size_t n = 0; n < N - optional; ++n) {
      if (!seen[n]) fail_missing(names[n]);
    }
  }

  /// Bytes read so far.
  std::size_t position() const noexcept { return next_; }

  /// Refuses whatever stands after the document.
  void end() const;

  /// Refuses the document, at the token read last.
  [[noreturn]] void fail(const std::string& reason) const;
  [[noreturn]] void fail_duplicate(std::string_view key) const;

 private:
  std::string key();
  void open(char bracket, const char* kind);
  bool accept(char expected) noexcept;
  bool another(char close);
  void start_token() noexcept;
  char peek() const noexcept { return next_ < text_.size() ? text_[next_] : '\0'; }
  void append_characters(std::string& out);
  void append_escape(std::string& out);
  std::uint32_t hexadecimal();
  [[noreturn]] void fail_expected(const std::string& kind) const;
  [[noreturn]] void fail_unknown(std::string_view field) const;
  [[noreturn]] void fail_missing(std::string_view field) const;

  std::string_view text_;
  std::string_view name_;
  std::size_t next_ = 0;
  std::size_t token_ = 0;
  int depth_ = 0;
};

/// The JSON string, in quotes, that stands for `text`.
/// Throws: std::invalid_argument if `text` is not valid UTF-8.
std::string quote(std::string_view text);

/// Bytes of the valid UTF-8 character that `text` begins with, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept;

/// `text` for a message: valid UTF-8 for certain, control characters as \xNN, long text cut.
std::string printable(std::string_view text, std::size_t limit = 60);

}  // namespace kan::json
