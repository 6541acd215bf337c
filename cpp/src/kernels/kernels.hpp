#pragma once

#include <cstddef>
#include <cstdint>

#include "kan/architecture.hpp"

namespace kan::kernels {

/// Samples of a chunk are padded to a multiple of this, and tiles begin at multiples of it.
constexpr std::size_t lane_block = 16;

/// Most samples that one call of `basis` works on, or of `contract` or `dot` in a narrow layer.
constexpr std::size_t tile_rows = 256;
static_assert(tile_rows % lane_block == 0);

/// Most samples of a chunk; those of jets may have more, which `scatter` then takes unsorted.
constexpr std::size_t most_rows = 1024;

/// Most intervals of a grid for which `scatter` sorts samples by cell.
constexpr int most_sorted_cells = 1024;

/// Highest derivative of the basis: jets of third order need one more on their way back.
constexpr int most_order = 4;

/// Most terms of one `blend`.
constexpr std::size_t most_terms = 3;

/// Layers with at least this many outputs keep y and g by rows, [n][S], and vectorise along the
/// outputs; the others keep them by features, [S][stride], and vectorise along the samples.
constexpr int wide_outputs = 8;

/// Most basis functions for which a narrow layer keeps all M of them (most are 0) for every sample:
/// multiplying them all beats looking up the k + 1 that are not.
constexpr int dense_functions = 16;

/// What a kernel needs to know of a layer and a chunk. Letters as in the contracts:
/// I inputs, S outputs, M = G + k basis functions, `stride` >= samples, a multiple of lane_block.
struct Shape {
  int inputs;
  int outputs;
  int intervals;
  int degree;
  Base base;
  Extrapolation extrapolation;
  std::size_t stride;
};

// Internal linkage: kernel files are compiled for different machines and must not share code.
static inline int basis_count(const Shape& shape) { return shape.intervals + shape.degree; }
static inline int row_count(const Shape& shape) { return shape.intervals + shape.degree + 1; }
static inline bool is_wide(const Shape& shape) { return shape.outputs >= wide_outputs; }
static inline bool is_dense(const Shape& shape) {
  return !is_wide(shape) && basis_count(shape) <= dense_functions;
}

/// Rows of weights of one input: k + 1 values and the base; of a dense layer all M and the base.
static inline int weight_count(const Shape& shape) {
  return is_dense(shape) ? row_count(shape) : shape.degree + 2;
}

/// What one step of Adam multiplies by.
template <class T>
struct AdamRates {
  T beta1, beta2, epsilon;
  T step;   // learning rate over the bias of the first moment
  T bias2;  // 1 / sqrt(bias of the second moment)
  T keep;   // 1 - learning rate * weight decay
};

/// Rows of a Jacobian: per block `width` (4 or 8) adjacent numbers from column first[n][b] on, and
/// numbers that every row has, from column dense_begin on. Columns of different blocks do not meet,
/// those of later blocks are larger; zeros behind a block may overlap anything.
struct SparseRows {
  std::size_t count;
  std::size_t blocks;
  std::size_t width;
  const std::int32_t* first;  // [count][blocks]
  const double* values;       // [count][blocks][width]
  std::size_t dense_count;
  std::size_t dense_stride;  // of rows, a multiple of 4: zeros fill up
  std::size_t dense_begin;
  const double* dense;  // [count][dense_stride]
};

/// Columns of `subtract_product` come in multiples of this.
constexpr std::size_t product_columns = 16;

/// The contracts. Samples are n in [begin, end); one thread, no allocation, no exception.
/// Layouts: cells [I][stride]; weights and slopes [I][weight_count][stride], the last row of each
/// input being b(x) and b'(x); C and dC [I][M + 1][S]; x and dx [I][stride]; y and g as `is_wide`
/// says. row(r, cell) is cell + r, or r in dense layers, and M for the base.
/// `begin` is a multiple of lane_block. Layers by features may read and write the padding up to the next
/// multiple of lane_block, wide ones read the cells there.
template <class T>
struct Kernels {
  const char* name;

