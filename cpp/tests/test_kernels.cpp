#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/dispatch.hpp"
#include "kernels/kernels.hpp"
#include "numbers.hpp"

namespace {

using namespace kan::test;
using kan::Base;
using kan::Extrapolation;
using kan::kernels::Kernels;
using kan::kernels::Shape;

constexpr Extrapolation policies[] = {Extrapolation::linear, Extrapolation::clamp,
                                      Extrapolation::zero, Extrapolation::polynomial,
                                      Extrapolation::error};

std::size_t whole_blocks(std::size_t count) {
  return (count + kan::kernels::lane_block - 1) / kan::kernels::lane_block *
         kan::kernels::lane_block;
}

/// Calls use(begin, end) for tiles that begin at multiples of lane_block, the first a short one.
template <class Use>
void for_tiles(std::size_t count, const Use& use) {
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < count; begin = end) {
    end = std::min(count,
                   begin == 0 ? 2 * kan::kernels::lane_block : begin + kan::kernels::tile_rows);
    use(begin, end);
  }
}

/// A layer and a chunk: everything that the kernels read.
template <class T>
struct Chunk {
  Shape shape;
  std::size_t count;
  std::vector<std::vector<T>> knots = {};
  std::vector<T> inverse_spacing = {};
  std::vector<T> x = {}, weights = {}, slopes = {}, C = {}, g = {};
  std::vector<std::int32_t> cells = {};

  std::size_t block() const { return size(weight_count(shape)) * shape.stride; }

  /// Cells, weights and slopes by `kernels`.
  void fill_basis(const Kernels<T>& kernels) {
    cells.assign(size(shape.inputs) * shape.stride, -1);
    weights.assign(size(shape.inputs) * block(), std::numeric_limits<T>::quiet_NaN());
    slopes = weights;
    for (std::size_t i = 0; i < size(shape.inputs); ++i) {
      for_tiles(shape.stride, [&](std::size_t begin, std::size_t end) {
        kernels.basis(shape, knots[i].data(), inverse_spacing[i], &x[i * shape.stride], begin, end,
                      &cells[i * shape.stride], &weights[i * block()], &slopes[i * block()]);
      });
    }
  }
};

template <class T>
Chunk<T> random_chunk(int inputs, int outputs, int intervals, int degree, std::size_t count,
                      Extrapolation policy = Extrapolation::linear) {
  const std::size_t stride = whole_blocks(count);
  Chunk<T> chunk{{inputs, outputs, intervals, degree, Base::silu, policy, stride}, count};
  Random random(size(inputs + 31 * outputs + 977 * intervals + 5 * degree) + count);
  for (int i = 0; i < inputs; ++i) {
    const bool uniform = i % 2 == 0;
    chunk.knots.push_back(uniform ? uniform_knots<T>(intervals, degree, -1, 1)
                                  : uneven_knots<T>(intervals, degree, false, random));
    chunk.inverse_spacing.push_back(uniform ? static_cast<T>(intervals / 2.0) : T(0));
  }
  chunk.x = random.values<T>(size(inputs) * stride, -1.3, 1.3);
  chunk.C = random.values<T>(size(inputs) * size(row_count(chunk.shape)) * size(outputs));
  chunk.g = random.values<T>(size(outputs) * stride);
  for (std::size_t n = count; n < stride; ++n) {
    for (std::size_t o = 0; o < size(outputs); ++o) {
      chunk.g[is_wide(chunk.shape) ? n * size(outputs) + o : o * stride + n] = T(0);
    }
  }
  chunk.fill_basis(kan::kernels::reference<T>());
  return chunk;
}

template <class T>
std::vector<T> magnitudes(std::vector<T> values) {
  for (T& value : values) value = std::abs(value);
  return values;
}

/// The largest of |a - b| / tolerance, where tolerance = factor * scale; infinity for a NaN.
template <class T>
double worst_ratio(const std::vector<T>& a, const std::vector<T>& b, double factor,
                   const std::vector<T>& scale) {
  double worst = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    const double error = std::abs(static_cast<double>(a[j]) - static_cast<double>(b[j]));
    if (error == 0.0) continue;
    const double ratio = error / (factor * static_cast<double>(scale[j]));
    worst = ratio <= worst ? worst : std::isnan(ratio) ? 1e300 : ratio;
  }
  return worst;
}

