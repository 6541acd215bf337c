// The reader of safetensors files on bytes of any kind.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kan/errors.hpp"
#include "kan/safetensors.hpp"
#include "memory_limit.inl"
#include "mutator.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return kan::fuzz::mutate_file(data, size, most, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const kan::fuzz::MemoryLimit limit(kan::fuzz::most_memory(size));
  try {
    const auto file = kan::SafetensorsFile::parse(std::vector<std::byte>(first, first + size));
    const std::byte* const end = file.bytes().data() + file.bytes().size();
    for (const auto& [name, view] : file.tensors()) {
      if (view.bytes > static_cast<std::size_t>(end - view.data)) std::abort();
      unsigned sum = 0;  // every byte is there to be read
      for (std::size_t n = 0; n < view.bytes; ++n) sum += std::to_integer<unsigned>(view.data[n]);
      if (sum > 255U * view.bytes) std::abort();
    }
  } catch (const kan::FormatError&) {
  }
  return 0;
}
