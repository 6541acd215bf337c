#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "kan/errors.hpp"
#include "kan/evaluator.hpp"
#include "kan/model_file.hpp"
#include "kan/samples.hpp"
#include "model_tensors.hpp"

namespace kan {
namespace {

/// Answers of other machines differ by rounding: products and sums are fused on some of them. As shares of
/// the largest answer, of what is added up to make it, and of what float gets wrong.
struct Rounding {
  double of_answers, of_summands, of_float_error;
};
constexpr Rounding in_float = {1e-5, 16.0 / (1 << 23), 4.0};
constexpr Rounding in_double = {1e-11, 16.0 / (1LL << 52), 64.0 / (1 << 29)};

constexpr std::size_t rows_at_once = 64;  // however long a test is, it takes little memory

/// Calls use(number, answer) for all that the network says, calculated as it is, row by row.
template <class T, class Use>
void for_answers(const Network<T>& network, const std::vector<double>& x, const Use& use) {
  const auto inputs = static_cast<std::size_t>(network.architecture().inputs());
  const auto outputs = static_cast<std::size_t>(network.architecture().outputs());
  const std::size_t rows = x.size() / inputs;
  const std::size_t at_once = std::min(rows, rows_at_once);
  Evaluator<T> evaluator(network, Purpose::predict, at_once);
  std::vector<T> own(at_once * inputs);
  std::vector<T> y(at_once * outputs);
  for (std::size_t first = 0; first < rows; first += at_once) {
    const std::size_t count = std::min(at_once, rows - first);
    const double* numbers = x.data() + first * inputs;
    std::transform(numbers, numbers + count * inputs, own.begin(),
                   [](double number) { return static_cast<T>(number); });
    evaluator.predict(own.data(), count, y.data());
    for (std::size_t n = 0; n < count * outputs; ++n) use(first * outputs + n, double{y[n]});
  }
}

template <class T>
std::vector<double> answers(const Network<T>& network, const std::vector<double>& x) {
  std::vector<double> all;
  for_answers(network, x, [&all](std::size_t /*number*/, double answer) { all.push_back(answer); });
  return all;
}

/// How large the numbers are whose sum, or product of sums, each output of a network is.
template <class T>
std::vector<double> summands(const Network<T>& network) {
  const std::size_t last = network.depth() - 1;
  const Layer& layer = network.layer(last);
  const auto sums = static_cast<std::size_t>(layer.subnodes());
  const auto rows = static_cast<std::size_t>(layer.rows());
  const T* C = network.parameters() + network.offsets(last).coefficients;
  std::vector<double> sizes(sums, 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(layer.inputs); ++i) {
    for (std::size_t s = 0; s < sums; ++s) {
      T most = T(0);
      for (std::size_t r = 0; r < rows; ++r) {
        most = std::max(most, std::abs(C[(i * rows + r) * sums + s]));
      }
      sizes[s] += static_cast<double>(most);
    }
  }
  std::vector<double> outputs(sizes.begin(), sizes.begin() + layer.sums);
  auto next = sizes.begin() + layer.sums;
  for (const int arity : layer.arities) {
    double product = 1.0;
    for (int n = 0; n < arity; ++n) product *= *next++;
    outputs.push_back(product);
  }
  return outputs;
}

/// The largest |a - b| of each of so many columns.
std::vector<double> largest(const std::vector<double>& a, const std::vector<double>& b,
                            std::size_t columns) {
  std::vector<double> most(columns, 0.0);
  for (std::size_t n = 0; n < a.size(); ++n) {
    most[n % columns] = std::max(most[n % columns], std::abs(a[n] - b[n]));
  }
  return most;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace

template <class T>
SelfTest make_self_test(const Network<T>& network, std::vector<double> x) {
  const auto inputs = static_cast<std::size_t>(network.architecture().inputs());
  SelfTest test;
  test.rows = x.size() / inputs;
  if (test.rows == 0 || x.size() % inputs != 0) {
    throw std::invalid_argument("a self-test must have whole rows of " + std::to_string(inputs) +
                                " inputs, got " + std::to_string(x.size()) + " numbers");
  }
  for (const double number : x) {
    if (std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max())) continue;
    throw std::invalid_argument("the inputs of a self-test must be finite and fit 32 bits");
  }
  const std::vector<std::byte> bytes = serialize_model(network);
  test.y = answers(parse_model<double>(bytes).network, x);
  if (first_nonfinite(test.y.data(), test.y.size()) < test.y.size()) {
    throw std::invalid_argument("what the network says to a self-test must be finite");
  }
  std::vector<double> in_float_y = test.y;
  try {
    in_float_y = answers(parse_model<float>(bytes).network, x);
  } catch (const FormatError&) {  // too large for float: it will never be asked there
  }
  const std::vector<double> sizes = summands(network);
  const std::size_t outputs = sizes.size();
  const auto most = largest(test.y, std::vector<double>(test.y.size(), 0.0), outputs);
  const auto wrong = largest(in_float_y, test.y, outputs);
  for (const Rounding& rounding : {in_float, in_double}) {
    for (std::size_t o = 0; o < outputs; ++o) {
      const double measured = std::isfinite(wrong[o]) ? rounding.of_float_error * wrong[o] : 0.0;
      test.tolerance.push_back(
          std::max({rounding.of_answers * most[o], rounding.of_summands * sizes[o], measured}));
    }
  }
  test.x = std::move(x);
  return test;
}

template <class T>
void run_self_test(const Network<T>& network, const SelfTest& test) {
  if (test.rows == 0) return;
  check_self_test(network.architecture(), test);
  const auto outputs = static_cast<std::size_t>(network.architecture().outputs());
  const std::size_t precision = sizeof(T) == sizeof(float) ? 0 : outputs;
  for_answers(network, test.x, [&](std::size_t n, double answer) {
    const double tolerance = test.tolerance[precision + n % outputs];
    if (std::abs(answer - test.y[n]) <= tolerance) return;
    throw FormatError("the self-test fails: output " + std::to_string(n % outputs) + " of row " +
                      std::to_string(n / outputs) + " is " + number(answer) + ", the file says " +
                      number(test.y[n]) + " within " + number(tolerance));
  });
}

template SelfTest make_self_test(const Network<float>&, std::vector<double>);
template SelfTest make_self_test(const Network<double>&, std::vector<double>);
template void run_self_test(const Network<float>&, const SelfTest&);
template void run_self_test(const Network<double>&, const SelfTest&);

}  // namespace kan