/// All shapes in which the loops over outputs, inputs, cells and samples take another way.
template <class T, class Use>
void for_shapes(const Use& use) {
  constexpr int input_counts[] = {1, 2, 11};
  int turn = 0;
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const int outputs : {1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 33, 64, 65, 130}) {
      if (outputs > 65 && degree != 3) continue;
      for (const int intervals : {3, 40, kan::kernels::most_sorted_cells + 1}) {
        for (const std::size_t count : {1U, 15U, 16U, 17U, 63U, 64U, 65U, 200U}) {
          ++turn;
          if (intervals > 40 && count != 17 && count != 65) continue;
          const int inputs = intervals > 40 ? 2 : input_counts[turn % 3];
          INFO("degree " << degree << ", outputs " << outputs << ", intervals " << intervals
                         << ", count " << count << ", inputs " << inputs);
          use(random_chunk<T>(inputs, outputs, intervals, degree, count));
        }
      }
    }
  }
}

template <class T>
std::vector<T> contract(const Kernels<T>& kernels, const Chunk<T>& chunk, const std::vector<T>& C,
                        const std::vector<T>& weights) {
  std::vector<T> y(size(chunk.shape.outputs) * chunk.shape.stride,
                   std::numeric_limits<T>::quiet_NaN());
  for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
    kernels.contract(chunk.shape, C.data(), chunk.cells.data(), weights.data(), begin, end, false,
                     y.data());
  });
  return y;
}

/// y or dx without the padding, which the kernels may or may not write.
template <class T>
std::vector<T> without_padding(const Chunk<T>& chunk, const std::vector<T>& values, bool by_rows,
                               int features) {
  if (by_rows)
    return {values.begin(), values.begin() + std::ptrdiff_t(chunk.count * size(features))};
  std::vector<T> kept;
  for (std::size_t f = 0; f < size(features); ++f) {
    const T* row = values.data() + f * chunk.shape.stride;
    kept.insert(kept.end(), row, row + chunk.count);
  }
  return kept;
}

template <class T>
std::vector<T> sums(const Kernels<T>& kernels, const Chunk<T>& chunk, const std::vector<T>& C,
                    const std::vector<T>& weights) {
  return without_padding(chunk, contract(kernels, chunk, C, weights), is_wide(chunk.shape),
                         chunk.shape.outputs);
}

template <class T>
std::vector<T> input_gradients(const Kernels<T>& kernels, const Chunk<T>& chunk,
                               const std::vector<T>& C, const std::vector<T>& slopes,
                               const std::vector<T>& g) {
  std::vector<T> dx(size(chunk.shape.inputs) * chunk.shape.stride,
                    std::numeric_limits<T>::quiet_NaN());
  for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
    kernels.dot(chunk.shape, C.data(), chunk.cells.data(), slopes.data(), g.data(), begin, end,
                dx.data());
  });
  return without_padding(chunk, dx, false, chunk.shape.inputs);
}

template <class T>
std::vector<T> scattered(const Kernels<T>& kernels, const Chunk<T>& chunk,
                         const std::vector<T>& weights, const std::vector<T>& g,
                         std::vector<T> dC) {
  kernels.scatter(chunk.shape, chunk.cells.data(), weights.data(), g.data(), chunk.count, 0,
                  chunk.shape.inputs, dC.data());
  return dC;
}

TEST_CASE_TEMPLATE("the sets of this machine begin with the reference and the baseline", T, float,
                   double) {
  const auto sets = kan::kernels::available<T>();
  REQUIRE(sets.size() >= 2);
  CHECK(sets[0] == &kan::kernels::reference<T>());
  CHECK(sets[1] == &kan::kernels::baseline<T>());
  for (const Kernels<T>* kernels : sets) CHECK_FALSE(std::string(kernels->name).empty());
}

// A sum of n products, in whatever order and fused or not, is off by at most n eps times the sum of
// their magnitudes, which the reference itself gives for |C|, |weights|, |g|; both sides are.
TEST_CASE_TEMPLATE("every set contracts as the reference does", T, float, double) {
  for_shapes<T>([](const Chunk<T>& chunk) {
    const auto& reference = kan::kernels::reference<T>();
    const auto expected = sums(reference, chunk, chunk.C, chunk.weights);
    const auto scale = sums(reference, chunk, magnitudes(chunk.C), magnitudes(chunk.weights));
    const double factor = 2 * chunk.shape.inputs * weight_count(chunk.shape) * epsilon<T>;
    for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
      INFO("set " << kernels->name);
      CHECK(worst_ratio(sums(*kernels, chunk, chunk.C, chunk.weights), expected, factor, scale) <=
            1.0);
    }
  });
}

