// Sequences of calls of the C interface, as the input's bytes say: models good and bad, workspaces of any
// size and alignment, null pointers, the wrong precision.

#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kan/kan.h"
#include "kan/model_file.hpp"
#include "memory_limit.inl"
#include "mutator.hpp"
#include "networks.hpp"

namespace {

using Bytes = std::vector<std::byte>;

/// Files that are good, of either precision, one that minds inputs outside, one with a self-test.
const std::vector<Bytes>& good_files() {
  static const std::vector<Bytes> files = [] {
    kan::Architecture minding = kan::test::wide_architecture();
    minding.extrapolation = kan::Extrapolation::error;
    const auto rich = kan::test::random_network<double>(kan::test::symbolic_architecture());
    return std::vector<Bytes>{
        kan::serialize_model(kan::test::random_network<float>(kan::test::rich_architecture())),
        kan::serialize_model(kan::test::random_network<double>(minding)),
        kan::serialize_model(rich, {}, kan::make_self_test(rich, {0.1, 0.2, 0.3}))};
  }();
  return files;
}

/// A model and the precision it was asked for.
struct Slot {
  kan_model* model = nullptr;
  kan_dtype dtype = KAN_FLOAT32;
};

void check_failure(kan_status status) {
  if (status != KAN_OK && kan_last_error()[0] == '\0') std::abort();
}

void load(FuzzedDataProvider& input, Slot& slot) {
  kan_free(slot.model);
  slot.dtype = input.ConsumeBool() ? KAN_FLOAT64 : KAN_FLOAT32;
  Bytes bytes = good_files()[input.ConsumeIntegralInRange<std::size_t>(0, 2)];
  const std::size_t flips = input.ConsumeIntegralInRange<std::size_t>(0, 3);
  for (std::size_t n = 0; n < flips; ++n) {
    bytes[input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)] ^=
        std::byte{input.ConsumeIntegral<std::uint8_t>()};
  }
  if (input.ConsumeBool()) {
    kan::fuzz::sign(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
  }
  if (input.ConsumeBool()) bytes.resize(input.ConsumeIntegralInRange<std::size_t>(0, bytes.size()));
  const unsigned flags = input.ConsumeIntegralInRange<unsigned>(0, 3);
  const void* data = input.ConsumeIntegralInRange(0, 9) == 0 ? nullptr : bytes.data();
  const kan_status status = [&] {
    // The interface's own copy of the file is among it, and numbers may become wider than there.
    const kan::fuzz::MemoryLimit limit(kan::fuzz::most_memory(bytes.size()) + 2 * bytes.size());
    return kan_parse(data, bytes.size(), slot.dtype, flags, &slot.model);
  }();
  check_failure(status);
  if ((status == KAN_OK) != (slot.model != nullptr)) std::abort();
}

template <class T, class Predict>
void predict(FuzzedDataProvider& input, const Slot& slot, Predict call) {
  const bool fits = slot.dtype == (sizeof(T) == sizeof(float) ? KAN_FLOAT32 : KAN_FLOAT64);
  const std::size_t rows = input.ConsumeIntegralInRange<std::size_t>(0, 40);
  const std::size_t inputs = kan_inputs(slot.model), outputs = kan_outputs(slot.model);
  std::vector<T> x(rows * inputs), y(rows * outputs, T(7));
  for (T& value : x) {
    value = input.ConsumeIntegralInRange(0, 30) == 0
                ? static_cast<T>(input.ConsumeFloatingPoint<double>())
                : static_cast<T>(input.ConsumeIntegral<std::int8_t>()) / T(64);
  }
  const std::size_t enough = kan_workspace_bytes(slot.model, rows);
  const std::size_t bytes =
      input.ConsumeBool() ? enough : input.ConsumeIntegralInRange<std::size_t>(0, enough + 100);
  const std::size_t misalignment = input.ConsumeIntegralInRange<std::size_t>(0, 70);
  Bytes scratch(bytes + misalignment);
  void* memory = input.ConsumeIntegralInRange(0, 9) == 0 ? nullptr : scratch.data() + misalignment;
  const kan_status status = call(slot.model, x.data(), rows, y.data(), memory, bytes);
  check_failure(status);
  if (status == KAN_OK && (slot.model == nullptr || !fits)) std::abort();
  for (const T value : y) {
    if (status != KAN_OK && value != T(7)) std::abort();
  }
}

void ask(FuzzedDataProvider& input, const Slot& slot) {
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0: return predict<float>(input, slot, kan_predict_float);
    case 1: return predict<double>(input, slot, kan_predict_double);
    case 2:
      return predict<float>(input, slot, [](auto* model, auto* x, auto rows, auto* y, void*, auto) {
        return kan_predict_parallel_float(model, x, rows, y);
      });
    default:
      return predict<double>(input, slot,
                             [](auto* model, auto* x, auto rows, auto* y, void*, auto) {
                               return kan_predict_parallel_double(model, x, rows, y);
                             });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Slot slots[2];
  for (int calls = 0; calls < 12 && input.remaining_bytes() > 0; ++calls) {
    Slot& slot = slots[input.ConsumeIntegralInRange(0, 1)];
    switch (input.ConsumeIntegralInRange(0, 5)) {
      case 0:
      case 1: load(input, slot); break;
      case 2:
        kan_free(slot.model);
        slot.model = nullptr;
        break;
      case 3:
        check_failure(kan_parse(data, size, KAN_FLOAT32, 0, nullptr));
        if (kan_load(nullptr, KAN_FLOAT64, 0, nullptr) != KAN_BAD_ARGUMENT) std::abort();
        break;
      default: ask(input, slot); break;
    }
  }
  for (const Slot& slot : slots) kan_free(slot.model);
  return 0;
}
