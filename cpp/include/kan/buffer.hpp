#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace kan {

/// Memory that begins on a cache line, so that vectors of any width load without crossing one.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>& /*other*/) noexcept {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), alignment));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    ::operator delete(memory, count * sizeof(T), alignment);
  }

  friend bool operator==(const CacheLineAllocator&, const CacheLineAllocator&) { return true; }
  friend bool operator!=(const CacheLineAllocator&, const CacheLineAllocator&) { return false; }
};

/// A flat vector of parameters, or of their gradient.
template <class T>
using Buffer = std::vector<T, CacheLineAllocator<T>>;

}  // namespace kan
