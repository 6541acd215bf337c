#pragma once

#include <cstddef>
#include <vector>

#include "chunk.hpp"
#include "kan/network.hpp"
#include "kan/sparsity.hpp"
#include "one_input.hpp"

namespace kan {

/// Mean of some values and the sum of their squared distances from it.
struct Moments {
  double mean = 0.0;
  double squares = 0.0;
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

  /// The deviation of all samples; 0 of a single one, and where only rounding is left.
  double deviation(const Moments& moments) const noexcept;

  std::vector<LayerStatistics> statistics() const;

  struct Layer {
    std::vector<Moments> inputs;    // [I]
    std::vector<Moments> splines;   // [I][S]
    std::vector<Moments> symbolic;  // of each symbolic edge with its spline
    std::vector<Moments> sums;      // [S]
  };
  const Layer& layer(std::size_t l) const noexcept { return layers_[l]; }
  double count() const noexcept { return count_; }

  /// One for each thread; whoever goes the way back may use it.
  std::vector<EdgeScratch<T>>& scratch() noexcept { return scratch_; }

 private:
  void add_layer(const Chunk<T>& chunk, std::size_t l, const T* parameters);
  void add_symbolic(const Chunk<T>& chunk, std::size_t l, std::size_t i, const T* parameters,
                    EdgeScratch<T>& scratch);
  void make_scratch(int threads);

  const Network<T>& network_;
  std::size_t stride_;
  double count_ = 0.0;
  std::vector<Layer> layers_;
  std::vector<EdgeScratch<T>> scratch_;
};

extern template class EdgeMoments<float>;
extern template class EdgeMoments<double>;

}  // namespace kan
