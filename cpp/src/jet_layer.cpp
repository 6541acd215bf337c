#include "jet_layer.hpp"

#include <algorithm>
#include <array>

#include "jet_nodes.hpp"
#include "jet_symbolic.hpp"
#include "kernels/dispatch.hpp"
#include "transpose.hpp"

namespace kan {
namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// What is multiplied with factor f of a product: the others, in `scratch.product` if there are two.
template <class T>
const T* others_of(const JetProduct& product, std::size_t f, const T* jet, const JetBatch& batch,
                   const JetScratch<T>& scratch) {
  const auto factor = [&](std::size_t other) {
    return jet + product.factors[(f + other) % product.count] * batch.step;
  };
  if (product.count < 2) return nullptr;
  if (product.count == 2) return factor(1);
  multiply(factor(1), factor(2), batch, false, scratch.product);
  return scratch.product;
}

/// Writes: scratch.factors, what each term of the rule multiplies a derivative by; null stands for 1.
template <class T>
void set_factors(const ChainRule& rule, const T* jet, const JetBatch& batch,
                 const JetScratch<T>& scratch) {
  for (std::size_t t = 0; t < rule.size(); ++t) {
    const auto& products = rule[t].products;
    const auto first = [&](const JetProduct& one) { return jet + one.factors[0] * batch.step; };
    if (products.size() == 1 && products[0].count < 2) {
      scratch.factors[t] = products[0].count == 0 ? nullptr : first(products[0]);
      continue;
    }
    T* sum = scratch.products + t * batch.step;
    for (std::size_t j = 0; j < products.size(); ++j) {
      multiply(first(products[j]), others_of(products[j], 0, jet, batch, scratch), batch, j > 0,
               sum);
    }
    scratch.factors[t] = sum;
  }
}

/// The weights of every place but the value's, from the derivatives of the basis.
template <class T>
void set_weights(const ChainRule& rule, const T* slopes, std::size_t rows, const JetBatch& batch,
                 const JetScratch<T>& scratch, T* weights) {
  std::size_t t = 0;
  for (std::size_t p = 1; p < batch.places; ++p) {
    const T* from[kernels::most_terms];
    const T* factors[kernels::most_terms];
    std::size_t terms = 0;
    for (; t < rule.size() && rule[t].place == p; ++t, ++terms) {
      from[terms] = slopes + (size(rule[t].derivative) - 1) * batch.step;
      factors[terms] = scratch.factors[t];
    }
    T* to = weights + p * batch.step;
    if (terms > 0) {
      kernels::active<T>().blend(rows, batch.stride, batch.step, terms, from, factors, false, to);
    } else {
      for (std::size_t r = 0; r < rows; ++r) std::fill_n(to + r * batch.stride, batch.step, T(0));
    }
  }
}

/// Cells, weights and slopes of input i.
template <class T>
void set_basis(const Network<T>& network, const JetRules& rules, std::size_t l, std::size_t i,
               const LayerBuffers<T>& buffers, const JetBatch& batch, int derivatives,
               const JetScratch<T>& scratch) {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  const Grid<T>& grid = network.grid(l);
  const T* knots = grid.knots.data() + i * size(network.layer(l).knots());
  const std::size_t rows = size(weight_count(shape));
  const T* jet = buffers.inputs + i * batch.stride;
  std::int32_t* cells = buffers.cells + i * batch.stride;
  T* weights = buffers.weights + i * rows * batch.stride;
  T* slopes = buffers.slopes + i * rows * batch.stride;
  std::array<T*, kernels::most_order + 1> orders = {weights};
  for (std::size_t d = 1; d <= size(derivatives); ++d) orders[d] = slopes + (d - 1) * batch.step;
  for (std::size_t first = 0; first < batch.step; first += kernels::tile_rows) {
    kernels::active<T>().derivatives(shape, knots, grid.inverse_spacing[i], jet, first,
                                     std::min(first + kernels::tile_rows, batch.step), derivatives,
                                     cells, orders.data());
  }
  for (std::size_t p = 1; p < batch.places; ++p) {
    std::copy_n(cells, batch.step, cells + p * batch.step);
  }
  const ChainRule& rule = rules.chain(l, i);
  set_factors(rule, jet, batch, scratch);
  set_weights(rule, slopes, rows, batch, scratch, weights);
}

/// The layer as its kernels see it in some places: of the first layer's inputs only some have any say.
template <class T>
struct PlacesOfLayer {
  kernels::Shape shape;
  std::size_t coefficients;  // of the first input, in the layer's own
  LayerBuffers<T> buffers;
  Batch batch;
  std::size_t outputs_at;  // in sums or rows
};

/// Calls use(part) for parts that together are all that a layer's splines do in all places.
template <class T, class Use>
void for_places(const kernels::Shape& shape, const JetRules& rules, std::size_t l,
                const LayerBuffers<T>& buffers, const JetBatch& batch, const Use& use) {
  if (l > 0) return use(PlacesOfLayer<T>{shape, 0, buffers, batch.all(), 0});
  const std::size_t of_place = batch.step * (is_wide(shape) ? size(shape.outputs) : 1);
  use(PlacesOfLayer<T>{shape, 0, buffers, batch.one(), 0});
  for (std::size_t p = 1; p < batch.places; ++p) {
    if (rules.only_input(p) < 0) continue;
    const std::size_t i = size(rules.only_input(p));
    PlacesOfLayer<T> part{shape, i * size(row_count(shape)) * size(shape.outputs), buffers,
                          batch.one(), p * of_place};
    part.shape.inputs = 1;
    part.buffers.cells += i * batch.stride;
    part.buffers.weights += i * size(weight_count(shape)) * batch.stride + p * batch.step;
    use(part);
  }
}

template <class T>
void splines_forward(const Network<T>& network, const JetRules& rules, std::size_t l,
                     const T* parameters, const LayerBuffers<T>& buffers, const JetBatch& batch,
                     int derivatives, const JetScratch<T>& scratch) {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  const std::size_t outputs = size(shape.outputs);
  for (std::size_t i = 0; i < size(shape.inputs); ++i) {
    set_basis(network, rules, l, i, buffers, batch, derivatives, scratch);
  }
  const T* C = parameters + network.offsets(l).coefficients;
  T* to = is_wide(shape) ? buffers.rows : buffers.sums;
  if (l == 0) std::fill_n(to, outputs * batch.stride, T(0));
  for_places(shape, rules, l, buffers, batch, [&](const PlacesOfLayer<T>& part) {
    layer_contract(part.shape, C + part.coefficients, part.buffers, part.batch,
                   to + part.outputs_at);
  });
  if (!is_wide(shape)) return;
  transpose(buffers.rows, outputs, batch.all().count, outputs, buffers.sums, batch.stride);
}

/// Writes: scratch.edge_sums where the way back needs them.
template <class T>
void set_edge_sums(const Network<T>& network, const JetRules& rules, std::size_t l,
                   const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                   const JetScratch<T>& scratch) {
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  const std::size_t apart = size(shape.inputs) * batch.stride;
  const T* C = parameters + network.offsets(l).coefficients;
  const T* g = is_wide(shape) ? layer.buffers.rows : layer.grad_sums;
  const std::size_t next = batch.step * (is_wide(shape) ? size(shape.outputs) : 1);
  rules.for_edge_sums(l, [&](int d, std::size_t p) {
    T* to = scratch.edge_sums + (size(d) - 1) * apart + p * batch.step;
    if (!network.has_splines(l)) {
      for (std::size_t i = 0; i < size(shape.inputs); ++i) {
        std::fill_n(to + i * batch.stride, batch.step, T(0));
      }
      return;
    }
    LayerBuffers<T> own = layer.buffers;
    own.slopes += (size(d) - 1) * batch.step;
    layer_dot(shape, C, own, batch.one(), g + p * next, to);
  });
  jet_symbolic_edge_sums(network, rules, l, parameters, layer.buffers.inputs, batch,
                         layer.grad_sums, scratch.edge_sums);
}

/// The gradient of the jet of input i. `apart`: from the edge sums of one derivative to the next.
template <class T>
void chain_back(const ChainRule& rule, const T* jet, const T* edge_sums, std::size_t apart,
                const JetBatch& batch, const JetScratch<T>& scratch, T* grad) {
  set_factors(rule, jet, batch, scratch);
  std::copy_n(edge_sums, batch.step, grad);
  std::fill_n(grad + batch.step, (batch.places - 1) * batch.step, T(0));
  for (std::size_t t = 0; t < rule.size(); ++t) {
    const ChainTerm& term = rule[t];
    const T* own = edge_sums + (size(term.derivative) - 1) * apart + term.place * batch.step;
    multiply(own + apart, scratch.factors[t], batch, true, grad);
    for (const JetProduct& product : term.products) {
      for (std::size_t f = 0; f < product.count; ++f) {
        multiply(own, others_of(product, f, jet, batch, scratch), batch, true,
                 grad + product.factors[f] * batch.step);
      }
    }
  }
}

}  // namespace

