#pragma once

#include <cstddef>
#include <cstdint>

namespace kan {

/// The CRC-32 of zlib, gzip and PNG (reflected polynomial 0xEDB88320).
/// `before` is the CRC of the bytes that came before: crc32(b, crc32(a)) is that of a then b.
std::uint32_t crc32(const std::byte* data, std::size_t size, std::uint32_t before = 0) noexcept;

}  // namespace kan
