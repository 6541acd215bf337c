#include <doctest/doctest.h>

#include <vector>

#include "kernels/dispatch.hpp"
#include "numbers.hpp"

namespace {

using kan::kernels::Kernels;
using namespace kan::test;

/// Rows whose blocks wander among twice as many columns of their own, then dense numbers.
struct Rows {
  std::size_t count, blocks, width, dense_count;
  std::vector<std::int32_t> first;
  std::vector<double> values, dense;

  Rows(std::size_t blocks_, std::size_t width_, std::size_t dense_, Random& random)
      : count(9), blocks(blocks_), width(width_), dense_count(dense_) {
    for (std::size_t n = 0; n < count; ++n) {
      for (std::size_t e = 0; e < blocks; ++e) {
        const auto shift = static_cast<std::size_t>(random.between(0.0, double(width)));
        first.push_back(static_cast<std::int32_t>(e * 2 * width + shift));
      }
      for (std::size_t d = 0; d < dense_stride(); ++d) {
        dense.push_back(d < dense_count ? random.between(-1.0, 1.0) : 0.0);
      }
    }
    values = random.values<double>(count * blocks * width);
    values[width - 1] = 0.0;
  }
  std::size_t dense_stride() const { return (dense_count + 3) / 4 * 4; }
  std::size_t columns() const { return blocks * 2 * width + dense_count; }
  kan::kernels::SparseRows view() const {
    return {count,         blocks,      width,          first.data(),
            values.data(), dense_count, dense_stride(), blocks * 2 * width,
            dense.data()};
  }
};

/// The lower triangle after all blocks and dense columns; above the diagonal anything may be.
std::vector<double> lower_triangle(const Kernels<double>& kernels, const Rows& rows,
                                   std::vector<double> matrix, std::size_t stride) {
  for (std::size_t e = 0; e < rows.blocks; ++e) {
    kernels.add_block(rows.view(), e, stride, matrix.data());
  }
  for (std::size_t d = 0; d < rows.dense_count; ++d) {
    kernels.add_dense(rows.view(), d, stride, matrix.data());
  }
  for (std::size_t p = 0; p < rows.columns(); ++p) {
    for (std::size_t q = p + 1; q < stride; ++q) matrix[p * stride + q] = 0.0;
  }
  return matrix;
}

// Nine products and sums: each off by a rounding.
TEST_CASE("every set adds outer products as the reference does") {
  Random random(2);
  for (const std::size_t width : {4U, 8U}) {
    for (const std::size_t blocks : {1U, 2U, 7U}) {
      for (const std::size_t dense : {0U, 1U, 5U}) {
        const Rows rows(blocks, width, dense, random);
        const std::size_t stride = rows.columns() + 4;
        const auto start = random.values<double>(rows.columns() * stride);
        const auto expected =
            lower_triangle(kan::kernels::reference<double>(), rows, start, stride);
        const std::size_t touched = static_cast<std::size_t>(rows.first[0]) * (stride + 1);
        CHECK(expected[touched] != start[touched]);
        const std::vector<double> scale(start.size(), 10.0);
        for (const Kernels<double>* kernels : kan::kernels::available<double>()) {
          INFO("set " << kernels->name << ", width " << width << ", blocks " << blocks << ", dense "
                      << dense);
          const auto got = lower_triangle(*kernels, rows, start, stride);
          CHECK(worst_ratio(got, expected, 10 * epsilon<double>, scale) <= 1.0);
        }
      }
    }
  }
}

TEST_CASE("every set subtracts products as the reference does") {
  Random random(4);
  for (const std::size_t rows : {1U, 3U, 4U, 9U}) {
    for (const std::size_t columns : {16U, 48U}) {
      for (const std::size_t depth : {1U, 5U, 48U}) {
        const std::size_t stride = 64;
        const auto a = random.values<double>(rows * stride);
        const auto b = random.values<double>(depth * columns);
        const auto start = random.values<double>(rows * stride);
        auto expected = start;
        kan::kernels::reference<double>().subtract_product(rows, columns, depth, a.data(), b.data(),
                                                           columns, expected.data(), stride);
        const std::vector<double> scale(start.size(), double(depth + 1));
        for (const Kernels<double>* kernels : kan::kernels::available<double>()) {
          INFO("set " << kernels->name << ", " << rows << " x " << depth << " x " << columns);
          auto got = start;
          kernels->subtract_product(rows, columns, depth, a.data(), b.data(), columns, got.data(),
                                    stride);
          CHECK(worst_ratio(got, expected, double(depth + 1) * epsilon<double>, scale) <= 1.0);
        }
      }
    }
  }
}

}  // namespace
