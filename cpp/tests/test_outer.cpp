#include <doctest/doctest.h>

#include <vector>

#include "kernels/dispatch.hpp"
#include "numbers.hpp"

namespace {

using kan::kernels::Kernels;
using namespace kan::test;

/// A row of blocks whose columns do not meet, some of them zero-padded into the next block.
struct Row {
  std::size_t width;
  std::vector<std::int32_t> first, apart;
  std::vector<double> values, single;

  Row(std::size_t blocks, std::size_t width_, Random& random) : width(width_) {
    for (std::size_t e = 0; e < blocks; ++e) {
      const auto begin = static_cast<std::int32_t>(e * (width + 2));
      first.push_back(begin + static_cast<std::int32_t>(e % 2));
      apart.push_back(begin + static_cast<std::int32_t>(width) + 1);
    }
    values = random.values<double>(blocks * width);
    single = random.values<double>(blocks);
    if (blocks > 1) values[width + 1] = 0.0;
  }
  std::size_t columns() const { return first.size() * (width + 2) + width; }
  kan::kernels::SparseRow view() const {
    return {first.size(), width, first.data(), apart.data(), values.data(), single.data()};
  }
};

// One product and one sum each: off by a rounding of either.
TEST_CASE("every set adds outer products as the reference does") {
  Random random(2);
  for (const std::size_t width : {4U, 8U}) {
    for (const std::size_t blocks : {1U, 2U, 7U}) {
      const Row row(blocks, width, random);
      const std::size_t stride = row.columns();
      const auto start = random.values<double>(stride * stride);
      auto expected = start;
      kan::kernels::reference<double>().add_outer(row.view(), stride, expected.data());
      CHECK(expected != start);
      const std::vector<double> scale(start.size(), 2.0);
      for (const Kernels<double>* kernels : kan::kernels::available<double>()) {
        INFO("set " << kernels->name << ", width " << width << ", blocks " << blocks);
        auto got = start;
        kernels->add_outer(row.view(), stride, got.data());
        CHECK(worst_ratio(got, expected, 2 * epsilon<double>, scale) <= 1.0);
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
