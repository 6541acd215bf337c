#include "line_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kan {
namespace {

constexpr double sufficient_decrease = 1e-4;
constexpr double curvature = 0.9;

/// Where the cubic through both values and slopes is lowest, or NaN.
template <class T>
double cubic_minimum(const LinePoint<T>& a, const LinePoint<T>& b) {
  const double d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.alpha - b.alpha);
  const double square = d1 * d1 - a.slope * b.slope;
  const double d2 = std::copysign(std::sqrt(square), b.alpha - a.alpha);
  return b.alpha - (b.alpha - a.alpha) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
}

template <class T>
class Search {
 public:
  Search(const SearchLine<T>& line, int& evaluations) : line_(line), evaluations_(evaluations) {}

  /// Algorithm 3.5: goes out until an interval holds a good point.
  bool bracket(double alpha, LinePoint<T>& found) {
    LinePoint<T> previous{0.0, line_.value, line_.slope, {}, {}};
    for (bool first = true; evaluations_ > 0; first = false) {
      LinePoint<T> trial = evaluate(alpha);
      if (too_high(trial) || (!first && trial.value >= previous.value)) {
        return zoom(std::move(previous), std::move(trial), found);
      }
      if (flat(trial)) return accept(std::move(trial), found);
      if (trial.slope >= 0.0) return zoom(std::move(trial), std::move(previous), found);
      const double guess = cubic_minimum(previous, trial);
      const double least = alpha + 0.1 * (alpha - previous.alpha);
      const double most = 10.0 * alpha;
      alpha = std::isfinite(guess) && guess > alpha ? std::clamp(guess, least, most) : most;
      previous = std::move(trial);
    }
    return accept_if_lower(std::move(previous), found);
  }

 private:
  LinePoint<T> evaluate(double alpha) {
    --evaluations_;
    LinePoint<T> point;
    point.alpha = alpha;
    point.parameters.resize(line_.start.size());
    point.gradient.resize(line_.start.size());
    for (std::size_t p = 0; p < line_.start.size(); ++p) {
      point.parameters[p] = static_cast<T>(static_cast<double>(line_.start[p]) +
                                           alpha * static_cast<double>(line_.direction[p]));
    }
    point.value = line_.objective.evaluate(point.parameters.data(), point.gradient.data());
    point.slope = inner(point.gradient, line_.direction);
    return point;
  }

  bool too_high(const LinePoint<T>& point) const {
    return !std::isfinite(point.value) || !std::isfinite(point.slope) ||
           point.value > line_.value + sufficient_decrease * point.alpha * line_.slope;
  }

  bool flat(const LinePoint<T>& point) const {
    return std::abs(point.slope) <= -curvature * line_.slope;
  }

  /// Algorithm 3.6: `low` is the lowest point so far that decreases enough.
  bool zoom(LinePoint<T> low, LinePoint<T> high, LinePoint<T>& found) {
    while (evaluations_ > 0) {
      const double width = high.alpha - low.alpha;
      if (std::abs(width) <= 1e-12 * std::max(std::abs(low.alpha), std::abs(high.alpha))) break;
      LinePoint<T> trial = evaluate(inside(low, high));
      if (too_high(trial) || trial.value >= low.value) {
        high = std::move(trial);
        continue;
      }
      if (flat(trial)) return accept(std::move(trial), found);
      if (trial.slope * width >= 0.0) high = std::move(low);
      low = std::move(trial);
    }
    return accept_if_lower(std::move(low), found);
  }

  /// The cubic's minimum, kept away from the ends; a tenth of the way from a wall.
  static double inside(const LinePoint<T>& low, const LinePoint<T>& high) {
    const double width = high.alpha - low.alpha;
    if (!std::isfinite(high.value) || !std::isfinite(high.slope)) return low.alpha + 0.1 * width;
    const double fraction = (cubic_minimum(low, high) - low.alpha) / width;
    return low.alpha + width * (std::isfinite(fraction) ? std::clamp(fraction, 0.1, 0.9) : 0.5);
  }

  static bool accept(LinePoint<T>&& point, LinePoint<T>& found) {
    found = std::move(point);
    return true;
  }

  bool accept_if_lower(LinePoint<T>&& point, LinePoint<T>& found) const {
    return point.alpha > 0.0 && point.value < line_.value && accept(std::move(point), found);
  }

  const SearchLine<T>& line_;
  int& evaluations_;
};

}  // namespace

template <class T>
double inner(const Buffer<T>& a, const Buffer<T>& b) {
  double sum = 0.0;
  for (std::size_t p = 0; p < a.size(); ++p) {
    sum += static_cast<double>(a[p]) * static_cast<double>(b[p]);
  }
  return sum;
}

template <class T>
bool strong_wolfe(const SearchLine<T>& line, double first_alpha, int& evaluations,
                  LinePoint<T>& found) {
  return Search<T>(line, evaluations).bracket(first_alpha, found);
}

template double inner(const Buffer<float>&, const Buffer<float>&);
template double inner(const Buffer<double>&, const Buffer<double>&);
template bool strong_wolfe(const SearchLine<float>&, double, int&, LinePoint<float>&);
template bool strong_wolfe(const SearchLine<double>&, double, int&, LinePoint<double>&);

}  // namespace kan
