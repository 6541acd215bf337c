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

/// What the network says, calculated as it is.
template <class T>
std::vector<double> answers(const Network<T>& network, const std::vector<double>& x,
                            std::size_t rows) {
  const std::vector<T> own(x.begin(), x.end());
  std::vector<T> y(rows * static_cast<std::size_t>(network.architecture().outputs()));
  Evaluator<T>(network, Purpose::predict, rows).predict(own.data(), rows, y.data());
  return {y.begin(), y.end()};
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
  test.y = answers(parse_model<double>(bytes).network, x, test.rows);
  if (first_nonfinite(test.y.data(), test.y.size()) < test.y.size()) {
    throw std::invalid_argument("what the network says to a self-test must be finite");
  }
  double largest = 0.0;
  for (const double y : test.y) largest = std::max(largest, std::abs(y));
  test.tolerance = {rounding_of_float * largest, rounding_of_double * largest};
  try {
    const std::vector<double> y = answers(parse_model<float>(bytes).network, x, test.rows);
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
  const std::vector<double> y = answers(network, test.x, test.rows);
  const auto outputs = static_cast<std::size_t>(network.architecture().outputs());
  for (std::size_t n = 0; n < y.size(); ++n) {
    if (std::abs(y[n] - test.y[n]) <= tolerance) continue;
    throw FormatError("the self-test fails: output " + std::to_string(n % outputs) + " of row " +
                      std::to_string(n / outputs) + " is " + number(y[n]) + ", the file says " +
                      number(test.y[n]) + " within " + number(tolerance));
  }
}

template SelfTest make_self_test(const Network<float>&, std::vector<double>);
template SelfTest make_self_test(const Network<double>&, std::vector<double>);
template void run_self_test(const Network<float>&, const SelfTest&);
template void run_self_test(const Network<double>&, const SelfTest&);

}  // namespace kan
