#pragma once

// Layers with many outputs: vectors along the outputs, which lie side by side in C, y and g.
// The last vector of a row that is no whole number of vectors long overlaps the one before it.
// Internal linkage, see triangle.hpp.

#include <cstdint>

#include "kernels/kernels.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

/// Lanes for layers with `wide_outputs` outputs and more: a vector must fit.
template <class T>
constexpr std::size_t wide_lanes =
    lanes<T> < static_cast<std::size_t>(wide_outputs) ? lanes<T> : std::size_t{wide_outputs};

/// Where the rows of one input begin, and how far apart things are.
struct WideLayer {
  std::size_t inputs, outputs, stride;
  std::size_t rows;     // M + 1
  std::size_t weights;  // k + 2

  explicit WideLayer(const Shape& shape)
      : inputs(static_cast<std::size_t>(shape.inputs)),
        outputs(static_cast<std::size_t>(shape.outputs)),
        stride(shape.stride),
        rows(static_cast<std::size_t>(row_count(shape))),
        weights(static_cast<std::size_t>(weight_count(shape))) {}

  std::size_t input_size() const { return rows * outputs; }
  int cell_count() const { return static_cast<int>(rows + 1 - weights); }
};

}  // namespace
}  // namespace kan::kernels
