#pragma once

#include <algorithm>
#include <cstddef>

#include "kan/buffer.hpp"
#include "kan/network.hpp"
#include "layer_pass.hpp"
#include "transpose.hpp"

namespace kan {

/// Memory of one thread for the edges of one input of a layer.
template <class T>
struct EdgeScratch {
  Buffer<T> edges;     // [S][stride]
  Buffer<T> rows;      // [stride][S], for wide layers
  Buffer<T> symbolic;  // [stride]
  Buffer<T> slopes;    // [stride]
};

/// A layer as its kernels see it when input i is all it has: what its edges give, one by one.
template <class T>
class OneInput {
 public:
  OneInput(const Network<T>& network, std::size_t l, std::size_t i, const LayerBuffers<T>& all,
           const Batch& whole)
      : has_splines_(network.has_splines(l)),
        shape_(kernel_shape(network, l, whole.stride)),
        buffers_(all),
        batch_(whole) {
    shape_.inputs = 1;
    batch_.threads = 1;
    const std::size_t weights = i * static_cast<std::size_t>(weight_count(shape_)) * shape_.stride;
    buffers_.cells += i * shape_.stride;
    buffers_.weights += weights;
    if (buffers_.slopes != nullptr) buffers_.slopes += weights;
    coefficients_ =
        network.offsets(l).coefficients + i * static_cast<std::size_t>(row_count(shape_)) * sums();
  }

  std::size_t sums() const { return static_cast<std::size_t>(shape_.outputs); }

  /// Writes: values of the splines, scratch.edges [S][stride].
  void splines_forward(const T* parameters, EdgeScratch<T>& scratch) const noexcept {
    if (!has_splines_) {
      std::fill_n(scratch.edges.data(), sums() * batch_.stride, T(0));
      return;
    }
    T* to = is_wide(shape_) ? scratch.rows.data() : scratch.edges.data();
    layer_contract(shape_, parameters + coefficients_, buffers_, batch_, to);
    if (!is_wide(shape_)) return;
    transpose(scratch.rows.data(), sums(), batch_.count, sums(), scratch.edges.data(),
              batch_.stride);
  }

  /// From the gradients of the splines in scratch.edges [S][stride], 0 in the padding.
  /// Adds: to grad_input [stride] where not null, and to grad_parameters, a whole flat buffer.
  void splines_backward(const T* parameters, EdgeScratch<T>& scratch, T* grad_input,
                        T* grad_parameters) const noexcept {
    if (!has_splines_) return;
    const T* g = scratch.edges.data();
    if (is_wide(shape_)) {
      transpose(g, batch_.stride, sums(), batch_.count, scratch.rows.data(), sums());
      g = scratch.rows.data();
    }
    layer_scatter(shape_, buffers_, batch_, g, grad_parameters + coefficients_);
    if (grad_input == nullptr) return;
    layer_dot(shape_, parameters + coefficients_, buffers_, batch_, g, scratch.slopes.data());
    for (std::size_t n = 0; n < batch_.count; ++n) grad_input[n] += scratch.slopes[n];
  }

 private:
  bool has_splines_;
  kernels::Shape shape_;
  LayerBuffers<T> buffers_;
  Batch batch_;
  std::size_t coefficients_;  // offset in the flat buffer
};

}  // namespace kan