TEST_CASE_TEMPLATE("inputs contracted in two blocks give the bits of one", T, float, double) {
  for (const int outputs : {1, 3, 7, 8, 33, 130}) {
    for (const int intervals : {3, 40}) {
      const auto chunk = random_chunk<T>(11, outputs, intervals, 3, 65);
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        INFO("set " << kernels->name << ", outputs " << outputs << ", intervals " << intervals);
        std::vector<T> y(size(outputs) * chunk.shape.stride);
        int first = 0;
        for (const int last : {4, 11}) {
          Shape block = chunk.shape;
          block.inputs = last - first;
          const std::size_t rows = size(first) * size(row_count(block));
          for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
            kernels->contract(
                block, &chunk.C[rows * size(outputs)], &chunk.cells[size(first) * block.stride],
                &chunk.weights[size(first) * chunk.block()], begin, end, first > 0, y.data());
          });
          first = last;
        }
        CHECK(same_bits(without_padding(chunk, y, is_wide(chunk.shape), outputs),
                        sums(*kernels, chunk, chunk.C, chunk.weights)));
      }
    }
  }
}

/// Parameters, gradient and moments of Adam before a step, and what the step makes of them.
template <class T>
struct AdamState {
  std::vector<T> parameters, gradient, first, second, updated;
  std::vector<std::uint8_t> trainable;

  explicit AdamState(std::size_t count) : updated(count), trainable(count) {
    Random random(count);
    parameters = random.values<T>(count);
    gradient = random.values<T>(count);
    first = random.values<T>(count);
    second = random.values<T>(count, 0.0, 1.0);
    for (std::size_t p = 0; p < count; ++p) trainable[p] = p % 3 != 0;
  }

  bool step(const Kernels<T>& kernels, T keep, bool flags) {
    const kan::kernels::AdamRates<T> rates{T(0.9), T(0.99), T(1e-8), T(0.1), T(2), keep};
    return kernels.adam(rates, updated.size(), flags ? trainable.data() : nullptr, gradient.data(),
                        parameters.data(), first.data(), second.data(), updated.data());
  }
};