  /// cells =, weights =, and slopes = where not null, for the input whose knots [G + 1 + 2k] and
  /// 1/h (0: not uniform) are given; x, cells, weights, slopes point at that input's rows.
  void (*basis)(const Shape&, const T* knots, T inverse_spacing, const T* x, std::size_t begin,
                std::size_t end, std::int32_t* cells, T* weights, T* slopes);

  /// The same with derivatives up to `order` <= most_order: derivatives[d] is to order d what weights are
  /// to order 0. Outside the grid as `basis`; a straight line has no second derivative.
  void (*derivatives)(const Shape&, const T* knots, T inverse_spacing, const T* x,
                      std::size_t begin, std::size_t end, int order, std::int32_t* cells,
                      T* const* derivatives);

  /// `basis` without slopes for all inputs of sample 0 alone: knots [I][G + 1 + 2k] and 1/h [I]. In
  /// layers by features the weights of the padding are numbers too, in others they may be anything.
  void (*basis_of_row)(const Shape&, const T* knots, const T* inverse_spacing, const T* x,
                       std::int32_t* cells, T* weights);

  /// y[n,o] = sum_i sum_r weights[i,r,n] C[i, row(r, cells[i,n]), o], in this order, base last; with
  /// `more`, y += that, as if the inputs followed those that y holds.
  void (*contract)(const Shape&, const T* C, const std::int32_t* cells, const T* weights,
                   std::size_t begin, std::size_t end, bool more, T* y);

  /// dx[i,n] = sum_o g[n,o] sum_r slopes[i,r,n] C[i, row(r, cells[i,n]), o]
  void (*dot)(const Shape&, const T* C, const std::int32_t* cells, const T* slopes, const T* g,
              std::size_t begin, std::size_t end, T* dx);

  /// dC[i,row,o] += sum_n weights[i,r,n] g[n,o] for the inputs [first, last) and all samples
  /// 0 <= n < count, in the same order whatever the range of inputs. In the padding of layers by
  /// features g must be 0 and the weights finite.
  void (*scatter)(const Shape&, const std::int32_t* cells, const T* weights, const T* g,
                  std::size_t count, int first, int last, T* dC);

  /// to[r][n] = sum_t from[t][r][n] factors[t][n] for n < count, a multiple of lane_block; with `more`,
  /// to += that. Rows are `stride` apart; a factor that is null counts as 1; 1 <= terms <= most_terms.
  void (*blend)(std::size_t rows, std::size_t stride, std::size_t count, std::size_t terms,
                const T* const* from, const T* const* factors, bool more, T* to);

  /// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  updated = keep p - step m / (sqrt(v) bias2 +
  /// eps), where keep counts as 1 if `trainable` is not null and 0. Returns: whether all are finite.
  bool (*adam)(const AdamRates<T>&, std::size_t count, const std::uint8_t* trainable,
               const T* gradient, const T* parameters, T* m, T* v, T* updated);

  /// matrix[p][q] += sum_n row_np row_nq for p in block `block` and q in blocks up to it, n in order.
  void (*add_block)(const SparseRows& rows, std::size_t block, std::size_t stride, double* matrix);

  /// The same for the dense column p of number `which` and q in all blocks and dense columns up to
  /// it. Adds zeros or what belongs above the diagonal to up to three columns behind.
  void (*add_dense)(const SparseRows& rows, std::size_t which, std::size_t stride, double* matrix);

  /// c [rows][columns] -= a [rows][depth] b [depth][columns]; rows of a and c are `stride` apart.
  void (*subtract_product)(std::size_t rows, std::size_t columns, std::size_t depth,
                           const double* a, const double* b, std::size_t b_stride, double* c,
                           std::size_t stride);
};

/// The plain loops that say what the kernels mean; the oracle of the others.
template <class T>
const Kernels<T>& reference();

/// What every machine of its kind can run: SSE2 on x86-64, NEON on 64-bit Arm.
template <class T>
const Kernels<T>& baseline();

#if defined(__x86_64__) && defined(__GNUC__)
/// AVX2 and FMA.
template <class T>
const Kernels<T>& avx2();

/// AVX-512 F, DQ, BW and VL.
template <class T>
const Kernels<T>& avx512();
#endif

}  // namespace kan::kernels
