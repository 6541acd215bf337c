#pragma once

// Layers with many outputs: vectors along the outputs, which lie side by side in C, y and g.
// Sums are held in registers while inputs (contract, dot) or samples (scatter) pass by.

#include <cstdint>

#include "kernels/kernels.hpp"
#include "kernels/vector.hpp"

namespace kan::kernels {
namespace {

template <class T>
inline Vector<T> load(const T* from) {
  return *reinterpret_cast<const Vector<T>*>(from);
}

template <class T>
inline void store(T* to, Vector<T> value) {
  *reinterpret_cast<Vector<T>*>(to) = value;
}

/// Sum of the lanes, halving: one fixed tree.
template <class T>
inline T sum_of_lanes(Vector<T> value) {
  T lane[lanes<T>];
  store(lane, value);
  for (std::size_t width = lanes<T> / 2; width > 0; width /= 2) {
    for (std::size_t j = 0; j < width; ++j) lane[j] += lane[j + width];
  }
  return lane[0];
}

/// Where the rows of one input begin, and how far apart things are.
template <class T>
struct WideLayer {
  const Shape& shape;
  std::size_t outputs;
  std::size_t input_size;  // (M + 1) S
  std::size_t base_row;    // M S
  std::size_t weights;     // k + 2

  explicit WideLayer(const Shape& s)
      : shape(s),
        outputs(static_cast<std::size_t>(s.outputs)),
        input_size(static_cast<std::size_t>(row_count(s)) * outputs),
        base_row(static_cast<std::size_t>(basis_count(s)) * outputs),
        weights(static_cast<std::size_t>(weight_count(s))) {}

  /// As many inputs as keep one block of their coefficients in the first-level cache.
  std::size_t inputs_at_once(std::size_t block) const {
    constexpr std::size_t cache = 16384;
    const std::size_t fitting =
        cache / (static_cast<std::size_t>(row_count(shape)) * block * sizeof(T));
    return fitting < 1 ? 1 : fitting > 8 ? 8 : fitting;
  }
};

/// Inputs [i0, i1) of all samples, outputs [o, o + V lanes).
template <int V, class T>
void contract_block(const WideLayer<T>& layer, const T* C, const std::int32_t* cells,
                    const T* weights, std::size_t begin, std::size_t end, std::size_t i0,
                    std::size_t i1, std::size_t o, T* y) {
  const std::size_t stride = layer.shape.stride;
  for (std::size_t n = begin; n < end; ++n) {
    T* out = y + n * layer.outputs + o;
    Vector<T> sum[V];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < V; ++v) {
      sum[v] = i0 == 0 ? Vector<T>{} : load(out + v * lanes<T>);
    }
    for (std::size_t i = i0; i < i1; ++i) {
      const T* own = C + i * layer.input_size + o;
      const T* row = own + static_cast<std::size_t>(cells[i * stride + n]) * layer.outputs;
      const T* w = weights + i * layer.weights * stride + n;
      for (std::size_t r = 0; r < layer.weights; ++r) {
        const T* c = r + 1 < layer.weights ? row + r * layer.outputs : own + layer.base_row;
        const Vector<T> weight = w[r * stride] - Vector<T>{};
#pragma GCC unroll 16
        for (std::size_t v = 0; v < V; ++v) sum[v] += weight * load(c + v * lanes<T>);
      }
    }
#pragma GCC unroll 16
    for (std::size_t v = 0; v < V; ++v) store(out + v * lanes<T>, sum[v]);
  }
}

/// The outputs behind the last whole vector.
template <class T>
void contract_rest(const WideLayer<T>& layer, const T* C, const std::int32_t* cells,
                   const T* weights, std::size_t begin, std::size_t end, std::size_t i0,
                   std::size_t i1, std::size_t o, T* y) {
  const std::size_t stride = layer.shape.stride;
  for (std::size_t n = begin; n < end; ++n) {
    T* out = y + n * layer.outputs;
    for (std::size_t p = o; i0 == 0 && p < layer.outputs; ++p) out[p] = T(0);
    for (std::size_t i = i0; i < i1; ++i) {
      const T* own = C + i * layer.input_size;
      const T* row = own + static_cast<std::size_t>(cells[i * stride + n]) * layer.outputs;
      const T* w = weights + i * layer.weights * stride + n;
      for (std::size_t r = 0; r < layer.weights; ++r) {
        const T* c = r + 1 < layer.weights ? row + r * layer.outputs : own + layer.base_row;
        for (std::size_t p = o; p < layer.outputs; ++p) out[p] += w[r * stride] * c[p];
      }
    }
  }
}

template <class T>
void wide_contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
                   std::size_t begin, std::size_t end, T* y) {
  const WideLayer<T> layer(shape);
  const auto inputs = static_cast<std::size_t>(shape.inputs);
  constexpr std::size_t L = lanes<T>;
  const std::size_t step = layer.inputs_at_once(layer.outputs < 8 * L ? layer.outputs : 8 * L);
  std::size_t o = 0;
  const auto for_inputs = [&](auto block) {
    for (std::size_t i0 = 0; i0 < inputs; i0 += step) {
      block(i0, i0 + step < inputs ? i0 + step : inputs);
    }
  };
  for (; o + 8 * L <= layer.outputs; o += 8 * L) {
    for_inputs([&](std::size_t i0, std::size_t i1) {
      contract_block<8>(layer, C, cells, weights, begin, end, i0, i1, o, y);
    });
  }
  for (; o + 4 * L <= layer.outputs; o += 4 * L) {
    for_inputs([&](std::size_t i0, std::size_t i1) {
      contract_block<4>(layer, C, cells, weights, begin, end, i0, i1, o, y);
    });
  }
  for (; o + L <= layer.outputs; o += L) {
    for_inputs([&](std::size_t i0, std::size_t i1) {
      contract_block<1>(layer, C, cells, weights, begin, end, i0, i1, o, y);
    });
  }
  if (o < layer.outputs) {
    for_inputs([&](std::size_t i0, std::size_t i1) {
      contract_rest(layer, C, cells, weights, begin, end, i0, i1, o, y);
    });
  }
}

