#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

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
  /// The same, made as U{}; where nothing is made, `made` stays.
  template <class U>
  void make(std::size_t count, U*& made) {
    static_assert(std::is_trivially_destructible_v<U>, "nobody ends what lies in an arena");
    if (U* piece = take<U>(count)) {
      std::uninitialized_value_construct_n(piece, count);
      made = piece;
    }
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

/// Throws: std::bad_alloc.
inline AlignedMemory aligned_memory(std::size_t bytes) {
  return AlignedMemory(static_cast<std::byte*>(allocate_aligned(bytes)));
}

}  // namespace kan
