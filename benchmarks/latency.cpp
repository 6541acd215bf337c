// How long kan::Model<float>::predict takes for one row, on networks whose figures somebody published.
//
//   kan_benchmark_latency [--calls N]
//
// Every call is timed by itself, with the pause that the clock takes subtracted from none of them. The
// exit status says whether the bars hold: the median of [8,16,1] at most a microsecond and its 99.9th
// percentile at most five medians, every other median at most a fiftieth of the published mean.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <kan/model.hpp>
#include <kan/system.hpp>

namespace {

using Clock = std::chrono::steady_clock;

struct Case {
  const char* name;
  std::vector<int> widths;
  int intervals;
  int degree;
  double published_us;  // mean of microkan 0.1.0 on an i5-1235U, by its documentation; 0: none
};

const std::vector<Case> cases = {
    {"[8,16,1] G=5 k=3", {8, 16, 1}, 5, 3, 0.0},
    {"[6,80,3] G=9 k=1", {6, 80, 3}, 9, 1, 1400.0},
    {"[6,40,55,75,3] G=5 k=2", {6, 40, 55, 75, 3}, 5, 2, 3600.0},
    {"[6,55,65,3] G=5 k=4", {6, 55, 65, 3}, 5, 4, 3600.0},
    {"[6,45,3] G=3 k=2", {6, 45, 3}, 3, 2, 1200.0},
    {"[6,80,75,3] G=3 k=4", {6, 80, 75, 3}, 3, 4, 3700.0},
    {"[6,100,65,90,3] G=3 k=2", {6, 100, 65, 90, 3}, 3, 2, 3900.0},
};

kan::Model<float> model_of(const Case& shape, std::mt19937& random) {
  kan::Architecture architecture;
  for (std::size_t l = 0; l + 1 < shape.widths.size(); ++l) {
    architecture.layers.push_back(
        {shape.widths[l], shape.widths[l + 1], {}, shape.intervals, shape.degree});
  }
  kan::Network<float> network(architecture);
  std::uniform_real_distribution<float> number(-0.1F, 0.1F);
  for (std::size_t p = 0; p < network.parameter_count(); ++p) {
    network.mutable_parameters()[p] = number(random);
  }
  return kan::Model<float>(std::move(network));
}

/// Sorted microseconds of single calls, each on a row of its own.
std::vector<double> times(const kan::Model<float>& model, std::size_t calls, std::mt19937& random) {
  constexpr std::size_t rows = 1024;
  const auto inputs = static_cast<std::size_t>(model.inputs());
  std::uniform_real_distribution<float> number(-1.0F, 1.0F);
  std::vector<float> x(rows * inputs);
  for (float& value : x) value = number(random);
  std::vector<float> y(static_cast<std::size_t>(model.outputs()));
  std::vector<std::byte> scratch(model.workspace_bytes(1));
  std::vector<double> all(calls);
  for (std::size_t n = 0; n < calls; ++n) {
    const float* row = x.data() + n % rows * inputs;
    const Clock::time_point begin = Clock::now();
    const kan::Status status = model.predict(row, 1, y.data(), scratch);
    all[n] = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    if (status != kan::Status::ok) std::abort();
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool report(const Case& shape, std::size_t calls, std::mt19937& random) {
  const kan::Model<float> model = model_of(shape, random);
  times(model, calls / 10, random);
  const std::vector<double> all = times(model, calls, random);
  const double median = all[all.size() / 2];
  const double late = all[all.size() - 1 - all.size() / 1000];
  std::printf("%-24s median %7.2f us, 99.9 %% below %7.2f us", shape.name, median, late);
  if (shape.published_us == 0.0) {
    const bool holds = median <= 1.0 && late <= 5.0 * median;
    std::printf("  (%.1f medians)%s\n", late / median, holds ? "" : "  MISSED");
    return holds;
  }
  const bool holds = median <= shape.published_us / 50.0;
  std::printf("  %5.0f times below %4.0f us%s\n", shape.published_us / median, shape.published_us,
              holds ? "" : "  MISSED");
  return holds;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t calls = 200'000;
  if (count == 3 && std::strcmp(arguments[1], "--calls") == 0) {
    calls = std::strtoul(arguments[2], nullptr, 10);
  }
  if (calls < 1000) {
    std::fprintf(stderr, "usage: kan_benchmark_latency [--calls N]   (N at least 1000)\n");
    return 2;
  }
  std::printf("one row, float32, %s\n", kan::instruction_set());
  std::mt19937 random(0);
  bool all_hold = true;
  for (const Case& shape : cases) all_hold = report(shape, calls, random) && all_hold;
  return all_hold ? 0 : 1;
}
