// Part of each fuzzer: hooks of the address sanitizer.

#include <sanitizer/allocator_interface.h>

#include <cstdio>
#include <cstdlib>

#include "memory_limit.hpp"

namespace kan::fuzz {
namespace {

bool counts = false;
std::size_t alive = 0;
std::size_t most_alive = 0;

void on_malloc(const volatile void* /*memory*/, std::size_t bytes) {
  if (!counts) return;
  alive += bytes;
  if (alive <= most_alive) return;
  counts = false;
  std::fprintf(stderr, "%zu bytes are alive, at most %zu may be\n", alive, most_alive);
  std::abort();
}

void on_free(const volatile void* memory) {
  if (!counts || memory == nullptr) return;
  const std::size_t bytes = __sanitizer_get_allocated_size(const_cast<const void*>(memory));
  alive -= bytes < alive ? bytes : alive;
}

const int hooked = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);

}  // namespace

MemoryLimit::MemoryLimit(std::size_t most) {
  alive = 0;
  most_alive = most;
  counts = hooked != 0;
  if (!counts) std::abort();
}

MemoryLimit::~MemoryLimit() { counts = false; }

}  // namespace kan::fuzz