// Each result is a sum of two terms of magnitude 1 or less but the last, whose second term is a
// quotient: some 8 roundings of numbers up to 2.
TEST_CASE_TEMPLATE("every set takes a step of Adam as the reference does", T, float, double) {
  for (const std::size_t count : {1U, 15U, 64U, 513U, 1500U}) {
    for (const bool flags : {false, true}) {
      for (const T keep : {T(1), T(0.75)}) {
        AdamState<T> expected(count);
        CHECK(expected.step(kan::kernels::reference<T>(), keep, flags));
        const std::vector<T> scale(count, T(2));
        for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
          INFO("set " << kernels->name << ", count " << count << ", flags " << flags);
          AdamState<T> got(count);
          CHECK(got.step(*kernels, keep, flags));
          CHECK(worst_ratio(got.first, expected.first, 8 * epsilon<T>, scale) <= 1.0);
          CHECK(worst_ratio(got.second, expected.second, 8 * epsilon<T>, scale) <= 1.0);
          CHECK(worst_ratio(got.updated, expected.updated, 8 * epsilon<T>, scale) <= 1.0);
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set says when a step of Adam leaves the finite numbers", T, float,
                   double) {
  for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
    for (const std::size_t at : {0U, 512U, 599U}) {
      for (const T wrong :
           {std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()}) {
        AdamState<T> state(600);
        state.gradient[at] = wrong;
        INFO("set " << kernels->name << ", parameter " << at);
        CHECK_FALSE(state.step(*kernels, T(1), false));
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set takes gradients to the inputs as the reference does", T, float,
                   double) {
  for_shapes<T>([](const Chunk<T>& chunk) {
    const auto& reference = kan::kernels::reference<T>();
    const auto expected = input_gradients(reference, chunk, chunk.C, chunk.slopes, chunk.g);
    const auto scale = input_gradients(reference, chunk, magnitudes(chunk.C),
                                       magnitudes(chunk.slopes), magnitudes(chunk.g));
    // Sums within sums: their lengths add up; 2 for the product of three.
    const double factor = 2 * (chunk.shape.outputs + weight_count(chunk.shape) + 2) * epsilon<T>;
    for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
      INFO("set " << kernels->name);
      CHECK(worst_ratio(input_gradients(*kernels, chunk, chunk.C, chunk.slopes, chunk.g), expected,
                        factor, scale) <= 1.0);
    }
  });
}

TEST_CASE_TEMPLATE("every set adds parameter gradients to what is there as the reference does", T,
                   float, double) {
  for_shapes<T>([](const Chunk<T>& chunk) {
    const auto& reference = kan::kernels::reference<T>();
    const auto expected = scattered(reference, chunk, chunk.weights, chunk.g, chunk.C);
    const auto scale = scattered(reference, chunk, magnitudes(chunk.weights), magnitudes(chunk.g),
                                 magnitudes(chunk.C));
    const double factor = 2 * static_cast<double>(chunk.count + 1) * epsilon<T>;
    for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
      INFO("set " << kernels->name);
      CHECK(worst_ratio(scattered(*kernels, chunk, chunk.weights, chunk.g, chunk.C), expected,
                        factor, scale) <= 1.0);
    }
  });
}

TEST_CASE_TEMPLATE("a chunk of the most rows is scattered as the reference does, and one more", T,
                   float, double) {
  for (const std::size_t count : {kan::kernels::most_rows, kan::kernels::most_rows + 1}) {
    for (const int outputs : {3, 17}) {
      const auto chunk = random_chunk<T>(2, outputs, 5, 3, count);
      const auto& reference = kan::kernels::reference<T>();
      const auto expected = scattered(reference, chunk, chunk.weights, chunk.g, chunk.C);
      const auto scale = scattered(reference, chunk, magnitudes(chunk.weights), magnitudes(chunk.g),
                                   magnitudes(chunk.C));
      const double factor = 2 * static_cast<double>(count + 1) * epsilon<T>;
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        INFO("set " << kernels->name << ", outputs " << outputs << ", count " << count);
        CHECK(worst_ratio(scattered(*kernels, chunk, chunk.weights, chunk.g, chunk.C), expected,
                          factor, scale) <= 1.0);
      }
    }
  }
}

TEST_CASE_TEMPLATE("scattering a range of inputs in pieces gives the same bits, and others stay", T,
                   float, double) {
  for (const int outputs : {1, 7, 8, 33}) {
    for (const int intervals : {3, 40}) {
      const auto chunk = random_chunk<T>(11, outputs, intervals, 3, 200);
      const std::size_t own = size(row_count(chunk.shape)) * size(outputs);
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        INFO("set " << kernels->name << ", outputs " << outputs << ", intervals " << intervals);
        const auto whole = scattered(*kernels, chunk, chunk.weights, chunk.g, chunk.C);
        auto pieces = chunk.C;
        const auto add = [&](int first, int last) {
          kernels->scatter(chunk.shape, chunk.cells.data(), chunk.weights.data(), chunk.g.data(),
                           chunk.count, first, last, pieces.data());
        };
        add(1, 2);
        CHECK(std::equal(pieces.begin(), pieces.begin() + std::ptrdiff_t(own), chunk.C.begin()));
        CHECK(std::equal(pieces.begin() + std::ptrdiff_t(2 * own), pieces.end(),
                         chunk.C.begin() + std::ptrdiff_t(2 * own)));
        add(2, 11);
        add(0, 1);
        CHECK(same_bits(pieces, whole));
      }
    }
  }
}

/// Row n of a chunk as a chunk of its own, its padding filled with the same sample.
template <class T>
Chunk<T> row_alone(const Chunk<T>& chunk, std::size_t n, const Kernels<T>& kernels) {
  Chunk<T> row = chunk;
  row.count = 1;
  row.shape.stride = kan::kernels::lane_block;
  row.x.clear();
  for (std::size_t i = 0; i < size(chunk.shape.inputs); ++i) {
    row.x.insert(row.x.end(), row.shape.stride, chunk.x[i * chunk.shape.stride + n]);
  }
  const std::size_t outputs = size(chunk.shape.outputs);
  row.g.assign(outputs * row.shape.stride, T(0));
  for (std::size_t o = 0; o < outputs; ++o) {
    const bool wide = is_wide(chunk.shape);
    row.g[wide ? o : o * row.shape.stride] =
        chunk.g[wide ? n * outputs + o : o * chunk.shape.stride + n];
  }
  row.fill_basis(kernels);
  return row;
}

/// Values of sample n out of what `without_padding` gave.
template <class T>
std::vector<T> of_sample(const std::vector<T>& values, std::size_t count, std::size_t n,
                         bool by_rows, std::size_t features) {
  std::vector<T> own;
  for (std::size_t f = 0; f < features; ++f) {
    own.push_back(values[by_rows ? n * features + f : f * count + n]);
  }
  return own;
}

TEST_CASE_TEMPLATE("a row alone gives the same bits as in a tile, in every set", T, float, double) {
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const int outputs : {1, 3, 7, 8, 17, 65}) {
      for (const int intervals : {3, 40}) {
        for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
          auto chunk = random_chunk<T>(11, outputs, intervals, degree, 64);
          chunk.fill_basis(*kernels);
          const bool wide = is_wide(chunk.shape);
          const auto y = sums(*kernels, chunk, chunk.C, chunk.weights);
          const auto dx = input_gradients(*kernels, chunk, chunk.C, chunk.slopes, chunk.g);
          for (const std::size_t n : {0U, 5U, 31U, 63U}) {
            INFO("set " << kernels->name << ", degree " << degree << ", outputs " << outputs
                        << ", intervals " << intervals << ", sample " << n);
            const auto row = row_alone(chunk, n, *kernels);
            CHECK(same_bits(sums(*kernels, row, row.C, row.weights),
                            of_sample(y, 64, n, wide, size(outputs))));
            CHECK(same_bits(input_gradients(*kernels, row, row.C, row.slopes, row.g),
                            of_sample(dx, 64, n, false, 11)));
          }
        }
      }
    }
  }
}

