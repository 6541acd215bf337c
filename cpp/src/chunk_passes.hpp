#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "division.hpp"
#include "kan/errors.hpp"
#include "kan/evaluator.hpp"
#include "kan/samples.hpp"
#include "kernels/kernels.hpp"
#include "parallel.hpp"

namespace kan {

/// Chunks of a batch on their way, one after the other or side by side, with questions in between
/// whether to stop. C is a Chunk or like one: `load` takes samples in.
template <class C>
class ChunkPasses {
 public:
  /// `make` makes a chunk for `division.rows` rows; `work_per_row` in multiply-adds.
  /// Throws: what `make` throws.
  ChunkPasses(Division division, double work_per_row, std::function<C()> make)
      : division_(division), work_per_row_(work_per_row), make_(std::move(make)) {
    need_chunks(1);
  }

  std::size_t rows() const noexcept { return division_.rows; }    ///< of a chunk
  std::size_t parts() const noexcept { return division_.parts; }  ///< see Division

  void set_interrupt(Interrupt interrupt) { interrupt_ = std::move(interrupt); }
  void stop_if_asked() const {
    if (interrupt_ && interrupt_()) throw Interrupted();
  }

  /// Calls use(chunk, first) for every chunk in turn, its inputs loaded, all threads inside.
  template <class T, class Use>
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
  C& chunk_in_turn() noexcept { return chunks_[0]; }

  /// Calls use(chunk, first, number in this group) for chunks of `rows` rows side by side, in groups
  /// of up to `group`, and after_group(number of chunks) after each.
  template <class T, class Use, class After>
  void side_by_side(const Samples<T>& samples, std::size_t rows, std::size_t group, const Use& use,
                    const After& after_group) {
    const std::size_t count = pieces(samples.count, rows);
    for (std::size_t start = 0; start < count; start += group) {
      stop_if_asked();
      const std::size_t here = std::min(group, count - start);
      const double work = work_per_row_ * static_cast<double>(std::min(samples.count, here * rows));
      const int threads = useful_threads(here, work, thread_count());
      need_chunks(static_cast<std::size_t>(threads));
      parallel_for(here, threads, [&](std::size_t number, int worker) {
        C& chunk = chunks_[static_cast<std::size_t>(worker)];
        const std::size_t first = (start + number) * rows;
        chunk.load(samples, first, std::min(rows, samples.count - first), 1);
        use(chunk, first, number);
      });
      after_group(here);
    }
  }

  /// Rows of a chunk for results that are the same however rows are divided: no thread need take more
  /// than its share of them, and a lane block for each of its chunks.
  std::size_t rows_each(std::size_t count) const {
    if (work_per_row_ * static_cast<double>(count) <= serial_work) return division_.rows;
    const auto threads = static_cast<std::size_t>(thread_count());
    const std::size_t chunks = pieces(count, threads * division_.rows) * threads;
    const std::size_t blocks = pieces(pieces(count, chunks), kernels::lane_block);
    return std::min(division_.rows, blocks * kernels::lane_block);
  }

  /// Chunks of so many rows between two questions whether to stop.
  std::size_t group_of(std::size_t rows) const {
    const std::size_t threads = static_cast<std::size_t>(thread_count());
    const double work = work_per_row_ * static_cast<double>(rows);
    const auto quick = static_cast<std::size_t>(most_chunk_work / work);
    return threads * std::clamp(quick, std::size_t{1}, std::size_t{16});
  }

 private:
  void need_chunks(std::size_t count) {
    chunks_.reserve(count);
    while (chunks_.size() < count) chunks_.push_back(make_());
  }

  Division division_;
  double work_per_row_;
  std::function<C()> make_;
  Interrupt interrupt_ = {};
  std::vector<C> chunks_ = {};  // one per thread, made when first needed
};

}  // namespace kan
