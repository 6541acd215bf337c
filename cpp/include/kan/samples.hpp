#pragma once

#include <cstddef>
#include <cstdint>

namespace kan {

enum class Loss {
  mse,            ///< mean over samples and outputs of (y_hat - y)^2
  cross_entropy,  ///< mean over samples of log(sum_o exp z_o) - z_label, z the network's outputs
};

/// A view of training data; nothing is copied, and the caller keeps it alive.
///
/// Shapes: x [N][I], y [N][O] (mse) or labels [N] in 0..O-1 (cross_entropy), weight [N] or null.
/// Row n of the view is row index[n] of the arrays if `index` is given. With weights s_n the mean
/// over samples is sum_n s_n (...) / sum_n s_n.
template <class T>
struct Samples {
  const T* x = nullptr;
  const T* y = nullptr;
  const std::int64_t* labels = nullptr;
  const T* weight = nullptr;
  const std::int64_t* index = nullptr;
  std::size_t count = 0;

  std::size_t row(std::size_t n) const noexcept {
    return index != nullptr ? static_cast<std::size_t>(index[n]) : n;
  }
};

/// Rows x [rows][I] without targets.
template <class T>
Samples<T> inputs_alone(const T* x, std::size_t rows) noexcept {
  return {x, nullptr, nullptr, nullptr, nullptr, rows};
}

/// Position of the first of `count` values that is not finite, or `count`.
template <class T>
std::size_t first_nonfinite(const T* values, std::size_t count) noexcept;

}  // namespace kan
