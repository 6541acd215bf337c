#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernel_chunks.hpp"

namespace {

using namespace kan::test;

/// Inputs on grids of both kinds, some of them outside.
template <class T>
Chunk<T> one_sample(int outputs, int intervals, int degree, Extrapolation policy) {
  Chunk<T> chunk = random_chunk<T>(21, outputs, intervals, degree, 1, policy);
  chunk.x[0] = T(-1);                          // an end
  chunk.x[2 * chunk.shape.stride] = T(1);      // the other
  chunk.x[4 * chunk.shape.stride] = T(0.5);    // a knot
  chunk.x[6 * chunk.shape.stride] = T(-1e30);  // far outside
  chunk.x[8 * chunk.shape.stride] = std::nextafter(T(1), T(2));
  return chunk;
}

template <class T>
void check_row(const Kernels<T>& kernels, Chunk<T> chunk) {
  const Shape& shape = chunk.shape;
  chunk.fill_basis(kernels);
  std::vector<T> knots;
  for (const auto& own : chunk.knots) knots.insert(knots.end(), own.begin(), own.end());
  std::vector<T> weights(chunk.weights.size(), std::numeric_limits<T>::quiet_NaN());
  std::vector<std::int32_t> cells(chunk.cells.size(), -1);
  kernels.basis_of_row(shape, knots.data(), chunk.inverse_spacing.data(), chunk.x.data(),
                       cells.data(), weights.data());
  std::vector<T> expected, got;
  for (std::size_t row = 0; row < weights.size(); row += shape.stride) {
    expected.push_back(chunk.weights[row]);
    got.push_back(weights[row]);
    for (std::size_t n = 1; n < kan::kernels::lane_block && !is_wide(shape); ++n) {
      REQUIRE(std::isfinite(weights[row + n]));
    }
  }
  CHECK(same_bits(got, expected));
  for (std::size_t i = 0; i < cells.size(); i += shape.stride) {
    CHECK(cells[i] == chunk.cells[i]);
    for (std::size_t n = 1; n < kan::kernels::lane_block && !is_wide(shape); ++n) {
      REQUIRE(cells[i + n] >= 0);
      REQUIRE(cells[i + n] < shape.intervals);
    }
  }
}

TEST_CASE_TEMPLATE("one sample has the same basis along its inputs as in a tile", T, float,
                   double) {
  for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
    for (const Extrapolation policy : policies) {
      for (int degree = 0; degree <= 5; ++degree) {
        for (const int outputs : {1, 9}) {
          for (const int intervals : {1, 4, 40}) {
            INFO("set " << kernels->name << ", degree " << degree << ", " << outputs << " outputs, "
                        << intervals << " intervals");
            check_row(*kernels, one_sample<T>(outputs, intervals, degree, policy));
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("what is no number stays none in its lane and in no other", T, float, double) {
  for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
    for (const Extrapolation policy : policies) {
      Chunk<T> chunk = one_sample<T>(9, 4, 3, policy);
      chunk.shape.base = Base::zero;
      const std::size_t stride = chunk.shape.stride;
      chunk.x[10 * stride] = std::numeric_limits<T>::quiet_NaN();
      chunk.fill_basis(*kernels);
      std::vector<T> knots;
      for (const auto& own : chunk.knots) knots.insert(knots.end(), own.begin(), own.end());
      std::vector<T> weights = chunk.weights;
      std::vector<std::int32_t> cells = chunk.cells;
      kernels->basis_of_row(chunk.shape, knots.data(), chunk.inverse_spacing.data(), chunk.x.data(),
                            cells.data(), weights.data());
      CHECK(std::isnan(weights[10 * chunk.block()]));
      CHECK(std::isfinite(weights[12 * chunk.block()]));
      CHECK(cells[10 * stride] >= 0);
      CHECK(cells[10 * stride] < 4);
    }
  }
}

}  // namespace
