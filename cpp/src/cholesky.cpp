#include "cholesky.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kan/system.hpp"
#include "kernels/dispatch.hpp"
#include "parallel.hpp"

namespace kan {
namespace {

constexpr std::size_t block = 48;

std::size_t whole(std::size_t count) {
  return pieces(count, kernels::product_columns) * kernels::product_columns;
}

/// Columns [begin, end) of rows [begin, n), all columns to the left already taken into account.
bool factorise_panel(double* matrix, std::size_t stride, std::size_t begin, std::size_t end,
                     std::size_t n) {
  double pivots[block];
  for (std::size_t j = begin; j < end; ++j) {
    const double pivot = matrix[j * stride + j];
    if (!(pivot > 0.0) || !std::isfinite(pivot)) return false;
    const double root = std::sqrt(pivot);
    matrix[j * stride + j] = root;
    const std::size_t left = end - j - 1;
    for (std::size_t i = j + 1; i < n; ++i) {
      double* row = matrix + i * stride + j;
      row[0] /= root;
      if (i < end) pivots[i - j - 1] = row[0];
      const std::size_t count = std::min(left, i - j);  // the lower triangle
      for (std::size_t k = 0; k < count; ++k) row[k + 1] -= row[0] * pivots[k];
    }
  }
  return true;
}

/// Takes the panel's columns out of everything to the right and below.
void update_behind(double* matrix, std::size_t stride, std::size_t begin, std::size_t end,
                   std::size_t n, std::vector<double>& transposed) {
  const std::size_t depth = end - begin;
  const std::size_t rows = n - end;
  const std::size_t columns = whole(rows);
  transposed.assign(depth * columns, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t d = 0; d < depth; ++d) {
      transposed[d * columns + i] = matrix[(end + i) * stride + begin + d];
    }
  }
  const double work = 0.5 * static_cast<double>(rows) * static_cast<double>(rows * depth);
  const std::size_t blocks = pieces(rows, block);
  const int threads = useful_threads(blocks, work, thread_count());
  parallel_for(blocks, threads, [&](std::size_t number, int /*worker*/) {
    const std::size_t first = number * block;
    const std::size_t count = std::min(block, rows - first);
    const std::size_t width = std::min(columns, whole(first + count));  // the lower triangle
    double* row = matrix + (end + first) * stride;
    kernels::active<double>().subtract_product(count, width, depth, row + begin, transposed.data(),
                                               columns, row + end, stride);
  });
}

}  // namespace

std::size_t cholesky_stride(std::size_t n) noexcept {
  return whole(n) + 2 * kernels::product_columns;
}

bool factorise(double* matrix, std::size_t n, const std::function<void()>& go_on) {
  const std::size_t stride = cholesky_stride(n);
  std::vector<double> transposed;
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t end = std::min(begin + block, n);
    if (go_on) go_on();
    if (!factorise_panel(matrix, stride, begin, end, n)) return false;
    if (end < n) update_behind(matrix, stride, begin, end, n, transposed);
  }
  return true;
}

void solve_factorised(const double* matrix, std::size_t n, double* x) noexcept {
  const std::size_t stride = cholesky_stride(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = matrix + i * stride;
    double value = x[i];
    for (std::size_t d = 0; d < i; ++d) value -= row[d] * x[d];
    x[i] = value / row[i];
  }
  for (std::size_t i = n; i-- > 0;) {
    const double* row = matrix + i * stride;
    x[i] /= row[i];
    for (std::size_t d = 0; d < i; ++d) x[d] -= row[d] * x[i];
  }
}

}  // namespace kan
