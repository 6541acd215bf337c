#pragma once

#include <cstddef>
#include <vector>

namespace kan {

/// Memory that begins on a cache line, so that vectors of any width load without crossing one; in
/// large pages, where it is large and the system has them.
/// Throws: std::bad_alloc.
void* allocate_aligned(std::size_t bytes);
void release_aligned(void* memory) noexcept;

template <class T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
  AlignedAllocator(const AlignedAllocator<U>& /*other*/) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(allocate_aligned(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t /*count*/) noexcept { release_aligned(memory); }

  friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }
  friend bool operator!=(const AlignedAllocator&, const AlignedAllocator&) { return false; }
};

/// A flat vector of parameters, or of their gradient.
template <class T>
using Buffer = std::vector<T, AlignedAllocator<T>>;

}  // namespace kan
