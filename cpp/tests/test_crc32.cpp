#include <doctest/doctest.h>

#include "crc32.hpp"
#include "file_helpers.hpp"

namespace {

using kan::crc32;
using kan::test::Bytes;
using kan::test::bytes_of;

TEST_CASE("the check value of the catalogue of CRCs is reproduced") {
  const Bytes digits = bytes_of("123456789");
  CHECK(crc32(digits.data(), digits.size()) == 0xCBF43926U);
}

TEST_CASE("no bytes have the checksum 0") { CHECK(crc32(nullptr, 0) == 0); }

TEST_CASE("a checksum goes on where another ended") {
  const Bytes digits = bytes_of("123456789");
  for (std::size_t n = 0; n <= digits.size(); ++n) {
    const std::uint32_t before = crc32(digits.data(), n);
    CHECK(crc32(digits.data() + n, digits.size() - n, before) == 0xCBF43926U);
  }
}

TEST_CASE("any length has the remainder of its polynomial, bit by bit") {
  Bytes bytes;
  for (unsigned n = 0; n < 100; ++n) {
    std::uint32_t crc = ~0U;
    for (const std::byte byte : bytes) {
      crc ^= std::to_integer<std::uint32_t>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
    CHECK(crc32(bytes.data(), bytes.size()) == ~crc);
    bytes.push_back(static_cast<std::byte>(n * 73 + 5));
  }
}

}  // namespace
