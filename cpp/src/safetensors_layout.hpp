#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "kan/safetensors.hpp"

/// What the reader and the writer of safetensors files must agree on.
namespace kan::safetensors {

constexpr std::size_t prefix_bytes = 8;  ///< the length of the header, little-endian
constexpr const char* metadata_key = "__metadata__";

/// The bytes that dtype and shape ask for, nothing if their number overflows.
inline std::optional<std::size_t> tensor_bytes(const TensorView& view) noexcept {
  std::uint64_t total = item_size(view.dtype);
  for (const std::uint64_t extent : view.shape) {
    if (extent != 0 && total > std::numeric_limits<std::size_t>::max() / extent) return {};
    total *= extent;
  }
  return static_cast<std::size_t>(total);
}

}  // namespace kan::safetensors
