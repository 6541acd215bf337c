// How much stack a prediction takes: on a thread whose stack was painted before, how far the paint is gone.

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <kan/model.hpp>
#include <kan/system.hpp>

namespace {

/// Half as much where no kernel sorts rows by their cells.
std::size_t promised() {
  return std::strcmp(kan::instruction_set(), "avx512") == 0 ? 112 * 1024 : 56 * 1024;
}

constexpr std::size_t given = 1024 * 1024;
constexpr auto paint = std::byte{0x5a};

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// A prediction, which looks at its own stack afterwards: some systems clear it with the end of a thread.
template <class T>
struct Prediction {
  kan::Model<T> model;
  std::size_t rows;
  std::vector<T> x;
  std::vector<T> y;
  std::vector<std::byte> scratch;
  std::byte* stack = nullptr;
  std::size_t taken = 0;  // bytes, 0 where the prediction failed

  Prediction(kan::Network<T> network, std::size_t rows_)
      : model(std::move(network), {}),
        rows(rows_),
        x(rows * model.inputs(), T(0.9)),
        y(rows * model.outputs()),
        scratch(model.workspace_bytes(rows)) {
    for (std::size_t j = 0; j < x.size(); j += 7) x[j] = T(1.2);  // outside the grid
  }

  static void* run(void* self) {
    auto& own = *static_cast<Prediction*>(self);
    const kan::Status status = own.model.predict(own.x.data(), own.rows, own.y.data(),
                                                 {own.scratch.data(), own.scratch.size()});
    const std::byte* const last =
        std::find_if(own.stack, own.stack + given, [](std::byte one) { return one != paint; });
    if (status == kan::Status::ok) own.taken = static_cast<std::size_t>(own.stack + given - last);
    return nullptr;
  }
};

/// Bytes of stack that a prediction took, with what its thread takes; 0 where something failed.
template <class T>
std::size_t stack_of(Prediction<T>& prediction) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 4096, given) != 0) return 0;
  prediction.stack = static_cast<std::byte*>(memory);
  std::fill_n(prediction.stack, given, paint);
  pthread_attr_t attributes;
  pthread_t thread = {};
  if (pthread_attr_init(&attributes) == 0) {
    if (pthread_attr_setstack(&attributes, memory, given) == 0 &&
        pthread_create(&thread, &attributes, Prediction<T>::run, &prediction) == 0) {
      pthread_join(thread, nullptr);
    }
    pthread_attr_destroy(&attributes);
  }
  std::free(memory);
  return prediction.taken;
}

template <class T>
kan::Network<T> network(const std::vector<int>& widths, int intervals, int degree, bool uniform) {
  kan::Architecture architecture;
  architecture.extrapolation =
      intervals > 5 ? kan::Extrapolation::zero : kan::Extrapolation::linear;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    architecture.layers.push_back({widths[l], widths[l + 1], {}, intervals, degree});
  }
  kan::Network<T> made(architecture);
  for (std::size_t l = 0; !uniform && l < made.depth(); ++l) {
    std::vector<T> knots = made.grid(l).knots;
    const std::size_t each = size(made.layer(l).knots());
    for (std::size_t j = size(degree) + 1; j < knots.size(); j += each) knots[j] += T(0.01);
    made.set_knots(l, knots);
  }
  return made;
}

template <class T>
bool check(const char* type) {
  std::size_t most = 0;
  for (const auto& widths : std::vector<std::vector<int>>{
           {2, 5, 1}, {8, 16, 1}, {64, 64}, {64, 32}, {64, 70, 9}, {40, 256, 130}}) {
    for (const int degree : {1, 3, 5}) {
      for (const int intervals : {5, 40}) {
        for (const bool uniform : {true, false}) {
          for (const std::size_t rows : {1U, 2000U}) {
            Prediction<T> prediction(network<T>(widths, intervals, degree, uniform), rows);
            const std::size_t taken = stack_of(prediction);
            if (taken == 0) {
              std::printf("%s: no prediction\n", type);
              return false;
            }
            most = std::max(most, taken);
          }
        }
      }
    }
  }
  std::printf("%s: up to %zu bytes of stack, promised %zu\n", type, most, promised());
  return most <= promised();
}

}  // namespace

int main() {
  const bool single = check<float>("float");
  const bool twice = check<double>("double");
  return single && twice ? 0 : 1;
}
