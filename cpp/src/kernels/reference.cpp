#include "kernels/basis_point.hpp"
#include "kernels/kernels.hpp"

namespace kan::kernels {
namespace {

/// Where output o of sample n lies in y and g.
std::size_t at(const Shape& shape, std::size_t n, int o) {
  const auto output = static_cast<std::size_t>(o);
  return is_wide(shape) ? n * static_cast<std::size_t>(shape.outputs) + output
                        : output * shape.stride + n;
}

/// Where the row that weight r multiplies begins in C, for input i.
std::size_t row_at(const Shape& shape, int i, std::int32_t cell, int r) {
  const bool is_base = r + 1 == weight_count(shape);
  const int row = is_base ? basis_count(shape) : is_dense(shape) ? r : cell + r;
  return (static_cast<std::size_t>(i) * static_cast<std::size_t>(row_count(shape)) +
          static_cast<std::size_t>(row)) *
         static_cast<std::size_t>(shape.outputs);
}

std::size_t weight_at(const Shape& shape, int i, int r, std::size_t n) {
  return (static_cast<std::size_t>(i) * static_cast<std::size_t>(weight_count(shape)) +
          static_cast<std::size_t>(r)) *
             shape.stride +
         n;
}

template <class T>
void derivatives(const Shape& shape, const T* knots, T /*inverse_spacing*/, const T* x,
                 std::size_t begin, std::size_t end, int order, std::int32_t* cells,
                 T* const* derivatives) {
  T values[most_order + 1][max_values + 1];
  for (std::size_t n = begin; n < end; ++n) {
    cells[n] = basis_point(shape, knots, x[n], order, values);
    for (int d = 0; d <= order; ++d) {
      for (int r = 0; r < weight_count(shape); ++r) {
        const bool is_base = r + 1 == weight_count(shape);
        const int alive = is_base ? shape.degree + 1 : is_dense(shape) ? r - cells[n] : r;
        const bool is_alive = is_base || (alive >= 0 && alive <= shape.degree);
        derivatives[d][weight_at(shape, 0, r, n)] = is_alive ? values[d][alive] : T(0);
      }
    }
  }
}

template <class T>
void basis(const Shape& shape, const T* knots, T inverse_spacing, const T* x, std::size_t begin,
           std::size_t end, std::int32_t* cells, T* weights, T* slopes) {
  T* const rows[] = {weights, slopes};
  derivatives(shape, knots, inverse_spacing, x, begin, end, slopes != nullptr ? 1 : 0, cells, rows);
}

template <class T>
void basis_of_row(const Shape& shape, const T* knots, const T* inverse_spacing, const T* x,
                  std::int32_t* cells, T* weights) {
  const auto knot_count = static_cast<std::size_t>(shape.intervals + 1 + 2 * shape.degree);
  const std::size_t padded = is_wide(shape) ? 1 : lane_block;
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.inputs); ++i) {
    basis<T>(shape, knots + i * knot_count, inverse_spacing[i], x + i * shape.stride, 0, padded,
             cells + i * shape.stride, weights + weight_at(shape, static_cast<int>(i), 0, 0),
             nullptr);
  }
}

template <class T>
void contract(const Shape& shape, const T* C, const std::int32_t* cells, const T* weights,
              std::size_t begin, std::size_t end, bool more, T* y) {
  for (std::size_t n = begin; n < end; ++n) {
    for (int o = 0; o < shape.outputs; ++o) {
      T sum = more ? y[at(shape, n, o)] : T(0);
      for (int i = 0; i < shape.inputs; ++i) {
        const std::int32_t cell = cells[static_cast<std::size_t>(i) * shape.stride + n];
        for (int r = 0; r < weight_count(shape); ++r) {
          sum += weights[weight_at(shape, i, r, n)] *
                 C[row_at(shape, i, cell, r) + static_cast<std::size_t>(o)];
        }
      }
      y[at(shape, n, o)] = sum;
    }
  }
}

template <class T>
void dot(const Shape& shape, const T* C, const std::int32_t* cells, const T* slopes, const T* g,
         std::size_t begin, std::size_t end, T* dx) {
  for (std::size_t n = begin; n < end; ++n) {
    for (int i = 0; i < shape.inputs; ++i) {
      const std::int32_t cell = cells[static_cast<std::size_t>(i) * shape.stride + n];
      T sum = T(0);
      for (int o = 0; o < shape.outputs; ++o) {
        T slope = T(0);
        for (int r = 0; r < weight_count(shape); ++r) {
          slope += slopes[weight_at(shape, i, r, n)] *
                   C[row_at(shape, i, cell, r) + static_cast<std::size_t>(o)];
        }
        sum += g[at(shape, n, o)] * slope;
      }
      dx[static_cast<std::size_t>(i) * shape.stride + n] = sum;
    }
  }
}

