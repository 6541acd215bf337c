#include "kan/buffer.hpp"

#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace kan {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t large_page = std::size_t{1} << 21;

void* allocate(std::size_t bytes, std::size_t alignment) {
#if defined(_WIN32)
  void* memory = _aligned_malloc(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
#else
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
#endif
  return memory;
}

}  // namespace

void* allocate_aligned(std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= large_page) {
    void* memory = allocate(bytes, large_page);
    // Only a wish: where it is not granted nothing is lost. What is left behind whole pages stays small.
    static_cast<void>(madvise(memory, bytes / large_page * large_page, MADV_HUGEPAGE));
    return memory;
  }
#endif
  return allocate(bytes > 0 ? bytes : 1, cache_line);
}

void release_aligned(void* memory) noexcept {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

}  // namespace kan