/// dx of J inputs of one sample: t_r = sum_o g_o C_r,o in vectors, then sum_r slope_r t_r, then lanes.
template <int K, int J, class T>
void dot_inputs(const WideLayer<T>& layer, const T* C, const std::int32_t* cells, const T* slopes,
                const T* g, std::size_t n, std::size_t i0, T* dx) {
  constexpr std::size_t L = lanes<T>;
  const std::size_t stride = layer.shape.stride;
  const T* own[J];
  const T* row[J];
  Vector<T> sum[J][K + 2];
#pragma GCC unroll 4
  for (std::size_t j = 0; j < J; ++j) {
    own[j] = C + (i0 + j) * layer.input_size + layer.base_row;
    row[j] = C + (i0 + j) * layer.input_size +
             static_cast<std::size_t>(cells[(i0 + j) * stride + n]) * layer.outputs;
#pragma GCC unroll 7
    for (std::size_t r = 0; r < K + 2; ++r) sum[j][r] = Vector<T>{};
  }
  std::size_t o = 0;
  for (; o + L <= layer.outputs; o += L) {
    const Vector<T> gradient = load(g + o);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < J; ++j) {
#pragma GCC unroll 7
      for (std::size_t r = 0; r < K + 2; ++r) {
        const T* c = r <= K ? row[j] + r * layer.outputs : own[j];
        sum[j][r] += gradient * load(c + o);
      }
    }
  }
  for (std::size_t j = 0; j < J; ++j) {
    const T* s = slopes + (i0 + j) * (K + 2) * stride + n;
    Vector<T> total = s[0] * sum[j][0];
#pragma GCC unroll 7
    for (std::size_t r = 1; r < K + 2; ++r) total += s[r * stride] * sum[j][r];
    T result = sum_of_lanes<T>(total);
    for (std::size_t p = o; p < layer.outputs; ++p) {
      T slope = T(0);
      for (std::size_t r = 0; r < K + 2; ++r) {
        slope += s[r * stride] * (r <= K ? row[j][r * layer.outputs + p] : own[j][p]);
      }
      result += g[p] * slope;
    }
    dx[(i0 + j) * stride + n] = result;
  }
}

template <int K, class T>
void wide_dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes,
              const T* g, std::size_t begin, std::size_t end, T* dx) {
  const WideLayer<T> layer(shape);
  const auto inputs = static_cast<std::size_t>(shape.inputs);
  const std::size_t pairs = layer.inputs_at_once(layer.outputs) / 2 * 2;
  const std::size_t step = pairs < 2 ? 2 : pairs;
  for (std::size_t i0 = 0; i0 < inputs; i0 += step) {
    const std::size_t i1 = i0 + step < inputs ? i0 + step : inputs;
    for (std::size_t n = begin; n < end; ++n) {
      const T* gradient = g + n * layer.outputs;
      std::size_t i = i0;
      for (; i + 2 <= i1; i += 2) {
        dot_inputs<K, 2>(layer, C, cells, slopes, gradient, n, i, dx);
      }
      if (i < i1) dot_inputs<K, 1>(layer, C, cells, slopes, gradient, n, i, dx);
    }
  }
}

