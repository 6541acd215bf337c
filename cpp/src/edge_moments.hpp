#pragma once

#include <cstddef>
#include <vector>

#include "chunk.hpp"
#include "kan/buffer.hpp"
#include "kan/network.hpp"
#include "kan/sparsity.hpp"
#include "layer_pass.hpp"

namespace kan {

/// Mean of some values and the sum of their squared distances from it.
struct Moments {
  double mean = 0.0;
  double squares = 0.0;
};

/// Memory of one thread for the edges of one input of a layer.
template <class T>
struct EdgeScratch {
  Buffer<T> edges;     // [S][stride]
  Buffer<T> rows;      // [stride][S], for wide layers
  Buffer<T> symbolic;  // [stride]
  Buffer<T> slopes;    // [stride]
};

/// Means and deviations of inputs, edges and sums over all samples of a batch, chunk by chunk. The
/// chunks must keep their weights. The same bits for any number of threads.
template <class T>
class EdgeMoments {
 public:
  /// For chunks of this stride.
  EdgeMoments(const Network<T>& network, std::size_t stride);

  void begin();

  /// Takes in a chunk that has been forward through all layers with these parameters.
  void add(const Chunk<T>& chunk, const T* parameters);

  std::vector<LayerStatistics> statistics() const;

  struct Layer {
    std::vector<Moments> inputs;    // [I]
    std::vector<Moments> splines;   // [I][S]
    std::vector<Moments> symbolic;  // of each symbolic edge with its spline
    std::vector<Moments> sums;      // [S]
  };
  const Layer& layer(std::size_t l) const noexcept { return layers_[l]; }
  double count() const noexcept { return count_; }

 private:
  void add_layer(const Chunk<T>& chunk, std::size_t l, const T* parameters);

  const Network<T>& network_;
  std::size_t stride_;
  double count_ = 0.0;
  std::vector<Layer> layers_;
  std::vector<EdgeScratch<T>> scratch_;  // one per thread
};

/// What a function of the statistics adds to gradients on their way back: a deviation D of values v_n
/// has the derivative (v_n - mean) / ((N - 1) D).
template <class T>
class StatisticsSeeds final : public EdgeSeeds<T> {
 public:
  /// `by_statistics` is the derivative of that function, taken times `weight`.
  StatisticsSeeds(const Network<T>& network, const EdgeMoments<T>& moments,
                  const std::vector<LayerStatistics>& by_statistics, double weight,
                  std::size_t stride, int threads);

  void add_to_sums(std::size_t l, const LayerBuffers<T>& buffers, const Batch& batch,
                   T* grad_sums) const noexcept override;
  void add_edges(std::size_t l, const T* parameters, const LayerBuffers<T>& buffers,
                 const Batch& batch, T* grad_inputs, T* grad_parameters) const noexcept override;

 private:
  /// grad += factor * (value - mean)
  struct Seed {
    T mean = T(0);
    T factor = T(0);
  };
  struct Layer {
    std::vector<Seed> inputs, splines, symbolic, sums;  // as in EdgeMoments
  };
  void add_input(std::size_t l, std::size_t i, const T* parameters, const LayerBuffers<T>& buffers,
                 const Batch& batch, T* grad_inputs, T* grad_parameters,
                 EdgeScratch<T>& scratch) const noexcept;

  const Network<T>& network_;
  std::vector<Layer> layers_;
  mutable std::vector<EdgeScratch<T>> scratch_;  // one per thread
};

extern template class EdgeMoments<float>;
extern template class EdgeMoments<double>;
extern template class StatisticsSeeds<float>;
extern template class StatisticsSeeds<double>;

}  // namespace kan
