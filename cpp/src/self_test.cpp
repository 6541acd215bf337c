#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include "kan/errors.hpp"
#include "kan/evaluator.hpp"
#include "kan/model_file.hpp"
#include "kan/samples.hpp"

namespace kan {
namespace {

/// Answers of other machines differ by rounding: products and sums are fused on some of them.
constexpr double rounding_of_float = 1e-5;
constexpr double rounding_of_double = 1e-11;

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

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0.0;
  for (std::size_t n = 0; n < a.size(); ++n) largest = std::max(largest, std::abs(a[n] - b[n]));
  return largest;
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
  if (first_nonfinite(x.data(), x.size()) < x.size()) {
    throw std::invalid_argument("the inputs of a self-test must be finite");
  }
  const std::vector<std::byte> bytes = serialize_model(network);
  test.y = answers(parse_model<double>(bytes).network, x);
  if (first_nonfinite(test.y.data(), test.y.size()) < test.y.size()) {
    throw std::invalid_argument("what the network says to a self-test must be finite");
  }
  double largest = 0.0;
  for (const double y : test.y) largest = std::max(largest, std::abs(y));
  test.tolerance = {rounding_of_float * largest, rounding_of_double * largest};
  try {
    const std::vector<double> y = answers(parse_model<float>(bytes).network, x);
    const double wrong = largest_difference(y, test.y);
    if (std::isfinite(wrong)) test.tolerance[0] = std::max(test.tolerance[0], 4.0 * wrong);
  } catch (const FormatError&) {  // too large for float: it will never be asked there
  }
  test.x = std::move(x);
  return test;
}

template <class T>
void run_self_test(const Network<T>& network, const SelfTest& test) {
  if (test.rows == 0) return;
  const double tolerance = test.tolerance[sizeof(T) == sizeof(float) ? 0 : 1];
  const auto outputs = static_cast<std::size_t>(network.architecture().outputs());
  for_answers(network, test.x, [&](std::size_t n, double answer) {
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