/// The samples of a chunk sorted by their cell for one input, in order within each cell.
struct CellOrder {
  std::uint16_t sample[most_rows];
  std::int32_t first[most_sorted_cells + 1];

  void sort(const std::int32_t* cells, std::size_t count, int intervals) {
    for (int c = 0; c <= intervals; ++c) first[c] = 0;
    for (std::size_t n = 0; n < count; ++n) ++first[cells[n] + 1];
    for (int c = 0; c < intervals; ++c) first[c + 1] += first[c];
    for (std::size_t n = 0; n < count; ++n) {
      sample[first[cells[n]]++] = static_cast<std::uint16_t>(n);
    }
    for (int c = intervals; c > 0; --c) first[c] = first[c - 1];
    first[0] = 0;
  }
};

/// One input, outputs [o, o + V lanes): the k + 1 rows of a cell and the base row in registers.
template <int K, int V, class T>
void scatter_block(const WideLayer<T>& layer, const CellOrder& order, const T* weights, const T* g,
                   std::size_t o, T* own) {
  const std::size_t stride = layer.shape.stride;
  constexpr std::size_t L = lanes<T>;
  Vector<T> base[V];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < V; ++v) base[v] = load(own + layer.base_row + o + v * L);
  for (int c = 0; c < layer.shape.intervals; ++c) {
    if (order.first[c] == order.first[c + 1]) continue;
    T* rows = own + static_cast<std::size_t>(c) * layer.outputs + o;
    Vector<T> sum[K + 1][V];
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) sum[r][v] = load(rows + r * layer.outputs + v * L);
    }
    for (std::int32_t q = order.first[c]; q < order.first[c + 1]; ++q) {
      const std::size_t n = order.sample[q];
      const T* gradient = g + n * layer.outputs + o;
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) {
        const Vector<T> z = load(gradient + v * L);
#pragma GCC unroll 6
        for (std::size_t r = 0; r <= K; ++r) sum[r][v] += weights[r * stride + n] * z;
        base[v] += weights[(K + 1) * stride + n] * z;
      }
    }
#pragma GCC unroll 6
    for (std::size_t r = 0; r <= K; ++r) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < V; ++v) store(rows + r * layer.outputs + v * L, sum[r][v]);
    }
  }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < V; ++v) store(own + layer.base_row + o + v * L, base[v]);
}

/// Outputs from o on, straight through.
template <class T>
void scatter_rest(const WideLayer<T>& layer, const std::int32_t* cells, const T* weights,
                  const T* g, std::size_t count, std::size_t o, T* own) {
  const std::size_t stride = layer.shape.stride;
  for (std::size_t n = 0; n < count; ++n) {
    T* rows = own + static_cast<std::size_t>(cells[n]) * layer.outputs;
    for (std::size_t r = 0; r < layer.weights; ++r) {
      T* row = r + 1 < layer.weights ? rows + r * layer.outputs : own + layer.base_row;
      const T weight = weights[r * stride + n];
      for (std::size_t p = o; p < layer.outputs; ++p) row[p] += weight * g[n * layer.outputs + p];
    }
  }
}

template <int K, class T>
void wide_scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
                  std::size_t count, int first, int last, T* dC) {
  const WideLayer<T> layer(shape);
  constexpr std::size_t L = lanes<T>;
  const bool sorted = count <= most_rows && shape.intervals <= most_sorted_cells;
  CellOrder order;
  for (int i = first; i < last; ++i) {
    const auto input = static_cast<std::size_t>(i);
    const std::int32_t* own_cells = cells + input * shape.stride;
    const T* own_weights = weights + input * (K + 2) * shape.stride;
    T* own = dC + input * layer.input_size;
    std::size_t o = 0;
    if (sorted) {
      order.sort(own_cells, count, shape.intervals);
      for (; o + 2 * L <= layer.outputs; o += 2 * L) {
        scatter_block<K, 2>(layer, order, own_weights, g, o, own);
      }
      if (o + L <= layer.outputs) {
        scatter_block<K, 1>(layer, order, own_weights, g, o, own);
        o += L;
      }
    }
    if (o < layer.outputs) scatter_rest(layer, own_cells, own_weights, g, count, o, own);
  }
}

}  // namespace
}  // namespace kan::kernels