template <class T>
void jet_layer_forward(const Network<T>& network, const JetRules& rules, std::size_t l,
                       const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                       int derivatives, const JetScratch<T>& scratch) noexcept {
  const LayerBuffers<T>& buffers = layer.buffers;
  if (network.has_splines(l)) {
    splines_forward(network, rules, l, parameters, buffers, batch, derivatives, scratch);
  } else {
    std::fill_n(buffers.sums, size(network.layer(l).subnodes()) * batch.stride, T(0));
  }
  jet_symbolic_forward(network, rules, l, parameters, buffers.inputs, batch, buffers.sums);
  jet_nodes_forward(network, rules.product, l, parameters, buffers.nodes, batch, scratch.jets);
}

template <class T>
void jet_layer_sensitivities(const Network<T>& network, const JetRules& rules, std::size_t l,
                             const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                             const T* grad_outputs, T* grad_inputs,
                             const JetScratch<T>& scratch) noexcept {
  const LayerBuffers<T>& buffers = layer.buffers;
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  const std::size_t outputs = size(shape.outputs);
  jet_nodes_sensitivities(network, rules.product, l, parameters, buffers.nodes, batch, grad_outputs,
                          layer.grad_sums, layer.grad_affine, scratch.jets);
  if (is_wide(shape)) {
    transpose(layer.grad_sums, batch.stride, outputs, batch.all().count, buffers.rows, outputs);
  }
  if (grad_inputs == nullptr) return;
  set_edge_sums(network, rules, l, parameters, layer, batch, scratch);
  for (std::size_t i = 0; i < size(shape.inputs); ++i) {
    chain_back(rules.chain(l, i), buffers.inputs + i * batch.stride,
               scratch.edge_sums + i * batch.stride, size(shape.inputs) * batch.stride, batch,
               scratch, grad_inputs + i * batch.stride);
  }
}

