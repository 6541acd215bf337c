// The kernels alone, in GFLOP/s of useful work and as a share of the machine's multiply-adds.
//
//   kan_benchmark_kernels [--threads T] [--seconds S] [--json]
//
// Useful work is 2 (k + 2) I S operations a sample for contract, scatter and dot each, on one chunk of
// up to 256 rows, with the library's own threads (cpp/src/layer_pass.hpp). The library itself contracts
// 16 inputs at a time, straight after their basis. The best of many short runs counts.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "chunk.hpp"
#include "kan/network.hpp"
#include "kan/system.hpp"
#include "kernels/dispatch.hpp"
#include "layer_pass.hpp"
#include "parallel.hpp"
#include "peak.hpp"

namespace {

using kan::kernels::Kernels;
using kan::kernels::Shape;

struct Settings {
  double seconds = 0.3;
  bool json = false;
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of the fastest of many runs of `work`.
template <class Work>
double fastest(const Settings& settings, const Work& work) {
  work();
  double best = 1e300;
  for (const double end = now() + settings.seconds; now() < end;) {
    const double begin = now();
    work();
    best = std::min(best, now() - begin);
  }
  return best;
}

/// Multiply-adds of all threads on values that stay in registers, in GFLOP/s.
template <class T>
double peak(const Settings& settings) {
  const auto threads = static_cast<std::size_t>(kan::thread_count());
  double operations = 0.0;
  const double seconds = fastest(settings, [&] {
    kan::parallel_for(threads, static_cast<int>(threads), [&](std::size_t thread, int) {
      const double own = kan_benchmark::multiply_adds(kan::instruction_set(), T(0.999));
      if (thread == 0) operations = own;
    });
  });
  return static_cast<double>(threads) * operations / seconds / 1e9;
}

struct Case {
  const char* name;
  int inputs, outputs, intervals;
  std::size_t rows;
};

constexpr Case cases[] = {
    {"wide", 256, 256, 5, 4096},      {"fine", 64, 64, 100, 4096}, {"mnist", 784, 64, 5, 1024},
    {"mnist64", 784, 64, 5, 64},      {"tab", 64, 64, 10, 1024},   {"coarse", 64, 64, 5, 4096},
    {"finest", 64, 64, 500, 4096},    {"narrow", 2, 5, 5, 1000},   {"ten", 64, 10, 5, 1024},
    {"narrow fine", 2, 5, 100, 1000},
};

template <class T>
void report(const Settings& settings, const Case& one, const char* kernel, double seconds,
            double operations, double most) {
  const double rate = operations / seconds / 1e9;
  const char* type = sizeof(T) == 4 ? "float32" : "float64";
  std::printf(
      settings.json ? "{\"case\": \"%s\", \"dtype\": \"%s\", \"kernel\": \"%s\", \"ms\": %.6f, "
                      "\"gflops\": %.2f, \"share\": %.4f}\n"
                    : "%-12s %-8s %-9s %10.4f ms %8.1f GFLOP/s %6.1f%%\n",
      one.name, type, kernel, seconds * 1e3, rate, (settings.json ? 1.0 : 100.0) * rate / most);
  std::fflush(stdout);
}

template <class T>
void measure(const Settings& settings, const Case& one, double most) {
  kan::Architecture architecture;
  architecture.layers = {{one.inputs, one.outputs, {}, one.intervals, 3}};
  kan::Network<T> network(architecture);
  std::mt19937 random(0);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (std::size_t p = 0; p < network.parameter_count(); ++p) {
    network.mutable_parameters()[p] = static_cast<T>(0.1 * uniform(random));
  }
  const std::size_t chunk_rows = std::min<std::size_t>(one.rows, 256);
  kan::Chunk<T> chunk(network, chunk_rows, kan::Purpose::gradient);
  std::vector<T> x(chunk_rows * static_cast<std::size_t>(one.inputs));
  for (T& value : x) value = static_cast<T>(uniform(random));
  chunk.load({x.data(), nullptr, nullptr, nullptr, nullptr, chunk_rows}, 0, chunk_rows,
             kan::thread_count());
  const kan::Batch& batch = chunk.batch();
  const kan::LayerBuffers<T>& buffers = chunk.layer(0);
  const Shape shape = kan::kernel_shape(network, 0, batch.stride);
  kan::Buffer<T> g(static_cast<std::size_t>(one.outputs) * batch.stride, T(0.01));
  kan::Buffer<T> y(g.size());
  kan::Buffer<T> gradient(network.parameter_count());
  kan::Buffer<T> grad_inputs(static_cast<std::size_t>(one.inputs) * batch.stride);
  const double work = 2.0 * kan::layer_work(shape, chunk_rows);
  const T* C = network.parameters();
  chunk.forward(C, 1, true);
  report<T>(settings, one, "basis",
            fastest(settings, [&] { kan::layer_basis(network, 0, buffers, batch); }), 0.0, most);
  report<T>(settings, one, "contract",
            fastest(settings, [&] { kan::layer_contract(shape, C, buffers, batch, y.data()); }),
            work, most);
  report<T>(settings, one, "scatter",
            fastest(settings,
                    [&] { kan::layer_scatter(shape, buffers, batch, g.data(), gradient.data()); }),
            work, most);
  report<T>(
      settings, one, "dot",
      fastest(settings,
              [&] { kan::layer_dot(shape, C, buffers, batch, g.data(), grad_inputs.data()); }),
      work, most);
}

template <class T>
void measure_all(const Settings& settings, const std::string& only) {
  const double most = peak<T>(settings);
  std::printf(
      settings.json ? "{\"case\": \"peak\", \"dtype\": \"%s\", \"isa\": \"%s\", \"threads\": %d, "
                      "\"gflops\": %.2f}\n"
                    : "peak %s, %s, %d threads: %.1f GFLOP/s\n",
      sizeof(T) == 4 ? "float32" : "float64", kan::instruction_set(), kan::thread_count(), most);
  for (const Case& one : cases) {
    if (only.empty() || only == one.name) measure<T>(settings, one, most);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  std::string only;
  for (int a = 1; a < argc; ++a) {
    const bool has_value = a + 1 < argc;
    if (std::strcmp(argv[a], "--json") == 0) {
      settings.json = true;
    } else if (has_value && std::strcmp(argv[a], "--threads") == 0) {
      kan::set_thread_count(std::atoi(argv[++a]));
    } else if (has_value && std::strcmp(argv[a], "--seconds") == 0) {
      settings.seconds = std::atof(argv[++a]);
    } else if (has_value && std::strcmp(argv[a], "--case") == 0) {
      only = argv[++a];
    } else {
      std::fprintf(stderr, "usage: %s [--threads T] [--seconds S] [--case NAME] [--json]\n",
                   argv[0]);
      return 2;
    }
  }
  measure_all<float>(settings, only);
  measure_all<double>(settings, only);
  return 0;
}
