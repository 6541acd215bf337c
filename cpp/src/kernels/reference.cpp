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
void basis(const Shape& shape, const T* knots, T /*inverse_spacing*/, const T* x, std::size_t begin,
           std::size_t end, std::int32_t* cells, T* weights, T* slopes) {
  T values[max_values + 1];
  T derivatives[max_values + 1];
  for (std::size_t n = begin; n < end; ++n) {
    cells[n] = basis_point(shape, knots, x[n], values, derivatives);
    for (int r = 0; r < weight_count(shape); ++r) {
      const bool is_base = r + 1 == weight_count(shape);
      const int alive = is_base ? shape.degree + 1 : is_dense(shape) ? r - cells[n] : r;
      const bool is_alive = is_base || (alive >= 0 && alive <= shape.degree);
      weights[weight_at(shape, 0, r, n)] = is_alive ? values[alive] : T(0);
      if (slopes != nullptr)
        slopes[weight_at(shape, 0, r, n)] = is_alive ? derivatives[alive] : T(0);
    }
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

/// Column of the j-th number of a row, block by block with its single number last, and the number.
std::int32_t column_of(const SparseRow& row, std::size_t j) {
  const std::size_t block = j / (row.width + 1);
  const std::size_t at = j % (row.width + 1);
  return at < row.width ? row.first[block] + static_cast<std::int32_t>(at) : row.apart[block];
}

double number_of(const SparseRow& row, std::size_t j) {
  const std::size_t block = j / (row.width + 1);
  const std::size_t at = j % (row.width + 1);
  return at < row.width ? row.values[block * row.width + at] : row.single[block];
}

void add_outer(const SparseRow& row, std::size_t stride, double* matrix) {
  const std::size_t numbers = row.blocks * (row.width + 1);
  for (std::size_t j = 0; j < numbers; ++j) {
    const std::size_t own = j / (row.width + 1) * (row.width + 1);
    for (std::size_t k = own; k < numbers; ++k) {
      matrix[static_cast<std::size_t>(column_of(row, j)) * stride +
             static_cast<std::size_t>(column_of(row, k))] += number_of(row, j) * number_of(row, k);
    }
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
  static constexpr Kernels<T> kernels{"reference", basis<T>,   contract<T>,
                                      dot<T>,      scatter<T>,
                                      adam<T>,     add_outer, subtract_product};
  return kernels;
}

template const Kernels<float>& reference();
template const Kernels<double>& reference();

}  // namespace kan::kernels
