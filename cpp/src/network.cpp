#include "kan/network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

std::vector<LayerOffsets> lay_out(const Architecture& architecture) {
  std::vector<LayerOffsets> all;
  std::size_t next = 0;
  for (const Layer& layer : architecture.layers) {
    LayerOffsets o;
    o.coefficients = next;
    next += size(layer.inputs) * size(layer.rows()) * size(layer.subnodes());
    o.subnode_scale = o.subnode_bias = o.node_scale = o.node_bias = next;
    if (architecture.affine) {
      o.subnode_bias = o.subnode_scale + size(layer.subnodes());
      o.node_scale = o.subnode_bias + size(layer.subnodes());
      o.node_bias = o.node_scale + size(layer.nodes());
      next = o.node_bias + size(layer.nodes());
    }
    o.symbolic = next;
    next += EdgeAffine::count * layer.symbolic.size();
    o.end = next;
    all.push_back(o);
  }
  return all;
}

/// Knots t_j = lo + (j - k) h on [-1, 1] for every input.
template <class T>
std::vector<T> standard_knots(const Layer& layer) {
  std::vector<T> knots;
  knots.reserve(size(layer.inputs) * size(layer.knots()));
  for (int i = 0; i < layer.inputs; ++i) {
    for (int j = 0; j < layer.knots(); ++j) {
      knots.push_back(static_cast<T>(-1.0 + 2.0 * (j - layer.degree) / layer.intervals));
    }
  }
  return knots;
}

/// 1/h if the knots are lo + j h but for their rounding, and that is small beside h: else 0.
template <class T>
T uniform_inverse_spacing(const T* knots, const Layer& layer) {
  const int last = layer.knots() - 1;
  const double spacing = (static_cast<double>(knots[last]) - static_cast<double>(knots[0])) / last;
  const double scale =
      std::max(std::abs(static_cast<double>(knots[0])), std::abs(static_cast<double>(knots[last])));
  const double rounding = static_cast<double>(std::numeric_limits<T>::epsilon()) * scale;
  if (!(spacing > 32768.0 * rounding)) return T(0);
  for (int j = 0; j <= last; ++j) {
    if (std::abs(static_cast<double>(knots[j]) - (static_cast<double>(knots[0]) + j * spacing)) >
        2.0 * rounding) {
      return T(0);
    }
  }
  return static_cast<T>(1.0 / spacing);
}

/// Of every input.
template <class T>
std::vector<T> inverse_spacings(const std::vector<T>& knots, const Layer& layer) {
  std::vector<T> all(size(layer.inputs));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = uniform_inverse_spacing(knots.data() + i * size(layer.knots()), layer);
  }
  return all;
}

template <class T>
void validate_knots(const T* knots, const Layer& layer, std::size_t l, int input) {
  const auto refuse = [&](const std::string& reason) {
    throw std::invalid_argument("knots of layer " + std::to_string(l) + ", input " +
                                std::to_string(input) + " " + reason);
  };
  const int k = layer.degree;
  for (int j = 0; j < layer.knots(); ++j) {
    if (!std::isfinite(knots[j])) refuse("must be finite");
    if (j > 0 && knots[j] < knots[j - 1]) refuse("must not decrease");
  }
  const T lo = knots[k];
  const T hi = knots[k + layer.intervals];
  if (!(lo < hi)) refuse("must span an interval of positive length");
  if (!(lo < knots[k + 1]) || !(knots[k + layer.intervals - 1] < hi)) {
    refuse("must have a first and a last interval of positive length");
  }
  const int most = std::max(k, 1);
  for (int j = k + 1; j + most < k + layer.intervals; ++j) {
    if (knots[j] == knots[j + most]) refuse("may repeat at most k times inside the grid");
  }
}

void check_mask(const std::vector<std::uint8_t>& mask, std::size_t count, const std::string& name,
                std::size_t l) {
  const std::string which = name + " of layer " + std::to_string(l);
  if (mask.size() != count) {
    throw std::invalid_argument(which + " must have " + std::to_string(count) + " values, got " +
                                std::to_string(mask.size()));
  }
  if (std::any_of(mask.begin(), mask.end(), [](std::uint8_t m) { return m > 1; })) {
    throw std::invalid_argument(which + " must hold 0 or 1");
  }
}

}  // namespace

template <class T>
Network<T>::Network(Architecture architecture) : Network(std::move(architecture), Unsettled{}) {
  for (std::size_t l = 0; l < depth(); ++l) {
    set_knots(l, standard_knots<T>(layer(l)));
    masks_[l].assign(size(layer(l).inputs) * size(layer(l).subnodes()), std::uint8_t{1});
  }
  set_trainable(Trainable{});
}

