#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kan/architecture.hpp"
#include "kan/buffer.hpp"

namespace kan {

/// Which groups of parameters an optimizer may move.
struct Trainable {
  bool coefficients = true;
  bool base_weights = true;
  bool affine = true;
};

/// Where one layer's numbers lie in the flat parameter buffer (offsets) and how many there are.
///
/// Order in the buffer, layer by layer:
///   coefficients [I][M + 1][S]  row M of each input is the base weight w_io
///   subnode_scale [S], subnode_bias [S], node_scale [nodes], node_bias [nodes]   only with `affine`
///   alpha, beta, gamma, delta of every symbolic edge
struct LayerOffsets {
  std::size_t coefficients = 0;
  std::size_t subnode_scale = 0;
  std::size_t subnode_bias = 0;
  std::size_t node_scale = 0;
  std::size_t node_bias = 0;
  std::size_t symbolic = 0;
  std::size_t end = 0;
};

/// The grids of one layer.
template <class T>
struct Grid {
  std::vector<T> knots;            ///< [I][G + 1 + 2k], non-decreasing per input
  std::vector<T> inverse_spacing;  ///< [I], 1/h where the knots are uniform, 0 where they are not
};

/// A Kolmogorov-Arnold network: architecture, grids, masks and one flat parameter buffer.
///
/// Const members may be called from any number of threads at once.
template <class T>
class Network {
 public:
  /// Coefficients and base weights 0, affines the identity (those of symbolic edges too), uniform grids
  /// on [-1, 1], nothing masked.
  /// Throws: std::invalid_argument if the architecture is not valid.
  explicit Network(Architecture architecture);

  /// The same for who fills a network and has little memory: knots and masks are empty until each is
  /// set, and what follows from them and from what trains is not there before `set_trainable`, the last
  /// call. Nobody may ask for it earlier.
  struct Unsettled {};
  Network(Architecture architecture, Unsettled);

  const Architecture& architecture() const noexcept { return architecture_; }
  const Layer& layer(std::size_t l) const noexcept { return architecture_.layers[l]; }
  std::size_t depth() const noexcept { return architecture_.layers.size(); }
  const LayerOffsets& offsets(std::size_t l) const noexcept { return offsets_[l]; }
  const Grid<T>& grid(std::size_t l) const noexcept { return grids_[l]; }

  std::size_t parameter_count() const noexcept { return parameters_.size(); }
  const T* parameters() const noexcept { return parameters_.data(); }

  /// The flat buffer for writing in place; masked entries must stay 0 (see `set_parameters`).
  T* mutable_parameters() noexcept { return parameters_.data(); }

  /// Copies `parameter_count()` values in; masked entries become 0.
  void set_parameters(const T* values) noexcept;

  /// Replaces the knots of one layer, shape [I][G + 1 + 2k]; the coefficients stay as they are.
  /// Throws: std::invalid_argument if knots are not finite, decrease, or repeat more than k times
  /// inside the grid.
  void set_knots(std::size_t l, std::vector<T> knots);

  /// Edges with mask 0 get weight 0 and keep it. Shape [I][S], values 0 or 1.
  /// Throws: std::invalid_argument on another length or value.
  void set_edge_mask(std::size_t l, std::vector<std::uint8_t> mask);
  const std::vector<std::uint8_t>& edge_mask(std::size_t l) const noexcept { return masks_[l]; }

  /// Whether not all edges of layer l are masked.
  bool has_splines(std::size_t l) const noexcept { return has_splines_[l] != 0; }

  /// Which of alpha, beta, gamma and delta of the symbolic edges train; all do at first.
  /// Shape [symbolic edges][4], values 0 or 1.
  /// Throws: std::invalid_argument on another length or value.
  void set_symbolic_trainable(std::size_t l, std::vector<std::uint8_t> trains);
  const std::vector<std::uint8_t>& symbolic_trainable(std::size_t l) const noexcept {
    return symbolic_trainable_[l];
  }

  /// Throws: std::bad_alloc, the first time.
  void set_trainable(Trainable groups);
  Trainable trainable_groups() const noexcept { return trainable_groups_; }

  /// One byte per parameter: 1 if an optimizer may move it.
  const std::vector<std::uint8_t>& trainable() const noexcept { return trainable_; }

  /// Sets to 0 what in a gradient [P] belongs to parameters that may not move.
  void clear_fixed(T* gradient) const noexcept;

 private:
  bool is_settled() const noexcept { return !trainable_.empty(); }
  void clear_masked(std::size_t l) noexcept;
  void update_trainable() noexcept;

  Architecture architecture_;
  std::vector<LayerOffsets> offsets_;
  std::vector<Grid<T>> grids_;
  std::vector<std::vector<std::uint8_t>> masks_;
  std::vector<std::uint8_t> has_splines_;
  std::vector<std::vector<std::uint8_t>> symbolic_trainable_;
  Buffer<T> parameters_;
  std::vector<std::uint8_t> trainable_;
  bool all_trainable_ = false;
  Trainable trainable_groups_;
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace kan
