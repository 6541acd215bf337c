#pragma once

// y of layers with many outputs. Where samples do not go cell by cell (sorted_contract.hpp), sums stay in
// registers while inputs pass by, and the coefficients of those inputs in the first-level cache.
// Internal linkage, see triangle.hpp.

#include "kernels/sorted_contract.hpp"

namespace kan::kernels {
namespace {

/// Coefficients of inputs [first, last) and outputs [o, o + V L): in C itself, or a copy that lies
/// closer together (rows that are a power of two apart would share few lines of the cache).
template <class T>
struct Coefficients {
  const T* data;
  std::size_t input_size;
  std::size_t row_size;
};

/// Bytes of coefficients that are read again and again: most of a small first-level cache.
constexpr std::size_t kept_bytes = 20480;

/// Inputs that y is worth loading and storing for, even if their coefficients then come from the
/// second-level cache.
constexpr std::size_t least_inputs = 4;

/// What of y one call adds to: outputs [o, o + V L), the first `done` of which another call has done.
template <class T>
struct Contracted {
  T* y;  // [n][S], from output o on
  bool more;
  std::size_t done = 0;
};

/// J samples from `n` on, V L outputs.
template <std::size_t L, std::size_t V, std::size_t J, class T>
inline void contract_samples(const WideLayer& layer, const Coefficients<T>& C,
                             const std::int32_t* cells, const T* weights, std::size_t n,
                             std::size_t first, std::size_t last, const Contracted<T>& to) {
  Vector<T, L> sums[J][V];
  const bool more = to.more || first > 0;
#pragma GCC unroll 4
  for (std::size_t j = 0; j < J; ++j) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
      sums[j][v] = more ? load<L>(to.y + (n + j) * layer.outputs + v * L) : Vector<T, L>{};
    }
  }
  for (std::size_t i = first; i < last; ++i) {
    const T* own = C.data + (i - first) * C.input_size;
    const T* row[J];
    const T* w[J];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < J; ++j) {
      row[j] = own + static_cast<std::size_t>(cells[i * layer.stride + n + j]) * C.row_size;
      w[j] = weights + i * layer.weights * layer.stride + n + j;
    }
    for (std::size_t r = 0; r + 1 < layer.weights; ++r) {
#pragma GCC unroll 4
      for (std::size_t j = 0; j < J; ++j) {
        const Vector<T, L> weight = splat<L>(w[j][r * layer.stride]);
#pragma GCC unroll 8
        for (std::size_t v = 0; v < V; ++v) {
          add_product<T, L>(sums[j][v], weight, load<L>(row[j] + r * C.row_size + v * L));
        }
      }
    }
    const T* base = own + (layer.rows - 1) * C.row_size;
#pragma GCC unroll 4
    for (std::size_t j = 0; j < J; ++j) {
      const Vector<T, L> weight = splat<L>(w[j][(layer.weights - 1) * layer.stride]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < V; ++v)
        add_product<T, L>(sums[j][v], weight, load<L>(base + v * L));
    }
  }
#pragma GCC unroll 4
  for (std::size_t j = 0; j < J; ++j) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
      T* own = to.y + (n + j) * layer.outputs + v * L;
      V == 1 && to.done > 0 ? store_behind<L>(own, sums[j][v], to.done) : store<L>(own, sums[j][v]);
    }
  }
}

/// Copies V L outputs of all rows of inputs [first, last).
template <class T>
inline void gather_coefficients(const WideLayer& layer, const T* C, std::size_t first,
                                std::size_t last, std::size_t width, T* to) {
  for (std::size_t row = first * layer.rows; row < last * layer.rows; ++row) {
    for (std::size_t o = 0; o < width; ++o) *to++ = C[row * layer.outputs + o];
  }
}

