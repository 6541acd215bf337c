#pragma once

#include <cstddef>

namespace kan::fuzz {

/// Memory that reading a file of so many bytes may take, the file's own among it.
constexpr std::size_t most_memory(std::size_t file_bytes) {
  return 2 * file_bytes + (std::size_t{1} << 20U);
}

/// Counts the heap while it lives, and ends the process where more than `most` bytes are alive at once.
/// One at a time.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::size_t most);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

}  // namespace kan::fuzz
