#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kan/errors.hpp"
#include "kan/model_file.hpp"
#include "model_parts.hpp"

/// Models that somebody changed.
namespace kan::test {

inline void check_refused(const Bytes& bytes, const std::string& reason) {
  CAPTURE(reason);
  CHECK_THROWS_WITH_AS(parse_model<double>(bytes), doctest::Contains(reason.c_str()), FormatError);
  CHECK_THROWS_AS(parse_model<float>(bytes), FormatError);
}

struct Hostile {
  const char* reason;
  std::function<void(Parts&)> change;
};

inline void check_all_refused(const std::vector<Hostile>& cases, Parts (*model)() = parts) {
  for (const Hostile& hostile : cases) {
    Parts changed = model();
    hostile.change(changed);
    check_refused(changed.signed_file(), hostile.reason);
  }
}

/// Another text in place of one in the architecture.
inline std::function<void(Parts&)> replace(const std::string& old, const std::string& with) {
  return [=](Parts& p) {
    const std::size_t place = p.architecture().find(old);
    REQUIRE(place != std::string::npos);
    p.architecture().replace(place, old.size(), with);
  };
}

}  // namespace kan::test