/// V L outputs of all samples; C begins at the first of them.
template <std::size_t L, std::size_t V, class T>
void contract_outputs(const WideLayer& layer, const T* C, const std::int32_t* cells,
                      const T* weights, std::size_t begin, std::size_t end,
                      const Contracted<T>& to) {
  constexpr std::size_t J = 8 / V < 4 ? 8 / V : 4;
  constexpr std::size_t width = V * L;
  const std::size_t fitting = kept_bytes / (layer.rows * width * sizeof(T));
  const std::size_t most = fitting < least_inputs ? least_inputs : fitting;
  const std::size_t blocks = (layer.inputs + most - 1) / most;
  const std::size_t step = (layer.inputs + blocks - 1) / blocks;
  const bool copied = layer.outputs > width && fitting >= step && end - begin >= lane_block;
  alignas(64) T copy[kept_bytes / sizeof(T)];
  for (std::size_t first = 0; first < layer.inputs; first += step) {
    const std::size_t last = first + step < layer.inputs ? first + step : layer.inputs;
    Coefficients<T> near{C + first * layer.input_size(), layer.input_size(), layer.outputs};
    if (copied) {
      gather_coefficients(layer, C, first, last, width, copy);
      near = {copy, layer.rows * width, width};
    }
    std::size_t n = begin;
    for (; n + J <= end; n += J) {
      contract_samples<L, V, J>(layer, near, cells, weights, n, first, last, to);
    }
    for (; n < end; ++n) {
      contract_samples<L, V, 1>(layer, near, cells, weights, n, first, last, to);
    }
  }
}

template <std::size_t L, class T>
void contract_looked_up(const WideLayer& layer, const T* C, const std::int32_t* cells,
                        const T* weights, std::size_t begin, std::size_t end, bool more, T* y) {
  std::size_t o = 0;
  for (; o + 8 * L <= layer.outputs; o += 8 * L) {
    contract_outputs<L, 8>(layer, C + o, cells, weights, begin, end, Contracted<T>{y + o, more});
  }
  for (; o + 4 * L <= layer.outputs; o += 4 * L) {
    contract_outputs<L, 4>(layer, C + o, cells, weights, begin, end, Contracted<T>{y + o, more});
  }
  for (; o + L <= layer.outputs; o += L) {
    contract_outputs<L, 1>(layer, C + o, cells, weights, begin, end, Contracted<T>{y + o, more});
  }
  if (o < layer.outputs) {
    const std::size_t last = layer.outputs - L;
    contract_outputs<L, 1>(layer, C + last, cells, weights, begin, end,
                           Contracted<T>{y + last, more, o - last});
  }
}

template <std::size_t L, std::size_t K, bool InPlace, class T>
void contract_as_fits(const WideLayer& layer, const T* C, const std::int32_t* cells,
                      const T* weights, std::size_t begin, std::size_t end, bool more, T* y) {
  constexpr std::size_t most = SortedBlock<InPlace>::rows;
  if (is_worth_sorting(layer, end - begin < most ? end - begin : most)) {
    sorted_contract<L, K, InPlace>(layer, C, cells, weights, begin, end, more, y);
  } else {
    contract_looked_up<L>(layer, C, cells, weights, begin, end, more, y);
  }
}

template <std::size_t L, std::size_t K, class T>
void contract_lanes(const WideLayer& layer, const T* C, const std::int32_t* cells, const T* weights,
                    std::size_t begin, std::size_t end, bool more, T* y) {
  if constexpr (!goes_by_cells) {
    contract_looked_up<L>(layer, C, cells, weights, begin, end, more, y);
  } else if (is_in_place<L, vectors_of_cell<T, L, K>>(layer)) {
    contract_as_fits<L, K, true>(layer, C, cells, weights, begin, end, more, y);
  } else {
    contract_as_fits<L, K, false>(layer, C, cells, weights, begin, end, more, y);
  }
}

template <std::size_t K, class T>
void wide_contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
                   std::size_t begin, std::size_t end, bool more, T* y) {
  const WideLayer layer(shape);
  if (layer.outputs >= lanes<T>) {
    contract_lanes<lanes<T>, K>(layer, C, cells, weights, begin, end, more, y);
  } else {
    contract_lanes<wide_lanes<T>, K>(layer, C, cells, weights, begin, end, more, y);
  }
}

}  // namespace
}  // namespace kan::kernels