/// Inside, at both ends, on knots, one rounding outside, beyond the ghosts, far outside.
template <class T>
std::vector<T> telling_points(const std::vector<T>& knots, int intervals, int degree) {
  const T lo = knots[size(degree)];
  const T hi = knots[size(degree + intervals)];
  const T far = T(50);
  std::vector<T> x = knots;
  x.insert(x.end(), {std::nextafter(lo, -far), std::nextafter(hi, far), std::nextafter(lo, far),
                     std::nextafter(hi, -far), lo - far, hi + far});
  Random random(7);
  const double margin = 0.3 * static_cast<double>(hi - lo);
  const auto more =
      random.values<T>(64, static_cast<double>(lo) - margin, static_cast<double>(hi) + margin);
  x.insert(x.end(), more.begin(), more.end());
  x.resize(whole_blocks(x.size()), lo);
  return x;
}

/// One kind of grid and one policy: what the basis of `kernels` gives at the telling points.
template <class T>
struct Basis {
  Chunk<T> chunk;

  Basis(const Kernels<T>& kernels, const std::vector<T>& knots, T inverse_spacing, int intervals,
        int degree, Base base, Extrapolation policy, int outputs = 1)
      : chunk{{1, outputs, intervals, degree, base, policy, 0}, 0} {
    chunk.x = telling_points(knots, intervals, degree);
    chunk.count = chunk.shape.stride = chunk.x.size();
    chunk.knots = {knots};
    chunk.inverse_spacing = {inverse_spacing};
    chunk.fill_basis(kernels);
  }

  /// What row m of the coefficients is multiplied by.
  double row(const std::vector<T>& values, std::size_t n, int m) const {
    const int k = chunk.shape.degree;
    const bool is_base = m == basis_count(chunk.shape);
    const int r = is_base                 ? weight_count(chunk.shape) - 1
                  : is_dense(chunk.shape) ? m
                                          : m - chunk.cells[n];
    if (!is_base && !is_dense(chunk.shape) && (r < 0 || r > k)) return 0.0;
    return static_cast<double>(values[size(r) * chunk.shape.stride + n]);
  }
};

