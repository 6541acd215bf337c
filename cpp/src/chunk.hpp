#pragma once

#include <cstddef>
#include <vector>

#include "arena.hpp"
#include "kan/evaluator.hpp"
#include "kan/network.hpp"
#include "kan/samples.hpp"
#include "layer_pass.hpp"

namespace kan {

/// Samples and the padding that makes them whole lane blocks.
std::size_t whole_blocks(std::size_t count) noexcept;

/// Distance of features in memory for chunks of `rows` samples: whole lane blocks, and an odd number
/// of them, so that the rows of one sample do not fall onto the same lines of a cache.
std::size_t chunk_stride(std::size_t rows) noexcept;

/// Bytes of one row on its way through the network.
template <class T>
std::size_t bytes_per_row(const Architecture& architecture, Purpose purpose) noexcept;

/// A chunk of rows on its way through a network and back, with all the memory that this takes.
template <class T>
class Chunk {
 public:
  /// For up to `rows` rows, at least 1 and at most kernels::most_rows.
  /// Throws: std::bad_alloc.
  Chunk(const Network<T>& network, std::size_t rows, Purpose purpose);

  /// For predictions, in `bytes_of` bytes of the caller's that begin on a cache line.
  Chunk(const Network<T>& network, std::size_t rows, std::byte* memory) noexcept;

  /// What predictions of so many rows take. Throws: std::bad_alloc.
  static std::size_t bytes_of(const Network<T>& network, std::size_t rows);

  std::size_t count() const noexcept { return batch_.count; }
  std::size_t stride() const noexcept { return batch_.stride; }
  const Batch& batch() const noexcept { return batch_; }
  const LayerBuffers<T>& layer(std::size_t l) const noexcept { return layers_[l]; }

  /// Outputs and their gradient, [O][stride].
  T* outputs() noexcept { return outputs_; }
  T* grad_outputs() noexcept { return grad_nodes_[0]; }
  void clear_grad_padding() noexcept;

  /// Sizes of the passes to come; their inputs are undefined until loaded.
  void resize(std::size_t count, int threads) noexcept;

  /// Takes rows first .. first + count of the samples in, for passes with up to `threads` threads.
  void load(const Samples<T>& samples, std::size_t first, std::size_t count, int threads) noexcept;

  /// Through the first `depth` layers, with these parameters [P].
  void forward(const T* parameters, std::size_t depth, bool for_inputs = false) noexcept;

  /// Through all layers. Writes: y [count][O]; `outputs` are undefined.
  void predict(const T* parameters, T* y) noexcept;

  /// From the gradient of the outputs, 0 in the padding, back to the parameters and the inputs.
  /// Only after forward through all layers, `for_inputs` if that of the inputs is wanted.
  /// Adds: to grad_parameters [P] where not null; with affines it must not be null.
  /// Returns: the gradient of the inputs [I][stride] if wanted.
  const T* backward(const T* parameters, T* grad_parameters, bool wants_inputs,
                    const EdgeSeeds<T>* seeds = nullptr) noexcept;

  /// As `backward`, but for each sample by itself, as often as wanted after one `forward`.
  /// Only with Purpose::curvature. Writes: grad_sums(l) [S][stride] and grad_affine(l), see
  /// `nodes_sensitivities`, of every layer.
  void sensitivities(const T* parameters) noexcept;
  const T* grad_sums(std::size_t l) const noexcept { return sensitivities_[l].sums; }
  const T* grad_affine(std::size_t l) const noexcept { return sensitivities_[l].affine; }

  /// After `sensitivities`. Writes: the gradient [EdgeAffine::count] of sample n by the numbers of a
  /// symbolic edge.
  void symbolic_sensitivity(std::size_t l, std::size_t edge, const T* parameters, std::size_t n,
                            double* gradient) const noexcept;

 private:
  explicit Chunk(const Network<T>& network) noexcept : network_(network) {}
  std::size_t count_bytes(Purpose purpose);
  void place(Arena& arena, Purpose purpose);
  void place_layers(Arena& arena, bool keep);
  void place_sensitivities(Arena& arena);
  void connect_nodes(Arena& arena, bool again);

  const Network<T>& network_;
  Batch batch_ = {};
  AlignedMemory memory_;
  LayerBuffers<T>* layers_ = nullptr;
  T* outputs_ = nullptr;
  T* grad_nodes_[2] = {};  // [most nodes or inputs][stride], taken in turns
  T* grad_sums_ = nullptr;
  struct Sensitivities {
    T* sums;
    T* affine;
  };
  std::vector<Sensitivities> sensitivities_;  // of each layer, with Purpose::curvature
  T* input_slopes_ = nullptr;  // of layer 0, which only the gradient of the inputs needs
};

extern template class Chunk<float>;
extern template class Chunk<double>;

}  // namespace kan
