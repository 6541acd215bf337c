#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "chunk.hpp"
#include "division.hpp"
#include "kan/errors.hpp"
#include "kan/evaluator.hpp"
#include "kernels/dispatch.hpp"
#include "loss.hpp"
#include "parallel.hpp"

namespace kan {

/// The chunks of a batch on their way through a network, one after the other or side by side, with
/// questions in between whether to stop.
template <class T>
class Passes {
 public:
  /// `most_rows` as for Evaluator. Throws: std::bad_alloc, and as kernels::active.
  Passes(const Network<T>& network, Purpose purpose, std::size_t most_rows)
      : network_(network),
        purpose_(purpose),
        division_(division_of(network, purpose)),
        outputs_(static_cast<std::size_t>(network.architecture().outputs())),
        work_per_row_(work_of_row(network)) {
    kernels::active<T>();  // throws here, not in the middle of a pass, if KAN_ISA is wrong
    if (most_rows != 0) division_.rows = std::min(division_.rows, most_rows);
    need_chunks(1);
  }

  const Network<T>& network() const noexcept { return network_; }
  Purpose purpose() const noexcept { return purpose_; }
  std::size_t rows() const noexcept { return division_.rows; }    ///< of a chunk
  std::size_t parts() const noexcept { return division_.parts; }  ///< see Division
  std::size_t outputs() const noexcept { return outputs_; }

  void set_interrupt(Interrupt interrupt) { interrupt_ = std::move(interrupt); }
  void stop_if_asked() const {
    if (interrupt_ && interrupt_()) throw Interrupted();
  }

  /// Calls use(chunk, first) for every chunk in turn, its inputs loaded, all threads inside.
  template <class Use>
  void in_turn(const Samples<T>& samples, const Use& use) {
    const int threads = thread_count();
    for (std::size_t first = 0; first < samples.count; first += division_.rows) {
      stop_if_asked();
      const std::size_t count = std::min(division_.rows, samples.count - first);
      chunks_[0].load(samples, first, count, threads);
      use(chunks_[0], first);
    }
  }

  /// The chunk that passes in turn, as the last pass left it.
  Chunk<T>& chunk_in_turn() noexcept { return chunks_[0]; }

  /// Calls use(chunk, first, number in this group) for chunks of `rows` rows side by side, in groups
  /// of up to `group`, and after_group(number of chunks) after each.
  template <class Use, class After>
  void side_by_side(const Samples<T>& samples, std::size_t rows, std::size_t group, const Use& use,
                    const After& after_group) {
    const std::size_t count = (samples.count + rows - 1) / rows;
    for (std::size_t start = 0; start < count; start += group) {
      stop_if_asked();
      const std::size_t here = std::min(group, count - start);
      const double work = work_per_row_ * static_cast<double>(std::min(samples.count, here * rows));
      const int threads = useful_threads(here, work, thread_count());
      need_chunks(static_cast<std::size_t>(threads));
      parallel_for(here, threads, [&](std::size_t number, int worker) {
        Chunk<T>& chunk = chunks_[static_cast<std::size_t>(worker)];
        const std::size_t first = (start + number) * rows;
        chunk.load(samples, first, std::min(rows, samples.count - first), 1);
        use(chunk, first, number);
      });
      after_group(here);
    }
  }

  /// Rows of a chunk for results that are the same however rows are divided: every thread gets some.
  std::size_t rows_each(std::size_t count) const {
    const auto threads = static_cast<double>(thread_count());
    if (work_per_row_ * static_cast<double>(count) <= serial_work) return division_.rows;
    const auto share = static_cast<std::size_t>(static_cast<double>(count) / threads) + 1;
    const std::size_t blocks = (share + kernels::lane_block - 1) / kernels::lane_block;
    return std::min(division_.rows, blocks * kernels::lane_block);
  }

  /// Chunks of so many rows between two questions whether to stop.
  std::size_t group_of(std::size_t rows) const {
    const std::size_t threads = static_cast<std::size_t>(thread_count());
    const double work = work_per_row_ * static_cast<double>(rows);
    const auto quick = static_cast<std::size_t>(most_chunk_work / work);
    return threads * std::clamp(quick, std::size_t{1}, std::size_t{16});
  }

  /// The share of the loss of a chunk that has been forward, and its gradient in the chunk where
  /// wanted. Blocks of samples add up in their order, whoever computed them.
  double loss_of(Chunk<T>& chunk, const Samples<T>& samples, Loss loss, std::size_t first,
                 double scale, bool with_gradient) {
    if (with_gradient) chunk.clear_grad_padding();
    constexpr std::size_t block = kernels::tile_rows;
    const std::size_t blocks = (chunk.count() + block - 1) / block;
    double share[kernels::most_rows / block];
    const double work = 20.0 * static_cast<double>(chunk.count() * outputs_);
    const int threads = useful_threads(blocks, work, chunk.batch().threads);
    parallel_for(blocks, threads, [&](std::size_t number, int /*worker*/) {
      const std::size_t at = number * block;
      const LossChunk<T> view{
          samples,  first + at,    std::min(block, chunk.count() - at), chunk.outputs() + at,
          outputs_, chunk.stride()};
      share[number] =
          add_loss(loss, view, scale, with_gradient ? chunk.grad_outputs() + at : nullptr);
    });
    double total = 0.0;
    for (std::size_t number = 0; number < blocks; ++number) total += share[number];
    return total;
  }

 private:
  void need_chunks(std::size_t count) {
    chunks_.reserve(count);
    while (chunks_.size() < count) chunks_.emplace_back(network_, division_.rows, purpose_);
  }

  const Network<T>& network_;
  Purpose purpose_;
  Division division_;
  std::size_t outputs_;
  double work_per_row_;
  Interrupt interrupt_ = {};
  std::vector<Chunk<T>> chunks_ = {};  // one per thread, made when first needed
};

}  // namespace kan