template <class T>
void scatter(const Shape& shape, const std::int32_t* cells, const T* weights, const T* g,
             std::size_t count, int first, int last, T* dC) {
  for (int i = first; i < last; ++i) {
    for (std::size_t n = 0; n < count; ++n) {
      const std::int32_t cell = cells[static_cast<std::size_t>(i) * shape.stride + n];
      for (int r = 0; r < weight_count(shape); ++r) {
        T* row = dC + row_at(shape, i, cell, r);
        for (int o = 0; o < shape.outputs; ++o) {
          row[o] += weights[weight_at(shape, i, r, n)] * g[at(shape, n, o)];
        }
      }
    }
  }
}

template <class T>
void blend(std::size_t rows, std::size_t stride, std::size_t count, std::size_t terms,
           const T* const* from, const T* const* factors, bool more, T* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t n = 0; n < count; ++n) {
      const std::size_t own = r * stride + n;
      T sum = more ? to[own] : T(0);
      for (std::size_t t = 0; t < terms; ++t) {
        sum += from[t][own] * (factors[t] != nullptr ? factors[t][n] : T(1));
      }
      to[own] = sum;
    }
  }
}

template <class T>
bool adam(const AdamRates<T>& rates, std::size_t count, const std::uint8_t* trainable,
          const T* gradient, const T* parameters, T* m, T* v, T* updated) {
  bool finite = true;
  for (std::size_t p = 0; p < count; ++p) {
    m[p] = rates.beta1 * m[p] + (T(1) - rates.beta1) * gradient[p];
    v[p] = rates.beta2 * v[p] + (T(1) - rates.beta2) * (gradient[p] * gradient[p]);
    const T keep = trainable != nullptr && trainable[p] == 0 ? T(1) : rates.keep;
    updated[p] = keep * parameters[p] -
                 rates.step * m[p] / (square_root(v[p]) * rates.bias2 + rates.epsilon);
    finite = finite && T(0) * updated[p] == T(0);
  }
  return finite;
}

/// matrix[p][first[f] ...] += factor values[f][...] for blocks f < blocks of row n.
void add_blocks(const SparseRows& rows, std::size_t n, std::size_t blocks, double factor,
                double* to) {
  for (std::size_t j = 0; j < blocks * rows.width; ++j) {
    const std::size_t f = j / rows.width;
    const auto column = static_cast<std::size_t>(rows.first[n * rows.blocks + f]) + j % rows.width;
    to[column] += factor * rows.values[n * rows.blocks * rows.width + j];
  }
}

void add_block(const SparseRows& rows, std::size_t block, std::size_t stride, double* matrix) {
  for (std::size_t n = 0; n < rows.count; ++n) {
    const std::size_t own = n * rows.blocks + block;
    for (std::size_t a = 0; a < rows.width; ++a) {
      const std::size_t row = static_cast<std::size_t>(rows.first[own]) + a;
      const double factor = rows.values[own * rows.width + a];
      if (factor != 0.0) add_blocks(rows, n, block + 1, factor, matrix + row * stride);
    }
  }
}

void add_dense(const SparseRows& rows, std::size_t which, std::size_t stride, double* matrix) {
  double* to = matrix + (rows.dense_begin + which) * stride;
  for (std::size_t n = 0; n < rows.count; ++n) {
    const double* dense = rows.dense + n * rows.dense_stride;
    add_blocks(rows, n, rows.blocks, dense[which], to);
    for (std::size_t q = 0; q <= which; ++q) to[rows.dense_begin + q] += dense[which] * dense[q];
  }
}

void subtract_product(std::size_t rows, std::size_t columns, std::size_t depth, const double* a,
                      const double* b, std::size_t b_stride, double* c, std::size_t stride) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns; ++k) {
      double sum = 0.0;
      for (std::size_t d = 0; d < depth; ++d) sum += a[i * stride + d] * b[d * b_stride + k];
      c[i * stride + k] -= sum;
    }
  }
}

}  // namespace

template <class T>
const Kernels<T>& reference() {
  static constexpr Kernels<T> kernels{"reference", basis<T>,  derivatives<T>, basis_of_row<T>,
                                      contract<T>, dot<T>,    scatter<T>,     blend<T>,
                                      adam<T>,     add_block, add_dense,      subtract_product};
  return kernels;
}

template const Kernels<float>& reference();
template const Kernels<double>& reference();

}  // namespace kan::kernels