template <class T>
Network<T>::Network(Architecture architecture, Unsettled /*what trains*/)
    : architecture_(std::move(architecture)) {
  architecture_.validate();
  offsets_ = lay_out(architecture_);
  parameters_.assign(offsets_.back().end, T(0));
  grids_.resize(depth());
  masks_.resize(depth());
  has_splines_.assign(depth(), 1);
  for (std::size_t l = 0; l < depth(); ++l) {
    if (architecture_.affine) {
      const LayerOffsets& o = offsets_[l];
      std::fill(&parameters_[o.subnode_scale], &parameters_[o.subnode_bias], T(1));
      std::fill(&parameters_[o.node_scale], &parameters_[o.node_bias], T(1));
    }
    symbolic_trainable_.emplace_back(EdgeAffine::count * layer(l).symbolic.size(), std::uint8_t{1});
    for (std::size_t p = offsets_[l].symbolic; p < offsets_[l].end; p += EdgeAffine::count) {
      parameters_[p + EdgeAffine::alpha] = parameters_[p + EdgeAffine::gamma] = T(1);
    }
  }
}

template <class T>
void Network<T>::set_parameters(const T* values) noexcept {
  std::copy_n(values, parameters_.size(), parameters_.begin());
  for (std::size_t l = 0; l < depth(); ++l) clear_masked(l);
}

template <class T>
void Network<T>::clear_masked(std::size_t l) noexcept {
  const std::size_t subnodes = size(layer(l).subnodes());
  const std::size_t rows = size(layer(l).rows());
  T* coefficients = parameters_.data() + offsets_[l].coefficients;
  for (std::size_t edge = 0; edge < masks_[l].size(); ++edge) {
    if (masks_[l][edge] != 0) continue;
    T* first = coefficients + (edge / subnodes) * rows * subnodes + edge % subnodes;
    for (std::size_t r = 0; r < rows; ++r) first[r * subnodes] = T(0);
  }
}

template <class T>
void Network<T>::set_knots(std::size_t l, std::vector<T> knots) {
  const Layer& shape = layer(l);
  if (knots.size() != size(shape.inputs) * size(shape.knots())) {
    throw std::invalid_argument(
        "knots of layer " + std::to_string(l) + " must have " + std::to_string(shape.inputs) +
        " x " + std::to_string(shape.knots()) + " values, got " + std::to_string(knots.size()));
  }
  for (int i = 0; i < shape.inputs; ++i) {
    validate_knots(knots.data() + size(i) * size(shape.knots()), shape, l, i);
  }
  std::vector<T> spacing;
  if (is_settled()) spacing = inverse_spacings(knots, shape);
  grids_[l] = {std::move(knots), std::move(spacing)};
}

template <class T>
void Network<T>::set_edge_mask(std::size_t l, std::vector<std::uint8_t> mask) {
  check_mask(mask, size(layer(l).inputs) * size(layer(l).subnodes()), "edge mask", l);
  has_splines_[l] = *std::max_element(mask.begin(), mask.end());
  masks_[l] = std::move(mask);
  clear_masked(l);
  update_trainable();
}

template <class T>
void Network<T>::set_symbolic_trainable(std::size_t l, std::vector<std::uint8_t> trains) {
  check_mask(trains, symbolic_trainable_[l].size(), "what trains of the symbolic edges", l);
  symbolic_trainable_[l] = std::move(trains);
  update_trainable();
}

template <class T>
void Network<T>::set_trainable(Trainable groups) {
  for (std::size_t l = 0; l < depth(); ++l) {
    if (grids_[l].inverse_spacing.empty()) {
      grids_[l].inverse_spacing = inverse_spacings(grids_[l].knots, layer(l));
    }
  }
  trainable_.resize(parameters_.size());
  trainable_groups_ = groups;
  update_trainable();
}

template <class T>
void Network<T>::update_trainable() noexcept {
  if (!is_settled()) return;
  std::fill(trainable_.begin(), trainable_.end(),
            trainable_groups_.affine ? std::uint8_t{1} : std::uint8_t{0});
  for (std::size_t l = 0; l < depth(); ++l) {
    const std::size_t subnodes = size(layer(l).subnodes());
    const std::size_t rows = size(layer(l).rows());
    std::uint8_t* flag = trainable_.data() + offsets_[l].coefficients;
    for (std::size_t i = 0; i < size(layer(l).inputs); ++i) {
      for (std::size_t r = 0; r < rows; ++r) {
        const bool is_base = r + 1 == rows;
        const bool base_trains = trainable_groups_.base_weights && architecture_.base != Base::zero;
        const bool moves = is_base ? base_trains : trainable_groups_.coefficients;
        for (std::size_t s = 0; s < subnodes; ++s) {
          *flag++ = moves ? masks_[l][i * subnodes + s] : std::uint8_t{0};
        }
      }
    }
    std::copy(symbolic_trainable_[l].begin(), symbolic_trainable_[l].end(),
              trainable_.begin() + static_cast<std::ptrdiff_t>(offsets_[l].symbolic));
  }
  all_trainable_ = std::find(trainable_.begin(), trainable_.end(), 0) == trainable_.end();
}

template <class T>
void Network<T>::clear_fixed(T* gradient) const noexcept {
  if (all_trainable_) return;
  for (std::size_t p = 0; p < trainable_.size(); ++p) {
    gradient[p] = trainable_[p] != 0 ? gradient[p] : T(0);
  }
}

template class Network<float>;
template class Network<double>;

}  // namespace kan
