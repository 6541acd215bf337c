#pragma once

#include <cstddef>
#include <functional>

namespace kan {

/// Distance of rows, and their number in memory, for `factorise`: whole vectors behind n.
std::size_t cholesky_stride(std::size_t n) noexcept;

/// L with L L^T = A for a symmetric positive definite A, of which the lower triangle is read.
/// Shapes: matrix [stride][stride] with stride = cholesky_stride(n); only n rows and columns count.
/// Writes: L over the lower triangle; the rest is scratch.
/// Returns: false if a pivot is not positive: A is not definite to working precision.
/// `go_on` is called now and then, and may throw.
bool factorise(double* matrix, std::size_t n, const std::function<void()>& go_on = {});

/// x = A^-1 x, x [n].
void solve_factorised(const double* matrix, std::size_t n, double* x) noexcept;

}  // namespace kan
