#include "kan/model.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "chunk.hpp"
#include "division.hpp"
#include "jet_batch.hpp"
#include "jet_chunk.hpp"
#include "kan/evaluator.hpp"
#include "kan/samples.hpp"
#include "kernels/dispatch.hpp"

namespace kan {
namespace {

constexpr std::size_t cache_line = 64;

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// The part of a workspace that begins on a cache line.
Workspace aligned(Workspace scratch) noexcept {
  const std::size_t past = reinterpret_cast<std::uintptr_t>(scratch.data) % cache_line;
  const std::size_t skipped = (cache_line - past) % cache_line;
  if (skipped >= scratch.bytes) return {nullptr, 0};
  return {scratch.data + skipped, scratch.bytes - skipped};
}

std::size_t with_alignment(std::size_t bytes) noexcept { return bytes + cache_line - 1; }

}  // namespace

const char* status_text(Status status) noexcept {
  switch (status) {
    case Status::ok: return "ok";
    case Status::workspace_too_small: return "the workspace is too small for one row";
    case Status::not_finite: return "an input is NaN or infinite";
    case Status::outside_grid: return "an input is outside its grid";
    case Status::wrong_plan: break;
  }
  return "the plan is one for another number of inputs";
}

JetPlan::JetPlan(int inputs, int order) : rules_(std::make_unique<JetRules>(inputs, order)) {}
JetPlan::~JetPlan() = default;
JetPlan::JetPlan(JetPlan&&) noexcept = default;

const JetShape& JetPlan::shape() const noexcept { return rules_->shape; }

template <class T>
Model<T> Model<T>::load(const std::string& path, Verify verify) {
  LoadedModel<T> loaded = load_model<T>(path, verify);
  return Model(std::move(loaded.network), std::move(loaded.notes));
}

template <class T>
Model<T> Model<T>::parse(std::vector<std::byte> bytes, Verify verify) {
  LoadedModel<T> loaded = parse_model<T>(std::move(bytes), verify);
  return Model(std::move(loaded.network), std::move(loaded.notes));
}

/// A chunk's memory is a straight line in its stride: every piece is whole cache lines.
template <class T>
Model<T>::Model(Network<T> network, StringMap notes)
    : network_(std::move(network)),
      notes_(std::move(notes)),
      most_rows_(division_of(network_, Purpose::predict).rows) {
  kernels::active<T>();  // chooses the instruction set now
  constexpr std::size_t one = kernels::lane_block;
  const std::size_t least = Chunk<T>::bytes_of(network_, one);
  place_bytes_ = (Chunk<T>::bytes_of(network_, 3 * one) - least) / (2 * one);
  fixed_bytes_ = least - one * place_bytes_;
}

template <class T>
std::size_t Model<T>::workspace_bytes(std::size_t rows) const noexcept {
  const std::size_t at_once = std::clamp(rows, std::size_t{1}, most_rows_);
  return with_alignment(fixed_bytes_ + chunk_stride(at_once) * place_bytes_);
}

template <class T>
std::size_t Model<T>::rows_within(std::size_t bytes, std::size_t rows) const noexcept {
  constexpr std::size_t one = kernels::lane_block;
  if (bytes < fixed_bytes_ + one * place_bytes_) return 0;
  const std::size_t blocks = (bytes - fixed_bytes_) / place_bytes_ / one;
  const std::size_t odd_blocks = blocks - (blocks % 2 == 0 ? 1 : 0);
  return std::min({rows, most_rows_, odd_blocks * one});
}

template <class T>
Status Model<T>::check_inputs(const T* x, std::size_t rows) const noexcept {
  const std::size_t inputs = size(network_.architecture().inputs());
  if (first_nonfinite(x, rows * inputs) < rows * inputs) return Status::not_finite;
  if (network_.architecture().extrapolation != Extrapolation::error) return Status::ok;
  const Layer& layer = network_.layer(0);
  for (std::size_t i = 0; i < inputs; ++i) {
    const T* ends = network_.grid(0).knots.data() + i * size(layer.knots()) + layer.degree;
    for (std::size_t n = 0; n < rows; ++n) {
      const T value = x[n * inputs + i];
      if (value < ends[0] || value > ends[layer.intervals]) return Status::outside_grid;
    }
  }
  return Status::ok;
}

template <class T>
Status Model<T>::predict(const T* x, std::size_t rows, T* y, Workspace scratch) const noexcept {
  if (rows == 0) return Status::ok;
  const Workspace memory = aligned(scratch);
  const std::size_t at_once = rows_within(memory.bytes, rows);
  if (at_once == 0) return Status::workspace_too_small;
  if (const Status status = check_inputs(x, rows); status != Status::ok) return status;
  const std::size_t outputs = size(network_.architecture().outputs());
  Chunk<T> chunk(network_, at_once, memory.data);
  for (std::size_t first = 0; first < rows; first += at_once) {
    chunk.load(inputs_alone(x, rows), first, std::min(at_once, rows - first), 1);
    chunk.predict(network_.parameters(), y + first * outputs);
  }
  return Status::ok;
}

template <class T>
Status Model<T>::predict_parallel(const T* x, std::size_t rows, T* y) const {
  if (const Status status = check_inputs(x, rows); status != Status::ok) return status;
  Evaluator<T>(network_, Purpose::predict, rows).predict(x, rows, y);
  return Status::ok;
}

template <class T>
std::size_t Model<T>::jet_workspace_bytes(const JetPlan& plan, std::size_t rows) const {
  const std::size_t most = jet_division(network_, plan.shape()).rows;
  const std::size_t at_once = std::clamp(rows, std::size_t{1}, most);
  return with_alignment(JetChunk<T>::bytes_of(network_, *plan.rules_, at_once));
}

template <class T>
Status Model<T>::jet(const JetPlan& plan, const T* x, std::size_t rows, T* jets,
                     Workspace scratch) const noexcept {
  if (plan.shape().inputs() != inputs()) return Status::wrong_plan;
  const Workspace memory = aligned(scratch);
  if (rows == 0) return Status::ok;
  const std::size_t most = std::min(rows, jet_division(network_, plan.shape()).rows);
  const std::size_t at_once =
      JetChunk<T>::rows_within(network_, *plan.rules_, most, memory.data, memory.bytes);
  if (at_once == 0) return Status::workspace_too_small;
  if (const Status status = check_inputs(x, rows); status != Status::ok) return status;
  JetChunk<T> chunk(network_, *plan.rules_, at_once, memory.data);
  for (std::size_t first = 0; first < rows; first += at_once) {
    chunk.load(inputs_alone(x, rows), first, std::min(at_once, rows - first), 1);
    chunk.forward(network_.parameters(), false);
    chunk.give(rows, first, jets);
  }
  return Status::ok;
}

template class Model<float>;
template class Model<double>;

}  // namespace kan
