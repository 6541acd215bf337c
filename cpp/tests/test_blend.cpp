#include <doctest/doctest.h>

#include <cmath>

#include "kernel_chunks.hpp"

namespace {

using namespace kan::test;
using kan::kernels::lane_block;
using kan::kernels::most_terms;

/// Rows and factors of one blend, and what is there before.
template <class T>
struct Blend {
  std::size_t rows, stride, count, terms;
  std::vector<std::vector<T>> from, factors;  // a factor that is empty counts as 1
  std::vector<T> before;

  Blend(std::size_t rows_, std::size_t count_, std::size_t terms_, std::size_t without)
      : rows(rows_), stride(count_ + lane_block), count(count_), terms(terms_) {
    Random random(rows + count + terms);
    before = random.values<T>(rows * stride);
    for (std::size_t t = 0; t < terms; ++t) {
      from.push_back(random.values<T>(rows * stride));
      factors.push_back(random.values<T>(t == without ? 0 : count));
    }
  }

  std::vector<T> by(const Kernels<T>& kernels, bool more) const {
    std::vector<const T*> rows_of, factors_of;
    for (std::size_t t = 0; t < terms; ++t) {
      rows_of.push_back(from[t].data());
      factors_of.push_back(factors[t].empty() ? nullptr : factors[t].data());
    }
    std::vector<T> to = before;
    kernels.blend(rows, stride, count, terms, rows_of.data(), factors_of.data(), more, to.data());
    return to;
  }

  /// The sum of the contract, or of the magnitudes of its terms.
  std::vector<T> by_definition(bool more, bool magnitudes) const {
    const auto sized = [&](double value) { return magnitudes ? std::abs(value) : value; };
    std::vector<T> to = before;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t n = 0; n < count; ++n) {
        const std::size_t at = r * stride + n;
        double sum = more ? sized(static_cast<double>(before[at])) : 0.0;
        for (std::size_t t = 0; t < terms; ++t) {
          const double factor = factors[t].empty() ? 1.0 : static_cast<double>(factors[t][n]);
          sum += sized(static_cast<double>(from[t][at]) * factor);
        }
        to[at] = static_cast<T>(sum);
      }
    }
    return to;
  }
};

// Up to three products and four terms, each rounded once on either side, and the rounding to T.
TEST_CASE_TEMPLATE("every set blends as the contract says, and the rest stays", T, float, double) {
  for (const std::size_t rows : {1U, 3U, 7U}) {
    for (const std::size_t count : {lane_block, 5 * lane_block}) {
      for (std::size_t terms = 1; terms <= most_terms; ++terms) {
        for (std::size_t without = 0; without <= terms; ++without) {
          for (const bool more : {false, true}) {
            const Blend<T> blend(rows, count, terms, without);
            const auto expected = blend.by_definition(more, false);
            const auto scale = blend.by_definition(more, true);
            for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
              INFO("set " << kernels->name << ", rows " << rows << ", count " << count << ", terms "
                          << terms << ", without " << without << ", more " << more);
              const auto got = blend.by(*kernels, more);
              CHECK(worst_ratio(got, expected, 16 * epsilon<T>, scale) <= 1.0);
              for (std::size_t r = 0; r < rows; ++r) {
                const auto gap = std::ptrdiff_t(r * blend.stride + count);
                CHECK(std::equal(got.begin() + gap, got.begin() + gap + lane_block,
                                 blend.before.begin() + gap));
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("what is there before may be no number where nothing is added to it", T, float,
                   double) {
  Blend<T> blend(2, lane_block, 2, 2);
  const auto expected = blend.by_definition(false, false);
  blend.before.assign(blend.before.size(), std::numeric_limits<T>::quiet_NaN());
  for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
    INFO("set " << kernels->name);
    const auto got = blend.by(*kernels, false);
    for (std::size_t n = 0; n < blend.count; ++n) {
      CHECK(std::abs(got[n] - expected[n]) <= static_cast<T>(16 * epsilon<T>));
    }
  }
}

TEST_CASE_TEMPLATE("a factor that is not given has the bits of ones", T, float, double) {
  Blend<T> blend(3, 2 * lane_block, 3, 1);
  for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
    INFO("set " << kernels->name);
    blend.factors[1].clear();
    const auto without = blend.by(*kernels, true);
    blend.factors[1].assign(blend.count, T(1));
    CHECK(same_bits(blend.by(*kernels, true), without));
  }
}

}  // namespace