/// The policies spelled out with the definition of the basis.
template <class T>
long double expected_row(const Chunk<T>& chunk, long double x, int m, int order) {
  const auto& knots = chunk.knots[0];
  const int k = chunk.shape.degree;
  const int G = chunk.shape.intervals;
  const Extrapolation policy = chunk.shape.extrapolation;
  const long double lo = static_cast<long double>(knots[size(k)]);
  const long double hi = static_cast<long double>(knots[size(k + G)]);
  const long double nearest = std::clamp(x, lo, hi);
  const bool outside = x != nearest;
  if (m == basis_count(chunk.shape)) {
    const long double at = policy == Extrapolation::clamp ? nearest : x;
    if (chunk.shape.base == Base::zero) return 0.0L;
    if (order == 1 && policy == Extrapolation::clamp && outside) return 0.0L;
    if (chunk.shape.base == Base::identity) return order == 0 ? at : 1.0L;
    const long double s = 1.0L / (1.0L + std::exp(-at));
    return order == 0 ? at * s : s * (1.0L + at * (1.0L - s));
  }
  if (outside && policy == Extrapolation::zero) {
    if (x < static_cast<long double>(knots.front()) ||
        x >= static_cast<long double>(knots.back())) {
      return 0.0L;
    }
    int interval = 0;
    while (x >= static_cast<long double>(knots[size(interval + 1)])) ++interval;
    return derivative_by_definition(knots, m, k, interval, x, order);
  }
  int interval = k + G - 1;
  while (interval > k && nearest < static_cast<long double>(knots[size(interval)])) --interval;
  const auto derivative = [&](long double at, int d) {
    return derivative_by_definition(knots, m, k, interval, at, d);
  };
  if (!outside || policy == Extrapolation::polynomial) return derivative(x, order);
  if (policy == Extrapolation::clamp) return order == 0 ? derivative(nearest, 0) : 0.0L;
  return order == 0 ? derivative(nearest, 0) + derivative(nearest, 1) * (x - nearest)
                    : derivative(nearest, 1);
}

