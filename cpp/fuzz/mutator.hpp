#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include "crc32.hpp"
#include "random_model.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

/// Changes of model files that get past the first checks: the header's length is told truly and the
/// checksum is right again, mostly.
namespace kan::fuzz {

constexpr std::size_t prefix = 8;

inline std::size_t header_bytes(const std::uint8_t* data, std::size_t size) {
  std::uint64_t told = 0;
  if (size >= prefix) std::memcpy(&told, data, prefix);
  return static_cast<std::size_t>(std::min<std::uint64_t>(told, size < prefix ? 0 : size - prefix));
}

/// Writes the digits that the file's own text makes right, if it has a place for them.
inline void sign(std::uint8_t* data, std::size_t size) {
  constexpr std::string_view lead = "\"kan.crc32\":\"";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t found = text.find(lead);
  if (found == std::string_view::npos || found + lead.size() + 8 > size) return;
  std::uint8_t* digits = data + found + lead.size();
  std::memset(digits, '0', 8);
  std::uint32_t crc = crc32(reinterpret_cast<const std::byte*>(data), size);
  for (std::size_t n = 8; n-- > 0; crc >>= 4U) {
    digits[n] = static_cast<std::uint8_t>("0123456789abcdef"[crc & 0xFU]);
  }
}

/// Changes the header or the data alone, or everything; now and then takes another model.
inline std::size_t mutate_file(std::uint8_t* data, std::size_t size, std::size_t most,
                               unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 16 == 0) {
    const std::vector<std::byte> other = RandomModel(seed).file();
    if (!other.empty() && other.size() <= most) {
      std::memcpy(data, other.data(), other.size());
      return other.size();
    }
  }
  const std::size_t header = header_bytes(data, size);
  const unsigned kind = static_cast<unsigned>(random() % 8);
  if (size < prefix + 2 || kind == 0) return LLVMFuzzerMutate(data, size, most);
  std::uint8_t* const text = data + prefix;
  const std::size_t tail = size - prefix - header;
  if (kind < 4) {  // the header: the data move with its end
    static thread_local std::uint8_t changed[1U << 16U];
    const std::size_t room = std::min(most - prefix - tail, sizeof changed);
    if (header > room) return LLVMFuzzerMutate(data, size, most);
    std::memcpy(changed, text, header);
    const std::size_t length = LLVMFuzzerMutate(changed, header, room);
    std::memmove(text + length, text + header, tail);
    std::memcpy(text, changed, length);
    const std::uint64_t told = length;
    std::memcpy(data, &told, prefix);
    size = prefix + length + tail;
  } else {  // the data, which keep their size
    static thread_local std::uint8_t changed[1U << 16U];
    if (tail == 0 || tail > sizeof changed) return LLVMFuzzerMutate(data, size, most);
    std::memcpy(changed, text + header, tail);
    LLVMFuzzerMutate(changed, tail, tail);
    std::memcpy(text + header, changed, tail);
  }
  if (random() % 16 != 0) sign(data, size);
  return size;
}

}  // namespace kan::fuzz
