#pragma once

#include <cstddef>
#include <memory>

#include "kan/buffer.hpp"

namespace kan {

/// Hands out pieces of one block, each on a cache line of its own. Without a block it only counts.
class Arena {
 public:
  explicit Arena(std::byte* memory) : memory_(memory) {}

  template <class U>
  U* take(std::size_t count) {
    std::byte* piece = memory_ != nullptr ? memory_ + used_ : nullptr;
    used_ += (count * sizeof(U) + 63) / 64 * 64;
    return reinterpret_cast<U*>(piece);
  }
  std::size_t used() const noexcept { return used_; }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

/// Memory of `allocate_aligned`.
struct ReleaseAligned {
  void operator()(std::byte* memory) const noexcept { release_aligned(memory); }
};
using AlignedMemory = std::unique_ptr<std::byte, ReleaseAligned>;

/// One block with all that place(arena) takes. Throws: std::bad_alloc.
template <class Place>
AlignedMemory placed(const Place& place) {
  Arena counting(nullptr);
  place(counting);
  AlignedMemory memory(static_cast<std::byte*>(allocate_aligned(counting.used())));
  Arena arena(memory.get());
  place(arena);
  return memory;
}

}  // namespace kan