/// Checks values and slopes of one basis against the definition, in units of the tolerance.
///
/// A position in a cell is known to `position` = 4 eps (1 + 2 max |knot| / h) of its length (the
/// knots, x - lo and 1/h are rounded once each, the position counts up to 2 max |knot| / h cells);
/// it changes values by k times that, and slopes by k times that over h. Each of k levels of the
/// triangle and the continuation round some 6 times. All relative to the largest of the weights.
template <class T>
void check_basis(const Basis<T>& basis) {
  const Chunk<T>& chunk = basis.chunk;
  const auto& knots = chunk.knots[0];
  const int k = chunk.shape.degree;
  double shortest = 1e300;
  double largest_knot = 0.0;
  for (std::size_t j = 0; j < knots.size(); ++j) {
    largest_knot = std::max(largest_knot, std::abs(static_cast<double>(knots[j])));
    if (j > 0 && knots[j] > knots[j - 1]) {
      shortest = std::min(shortest, static_cast<double>(knots[j] - knots[j - 1]));
    }
  }
  const double position = 4 * epsilon<T> * (1 + 2 * largest_knot / shortest);
  const double factor = 6 * (k + 2) * epsilon<T> + (k + 1) * position;
  for (std::size_t n = 0; n < chunk.count; ++n) {
    const auto x = static_cast<long double>(chunk.x[n]);
    REQUIRE(chunk.cells[n] >= 0);
    REQUIRE(chunk.cells[n] < chunk.shape.intervals);
    for (const int order : {0, 1}) {
      // Next to a knot rounding may choose the neighbouring cell: harmless where the derivative is
      // continuous.
      const bool uniform = chunk.inverse_spacing[0] != T(0);
      bool at_jump = false;
      for (const T knot : knots) {
        const double distance = std::abs(static_cast<double>(chunk.x[n] - knot));
        at_jump |= uniform && k - order < 1 && k > 0 && distance <= position * shortest;
      }
      if (at_jump) continue;
      double scale = order == 0 ? 1.0 : (k + 1) / shortest;
      for (int m = 0; m < basis_count(chunk.shape); ++m) {
        scale = std::max(scale, std::abs(static_cast<double>(expected_row(chunk, x, m, order))));
      }
      for (int m = 0; m < row_count(chunk.shape); ++m) {
        const double own =
            m == basis_count(chunk.shape) ? std::max(1.0, std::abs(static_cast<double>(x))) : scale;
        const double got = basis.row(order == 0 ? chunk.weights : chunk.slopes, n, m);
        const auto expected = static_cast<double>(expected_row(chunk, x, m, order));
        if (!(std::abs(got - expected) <= factor * own)) {
          FAIL_CHECK("x " << static_cast<double>(x) << ", row " << m << ", order " << order
                          << ", cell " << chunk.cells[n] << ": got " << got << ", expected "
                          << expected << ", tolerance " << factor * own);
          return;
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set gives the basis of the definition, inside and by every policy", T,
                   float, double) {
  Random random(11);
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const int intervals : {1, 3, 10, 40}) {
      const std::vector<T> grids[] = {uniform_knots<T>(intervals, degree, -1, 1),
                                      uniform_knots<T>(intervals, degree, 0.5, 3.5),
                                      uneven_knots<T>(intervals, degree, false, random),
                                      uneven_knots<T>(intervals, degree, true, random)};
      for (std::size_t kind = 0; kind < 4; ++kind) {
        const T inverse = kind > 1 ? T(0) : static_cast<T>(intervals / (kind == 0 ? 2.0 : 3.0));
        for (const Extrapolation policy : policies) {
          if (intervals == 40 && policy == Extrapolation::error) continue;
          for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
            INFO("set " << kernels->name << ", degree " << degree << ", intervals " << intervals
                        << ", grid " << kind << ", policy " << static_cast<int>(policy));
            for (const int outputs : {1, 8}) {  // all functions of a sample, or those of its cell
              check_basis(Basis<T>(*kernels, grids[kind], inverse, intervals, degree, Base::silu,
                                   policy, outputs));
            }
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("what is no number gives no number, in every set and by every policy", T, float,
                   double) {
  const T none = std::numeric_limits<T>::quiet_NaN();
  for (const T inverse : {T(0), T(2)}) {
    for (const Extrapolation policy : policies) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        Basis<T> basis(*kernels, uniform_knots<T>(4, 3, -1, 1), inverse, 4, 3, Base::zero, policy,
                       8);
        basis.chunk.x[5] = none;
        basis.chunk.fill_basis(*kernels);
        INFO("set " << kernels->name << ", policy " << static_cast<int>(policy));
        CHECK(std::isnan(basis.chunk.weights[5]));
        CHECK(std::isfinite(basis.chunk.weights[4]));
      }
    }
  }
}

TEST_CASE_TEMPLATE("every set gives the other base functions too", T, float, double) {
  for (const Base base : {Base::identity, Base::zero}) {
    for (const Extrapolation policy : policies) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        INFO("set " << kernels->name << ", policy " << static_cast<int>(policy));
        check_basis(Basis<T>(*kernels, uniform_knots<T>(4, 3, -1, 1), T(2), 4, 3, base, policy));
      }
    }
  }
}

TEST_CASE_TEMPLATE("on knots that are not uniform every set finds the reference's cells", T, float,
                   double) {
  Random random(5);
  for (const int intervals : {1, 2, 31, 32, 33, 100}) {
    for (const bool repeated : {false, true}) {
      const auto knots = uneven_knots<T>(intervals, 3, repeated, random);
      const Basis<T> expected(kan::kernels::reference<T>(), knots, T(0), intervals, 3, Base::zero,
                              Extrapolation::linear);
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        const Basis<T> got(*kernels, knots, T(0), intervals, 3, Base::zero, Extrapolation::linear);
        INFO("set " << kernels->name << ", intervals " << intervals);
        CHECK(got.chunk.cells == expected.chunk.cells);
      }
    }
  }
}

TEST_CASE_TEMPLATE("weights are the same bits whether slopes are wanted or not", T, float, double) {
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const T inverse : {T(0), T(2)}) {
      for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
        const Basis<T> both(*kernels, uniform_knots<T>(4, degree, -1, 1), inverse, 4, degree,
                            Base::silu, Extrapolation::linear);
        const Chunk<T>& chunk = both.chunk;
        std::vector<T> weights(chunk.weights.size());
        std::vector<std::int32_t> cells(chunk.cells.size());
        for_tiles(chunk.count, [&](std::size_t begin, std::size_t end) {
          kernels->basis(chunk.shape, chunk.knots[0].data(), inverse, chunk.x.data(), begin, end,
                         cells.data(), weights.data(), nullptr);
        });
        INFO("set " << kernels->name << ", degree " << degree << ", 1/h " << inverse);
        CHECK(cells == chunk.cells);
        CHECK(same_bits(weights, chunk.weights));
      }
    }
  }
}

}  // namespace
