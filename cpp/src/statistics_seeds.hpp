#pragma once

#include <cstddef>
#include <vector>

#include "edge_moments.hpp"
#include "kan/network.hpp"
#include "kan/sparsity.hpp"
#include "layer_pass.hpp"

namespace kan {

/// What a function of the statistics adds to gradients on their way back: a deviation D of values v_n
/// has the derivative (v_n - mean) / ((N - 1) D); where D is 0 it adds nothing.
template <class T>
class StatisticsSeeds final : public EdgeSeeds<T> {
 public:
  /// `by_statistics` is the derivative of that function, taken times `weight`. The moments are those
  /// of all samples; their scratch is used.
  StatisticsSeeds(const Network<T>& network, EdgeMoments<T>& moments,
                  const std::vector<LayerStatistics>& by_statistics, double weight);

  void edges_backward(std::size_t l, const T* parameters, const LayerBuffers<T>& buffers,
                      const Batch& batch, T* grad_sums, T* grad_inputs,
                      T* grad_parameters) const noexcept override;

 private:
  /// What one statistic adds: grad += factor * (value - mean).
  struct Seed {
    T mean = T(0);
    T factor = T(0);

    T at(T value) const noexcept { return factor * (value - mean); }
    void add(const T* values, std::size_t count, T* grad) const noexcept;
  };
  struct Layer {
    std::vector<Seed> inputs, splines, symbolic, sums;  // as in EdgeMoments
  };
  struct Pass;  // the arguments of `edges_backward`

  static Layer seeds_of(const Network<T>& network, const EdgeMoments<T>& moments, std::size_t l,
                        const LayerStatistics& by, double weight);
  void symbolic_backward(const Pass& pass, std::size_t e, EdgeScratch<T>& scratch) const noexcept;
  void input_backward(const Pass& pass, std::size_t i, EdgeScratch<T>& scratch) const noexcept;

  const Network<T>& network_;
  std::vector<EdgeScratch<T>>& scratch_;
  std::vector<Layer> layers_;
};

extern template class StatisticsSeeds<float>;
extern template class StatisticsSeeds<double>;

}  // namespace kan
