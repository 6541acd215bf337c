#include "crc32.hpp"

#include <array>

namespace kan {
namespace {

constexpr std::size_t slices = 8;

using Tables = std::array<std::array<std::uint32_t, 256>, slices>;

/// Table s holds the remainder of every byte that s more bytes follow.
constexpr Tables make_tables() noexcept {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xEDB88320U : 0U);
    }
    tables[0][byte] = remainder;
  }
  for (std::size_t s = 1; s < slices; ++s) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[s - 1][byte];
      tables[s][byte] = (before >> 8) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

/// Eight bytes at a time: the register is added to the first four, and the remainders of all eight
/// do not depend on each other.
/// Source: M. E. Kounavis and F. L. Berry, "Novel table lookup-based algorithms for
/// high-performance CRC generation", IEEE Trans. Computers 57 (2008), "slicing-by-8".
std::uint32_t crc32(const std::byte* data, std::size_t size, std::uint32_t before) noexcept {
  std::uint32_t crc = ~before;
  for (; size >= slices; size -= slices, data += slices) {
    std::uint32_t next = 0;
    for (unsigned n = 0; n < slices; ++n) {
      const std::uint32_t added = n < 4 ? crc >> (8U * n) : 0U;
      next ^= tables[slices - 1 - n][(added ^ std::to_integer<std::uint32_t>(data[n])) & 0xFFU];
    }
    crc = next;
  }
  for (; size > 0; --size, ++data) {
    crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*data)) & 0xFFU];
  }
  return ~crc;
}

}  // namespace kan
