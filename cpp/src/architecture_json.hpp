#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kan/network.hpp"

namespace kan {

/// What a model file says about a network beside its numbers.
struct StoredArchitecture {
  Architecture architecture;
  Trainable trainable;
};

/// One JSON object; enumerations by name.
/// Throws: std::invalid_argument if it would be longer than `parse_architecture` accepts.
std::string architecture_json(const Architecture& architecture, Trainable trainable);

/// The reverse; what comes back is validated. Tables have room for as many coefficients as so many bytes
/// of data may hold, which the caller fills in.
/// Throws: FormatError.
StoredArchitecture parse_architecture(std::string_view text, std::size_t data_bytes);

}  // namespace kan
