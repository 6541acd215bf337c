#pragma once

#include <algorithm>
#include <cstddef>

#include "chunk.hpp"
#include "chunk_passes.hpp"
#include "kernels/dispatch.hpp"
#include "loss.hpp"

namespace kan {

/// The chunks of a batch on their way through a network.
template <class T>
class Passes : public ChunkPasses<Chunk<T>> {
 public:
  /// `most_rows` as for Evaluator. Throws: std::bad_alloc, and as kernels::active.
  Passes(const Network<T>& network, Purpose purpose, std::size_t most_rows)
      : Passes(network, purpose, division_for(network, purpose, most_rows)) {}

  Purpose purpose() const noexcept { return purpose_; }
  std::size_t outputs() const noexcept { return outputs_; }

  /// The share of the loss of a chunk that has been forward, and its gradient in the chunk where
  /// wanted. Blocks of samples add up in their order, whoever computed them.
  double loss_of(Chunk<T>& chunk, const Samples<T>& samples, Loss loss, std::size_t first,
                 double scale, bool with_gradient) {
    if (with_gradient) chunk.clear_grad_padding();
    constexpr std::size_t block = 64;  // samples that one thread takes at a time
    const std::size_t blocks = pieces(chunk.count(), block);
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
  Passes(const Network<T>& network, Purpose purpose, Division division)
      : ChunkPasses<Chunk<T>>(
            division, work_of_row(network),
            [&network, purpose, rows = division.rows] { return Chunk<T>(network, rows, purpose); }),
        purpose_(purpose),
        outputs_(static_cast<std::size_t>(network.architecture().outputs())) {}

  static Division division_for(const Network<T>& network, Purpose purpose, std::size_t most_rows) {
    kernels::active<T>();  // throws here, not in the middle of a pass, if KAN_ISA is wrong
    Division division = division_of(network, purpose);
    if (most_rows != 0) division.rows = std::min(division.rows, most_rows);
    return division;
  }

  Purpose purpose_;
  std::size_t outputs_;
};

}  // namespace kan
