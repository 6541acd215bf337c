#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernel_chunks.hpp"

namespace {

using namespace kan::test;

template <class T>
std::vector<T> magnitudes(std::vector<T> values) {
  for (T& value : values) value = std::abs(value);
  return values;
}

/// All shapes in which the loops over outputs, inputs, cells and samples take another way.
template <class T, class Use>
void for_shapes(const Use& use) {
  constexpr int input_counts[] = {1, 2, 11};
  constexpr unsigned three_tiles = kan::kernels::tile_rows + 2 * kan::kernels::lane_block + 17;
  int turn = 0;
  for (const int degree : {0, 1, 2, 3, 4, 5}) {
    for (const int outputs : {1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 33, 64, 65, 130}) {
      if (outputs > 65 && degree != 3) continue;
      for (const int intervals : {3, 40, kan::kernels::most_sorted_cells + 1}) {
        for (const std::size_t count : {1U, 15U, 16U, 17U, 63U, 64U, 65U, 200U, three_tiles}) {
          ++turn;
          if (intervals > 40 && count != 17 && count != 65) continue;
          if (count == three_tiles && outputs > 8) continue;
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
  for (const int outputs : {1, 3, 7, 8, 16, 32, 33, 64, 130}) {
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
    for (const int outputs : {3, 8, 16, 17, 32, 64, 112}) {
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

TEST_CASE_TEMPLATE("many samples of a wide layer at once give the bits of tiles", T, float,
                   double) {
  constexpr std::size_t count = 700;
  constexpr std::size_t begin = 48;
  constexpr int inputs = 18;
  const T untouched = std::numeric_limits<T>::quiet_NaN();
  for (const int degree : {3, 5}) {
    for (const int outputs : {8, 10, 16, 32, 48, 64, 70, 112, 130}) {
      for (const int intervals : {1, 3, 32, 33, 200}) {
        const auto chunk = random_chunk<T>(inputs, outputs, intervals, degree, count);
        for (const Kernels<T>* kernels : kan::kernels::available<T>()) {
          INFO("set " << kernels->name << ", degree " << degree << ", outputs " << outputs
                      << ", intervals " << intervals);
          std::vector<T> y(size(outputs) * chunk.shape.stride, untouched);
          std::vector<T> dx(size(inputs) * chunk.shape.stride, untouched);
          kernels->contract(chunk.shape, chunk.C.data(), chunk.cells.data(), chunk.weights.data(),
                            begin, count, false, y.data());
          kernels->dot(chunk.shape, chunk.C.data(), chunk.cells.data(), chunk.slopes.data(),
                       chunk.g.data(), begin, count, dx.data());
          auto expected_y = contract(*kernels, chunk, chunk.C, chunk.weights);
          auto expected_dx = input_gradients(*kernels, chunk, chunk.C, chunk.slopes, chunk.g);
          std::fill_n(expected_y.begin(), begin * size(outputs), untouched);
          for (std::size_t i = 0; i < size(inputs); ++i) {
            std::fill_n(expected_dx.begin() + std::ptrdiff_t(i * count), begin, untouched);
          }
          CHECK(same_bits(y, expected_y));
          CHECK(same_bits(without_padding(chunk, dx, false, inputs), expected_dx));
        }
      }
    }
  }
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

}  // namespace
