#pragma once

#include <cstddef>

#include "kan/buffer.hpp"
#include "kan/sparsity.hpp"

namespace kan {

/// Values [rows][cols].
struct Matrix {
  std::size_t rows = 0;
  std::size_t cols = 0;
  Buffer<double> values = {};

  static Matrix zeros(std::size_t rows, std::size_t cols) {
    return {rows, cols, Buffer<double>(rows * cols, 0.0)};
  }
  double& at(std::size_t row, std::size_t col) { return values[row * cols + col]; }
  double at(std::size_t row, std::size_t col) const { return values[row * cols + col]; }
};

/// What one matrix of sizes V adds to the regulariser: see kan::Sparsity.
/// Writes: its gradient by V where not null.
double size_term(const Sparsity& sparsity, const Matrix& V, Matrix* gradient);

}  // namespace kan
