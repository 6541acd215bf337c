#pragma once

#include <stdexcept>
#include <string>

namespace kan {

/// A file that is not what it claims to be; `what()` says why it was refused.
class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown between two chunks of work when the caller's interrupt asked to stop.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

}  // namespace kan
