#include "size_term.hpp"

#include <cmath>

namespace kan {
namespace {

constexpr double least_share = 1e-4;  // added to a share before its logarithm
constexpr double log_2 = 0.69314718055994530942;

/// The numbers of a row or a column of a matrix: first, first + step, ...
struct Line {
  std::size_t first, step, count;
  std::size_t at(std::size_t n) const { return first + n * step; }
};

/// -sum p log2(p + 1e-4), p = V / (sum of the line + 1).
/// Adds: `weight` times the gradient to `grad` where not null.
double entropy(const double* V, const Line& line, double weight, double* grad) {
  double total = 1.0;
  for (std::size_t n = 0; n < line.count; ++n) total += V[line.at(n)];
  const auto slope = [](double p) {
    return -std::log2(p + least_share) - p / ((p + least_share) * log_2);
  };
  double value = 0.0;
  double mean_slope = 0.0;  // with shares as weights: all of them shrink when one number grows
  for (std::size_t n = 0; n < line.count; ++n) {
    const double p = V[line.at(n)] / total;
    value -= p * std::log2(p + least_share);
    mean_slope += slope(p) * p;
  }
  for (std::size_t n = 0; grad != nullptr && n < line.count; ++n) {
    grad[line.at(n)] += weight * (slope(V[line.at(n)] / total) - mean_slope) / total;
  }
  return value;
}

}  // namespace

double size_term(const Sparsity& sparsity, const Matrix& V, Matrix* gradient) {
  double* grad = nullptr;
  if (gradient != nullptr) {
    *gradient = {V.rows, V.cols, Buffer<double>(V.values.size(), sparsity.l1)};
    grad = gradient->values.data();
  }
  double total = 0.0;
  for (const double v : V.values) total += v;
  double value = sparsity.l1 * total;
  const double of_row = sparsity.entropy / static_cast<double>(V.rows);
  for (std::size_t r = 0; r < V.rows; ++r) {
    value += of_row * entropy(V.values.data(), {r * V.cols, 1, V.cols}, of_row, grad);
  }
  const double of_column = sparsity.entropy / static_cast<double>(V.cols);
  for (std::size_t c = 0; c < V.cols; ++c) {
    value += of_column * entropy(V.values.data(), {c, V.cols, V.rows}, of_column, grad);
  }
  return value;
}

}  // namespace kan
