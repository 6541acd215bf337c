#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "crc32.hpp"

/// What the tests of files share: bytes made by hand, and a place to put them.
namespace kan::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(const std::string& text) {
  Bytes bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

inline std::string text_of(const Bytes& bytes) {
  std::string text;
  for (const std::byte b : bytes) text += static_cast<char>(b);
  return text;
}

inline std::string little_endian(std::uint64_t value) {
  std::string text;
  for (unsigned n = 0; n < 8; ++n) text += static_cast<char>(value >> (8U * n) & 0xFFU);
  return text;
}

/// A file with this header, its length told truly, and this data.
inline Bytes file_of(const std::string& header, const std::string& data = "") {
  return bytes_of(little_endian(header.size()) + header + data);
}

/// Writes the right checksum into a model file that has a place for it.
inline Bytes sign(Bytes bytes) {
  const std::string lead = "\"kan.crc32\":\"";
  const std::size_t place = text_of(bytes).find(lead);
  if (place == std::string::npos) throw std::logic_error("no place for a checksum");
  const auto digits = bytes.begin() + static_cast<std::ptrdiff_t>(place + lead.size());
  std::fill_n(digits, 8, std::byte{'0'});
  std::uint32_t crc = crc32(bytes.data(), bytes.size());
  for (auto digit = digits + 8; digit-- != digits; crc >>= 4U) {
    *digit = static_cast<std::byte>("0123456789abcdef"[crc & 0xFU]);
  }
  return bytes;
}

/// A directory of the test's own that is gone at its end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "kan-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string file(const std::string& name) const { return (path_ / name).string(); }

  std::size_t entries() const {
    const std::filesystem::directory_iterator all(path_);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace kan::test
