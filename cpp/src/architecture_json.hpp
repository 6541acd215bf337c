#pragma once

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

/// The reverse; what comes back is validated.
/// Throws: FormatError.
StoredArchitecture parse_architecture(std::string_view text);

}  // namespace kan
