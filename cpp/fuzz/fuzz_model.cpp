// Whole model files in both precisions, and predictions and jets of what is read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <string_view>
#include <vector>

#include "kan/errors.hpp"
#include "kan/model.hpp"
#include "memory_limit.inl"
#include "mutator.hpp"

namespace {

constexpr double numbers[] = {0.0,  0.5,  -1.0,   1.0,
                              1e30, -1e3, 1e-300, std::numeric_limits<double>::quiet_NaN(),
                              -2.0, 3.0,  -1e38,  std::numeric_limits<double>::infinity()};

/// Exact sizes on the heap: a step beyond is seen.
template <class T>
void ask(const kan::Model<T>& model, std::size_t rows, std::size_t salt) {
  const auto inputs = static_cast<std::size_t>(model.inputs());
  std::vector<T> x(rows * inputs);
  const std::size_t kinds = salt % 4 == 0 ? std::size(numbers) : 6;  // mostly finite ones
  for (std::size_t n = 0; n < x.size(); ++n) x[n] = static_cast<T>(numbers[(n * 7 + salt) % kinds]);
  std::vector<T> y(rows * static_cast<std::size_t>(model.outputs()), T(7));
  std::vector<std::byte> scratch(model.workspace_bytes(salt % 2 == 0 ? rows : 1));
  const kan::Status status = model.predict(x.data(), rows, y.data(), scratch);
  if (status == kan::Status::workspace_too_small) std::abort();
  std::vector<T> parallel(y.size(), T(7));
  if (model.predict_parallel(x.data(), rows, parallel.data()) != status) std::abort();
  if (std::memcmp(y.data(), parallel.data(), y.size() * sizeof(T)) != 0) std::abort();
  if (inputs > 4) return;
  const kan::JetPlan plan(model.inputs(), static_cast<int>(salt % 3));
  std::vector<T> jets(plan.shape().size() * y.size());
  std::vector<std::byte> room(model.jet_workspace_bytes(plan, rows));
  if (model.jet(plan, x.data(), rows, jets.data(), room) != status) std::abort();
}

/// Whether the file may hold numbers that are narrower than T: what it then needs nobody promises.
template <class T>
bool may_be_narrower(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  return sizeof(T) > sizeof(float) && text.find("\"F32\"") != std::string_view::npos;
}

template <class T>
void read_and_ask(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const bool promised = !may_be_narrower<T>(data, size);
  const std::size_t most = kan::fuzz::most_memory(size) + (promised ? 0 : 2 * size);
  try {
    const auto read = [&] {
      const kan::fuzz::MemoryLimit limit(most);
      return kan::Model<T>::parse(std::vector<std::byte>(first, first + size));
    };
    const kan::Model<T> model = read();
    const std::size_t salt = size > 0 ? data[size - 1] + size : 0;
    ask(model, 1, salt);
    ask(model, 2 + salt % 20, salt + 1);
  } catch (const kan::FormatError&) {
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return kan::fuzz::mutate_file(data, size, most, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_and_ask<float>(data, size);
  read_and_ask<double>(data, size);
  return 0;
}
