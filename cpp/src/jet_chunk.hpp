#pragma once

#include <cstddef>
#include <vector>

#include "arena.hpp"
#include "division.hpp"
#include "jet_layer.hpp"
#include "kan/network.hpp"
#include "kan/samples.hpp"

namespace kan {

/// Rows of a chunk of jets, and in how many parts their gradients add up.
template <class T>
Division jet_division(const Network<T>& network, const JetShape& shape);

/// Multiply-adds of one row's way forward.
template <class T>
double jet_work_of_row(const Network<T>& network, const JetShape& shape);

/// A chunk of points whose jets are on their way through the network and back; see Chunk.
template <class T>
class JetChunk {
 public:
  /// For up to `rows` rows. Throws: std::bad_alloc.
  JetChunk(const Network<T>& network, const JetRules& rules, std::size_t rows);

  /// For the way forward alone, in `bytes_of` bytes of the caller's that begin on a cache line.
  JetChunk(const Network<T>& network, const JetRules& rules, std::size_t rows,
           std::byte* memory) noexcept;

  /// What the way forward of so many rows takes. Throws: std::bad_alloc.
  static std::size_t bytes_of(const Network<T>& network, const JetRules& rules, std::size_t rows);

  /// Of at most `most` rows as many as such memory is enough for; 0 if it holds none.
  static std::size_t rows_within(const Network<T>& network, const JetRules& rules, std::size_t most,
                                 std::byte* memory, std::size_t bytes) noexcept;

  std::size_t count() const noexcept { return batch_.count; }
  const JetBatch& batch() const noexcept { return batch_; }
  const LayerBuffers<T>& layer(std::size_t l) const noexcept { return layers_[l].buffers; }

  /// Jets of the outputs and their gradient, [O][stride].
  const T* outputs() const noexcept { return outputs_; }
  T* grad_outputs() noexcept { return grad_nodes_[0]; }

  /// Writes: rows first ... of the jets [places][rows][O] of the whole batch.
  void give(std::size_t rows, std::size_t first, T* jets) const noexcept;

  /// Takes rows first .. first + count of the samples in.
  void load(const Samples<T>& samples, std::size_t first, std::size_t count, int threads) noexcept;

  /// With these parameters [P]; `and_back` if the way back is to follow.
  void forward(const T* parameters, bool and_back) noexcept;

  /// The way back of each sample by itself from the gradient of the outputs, 0 in the padding, as often
  /// as wanted. Writes: what `grad_sums` and `grad_affine` return.
  /// Returns: the gradient of the inputs [I][stride] if wanted.
  const T* sensitivities(const T* parameters, bool wants_inputs) noexcept;
  const T* grad_sums(std::size_t l) const noexcept { return layers_[l].grad_sums; }
  const T* grad_affine(std::size_t l) const noexcept { return layers_[l].grad_affine; }

  /// After `sensitivities`. Adds: to grad_parameters [P].
  void add_gradient(const T* parameters, T* grad_parameters) const noexcept;

  /// After `sensitivities`. Writes: the gradient [EdgeAffine::count] of sample n by the numbers of a
  /// symbolic edge.
  void symbolic_sensitivity(std::size_t l, std::size_t edge, const T* parameters, std::size_t n,
                            double* gradient) const noexcept;

 private:
  JetChunk(const Network<T>& network, const JetRules& rules) noexcept
      : network_(network), rules_(rules) {}
  void resize(std::size_t count, int threads) noexcept;
  std::size_t count_bytes(bool and_back);
  void place(Arena& arena, bool and_back);
  void place_layer(Arena& arena, std::size_t l, bool and_back);
  void place_scratch(Arena& arena, bool and_back);

  const Network<T>& network_;
  const JetRules& rules_;
  JetBatch batch_ = {};
  AlignedMemory memory_;
  JetLayer<T>* layers_ = nullptr;
  JetScratch<T> scratch_ = {};
  T* outputs_ = nullptr;
  T* grad_nodes_[2] = {};  // [most nodes or inputs][stride], taken in turns
};

extern template class JetChunk<float>;
extern template class JetChunk<double>;

}  // namespace kan