template <class T>
void jet_layer_gradient(const Network<T>& network, const JetRules& rules, std::size_t l,
                        const T* parameters, const JetLayer<T>& layer, const JetBatch& batch,
                        T* grad_parameters) noexcept {
  const LayerOffsets& at = network.offsets(l);
  const kernels::Shape shape = kernel_shape(network, l, batch.stride);
  if (network.has_splines(l)) {
    const T* g = is_wide(shape) ? layer.buffers.rows : layer.grad_sums;
    for_places(shape, rules, l, layer.buffers, batch, [&](const PlacesOfLayer<T>& part) {
      layer_scatter(part.shape, part.buffers, part.batch, g + part.outputs_at,
                    grad_parameters + at.coefficients + part.coefficients);
    });
  }
  for (std::size_t p = at.subnode_scale; p < at.symbolic; ++p) {
    const T* row = layer.grad_affine + (p - at.subnode_scale) * batch.step;
    T sum = T(0);
    for (std::size_t n = 0; n < batch.step; ++n) sum += row[n];
    grad_parameters[p] += sum;
  }
  for (std::size_t e = 0; e < network.layer(l).symbolic.size(); ++e) {
    double sums[EdgeAffine::count] = {};
    for (std::size_t n = 0; n < batch.count; ++n) {
      double own[EdgeAffine::count];
      jet_symbolic_derivatives(network, rules, l, e, parameters, layer.buffers.inputs, batch,
                               layer.grad_sums, n, own);
      for (std::size_t p = 0; p < EdgeAffine::count; ++p) sums[p] += own[p];
    }
    T* to = grad_parameters + at.symbolic + e * EdgeAffine::count;
    for (std::size_t p = 0; p < EdgeAffine::count; ++p) to[p] += static_cast<T>(sums[p]);
  }
}

#define KAN_JET_LAYER(T)                                                                           \
  template void jet_layer_forward(const Network<T>&, const JetRules&, std::size_t, const T*,       \
                                  const JetLayer<T>&, const JetBatch&, int,                        \
                                  const JetScratch<T>&) noexcept;                                  \
  template void jet_layer_sensitivities(const Network<T>&, const JetRules&, std::size_t, const T*, \
                                        const JetLayer<T>&, const JetBatch&, const T*, T*,         \
                                        const JetScratch<T>&) noexcept;                            \
  template void jet_layer_gradient(const Network<T>&, const JetRules&, std::size_t, const T*,      \
                                   const JetLayer<T>&, const JetBatch&, T*) noexcept;

KAN_JET_LAYER(float)
KAN_JET_LAYER(double)
#undef KAN_JET_LAYER

}  // namespace kan
