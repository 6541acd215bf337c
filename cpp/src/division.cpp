#include "division.hpp"

#include <algorithm>

#include "chunk.hpp"
#include "curvature.hpp"
#include "kernels/kernels.hpp"
#include "layer_pass.hpp"
#include "symbolic_pass.hpp"

namespace kan {
namespace {

constexpr std::size_t most_numbers_in_parts = std::size_t{1} << 20;
constexpr std::size_t row_block = 64;  // what memory allows is rounded down to whole ones
constexpr std::size_t least_parts = 4;
constexpr std::size_t most_parts = 16;

/// As many rows as fit into so many bytes and into `most_chunk_work`, in whole blocks.
std::size_t rows_within(std::size_t bytes, std::size_t per_row, double work_per_row,
                        std::size_t least, std::size_t most) {
  const std::size_t fitting = bytes / per_row / row_block * row_block;
  const auto quick = static_cast<std::size_t>(most_chunk_work / work_per_row);
  const std::size_t prompt =
      std::max(quick / kernels::lane_block, std::size_t{1}) * kernels::lane_block;
  return std::min(std::clamp(fitting, least, most), prompt);
}

}  // namespace

std::size_t parts_of(std::size_t parameters) noexcept {
  std::size_t parts = most_parts;
  while (parts > 1 && parts * parameters > most_numbers_in_parts) parts /= 2;
  return parts;
}

/// The basis of one input costs as much as some 30 multiply-adds.
template <class T>
double work_of_row(const Network<T>& network) {
  double work = 0.0;
  for (std::size_t l = 0; l < network.depth(); ++l) {
    work += layer_work(kernel_shape(network, l, 0), 1) + 30.0 * network.layer(l).inputs +
            symbolic_work * static_cast<double>(network.layer(l).symbolic.size());
  }
  return work;
}

template <class T>
Division division_of(const Network<T>& network, Purpose purpose) {
  const std::size_t per_row = bytes_per_row<T>(network.architecture(), purpose);
  const std::size_t parts = parts_of(network.parameter_count());
  const double work = work_of_row(network);
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  if (purpose == Purpose::predict) {
    return {rows_within(mebibyte, per_row, work, 64, kernels::most_rows)};
  }
  if (purpose == Purpose::curvature) {
    const std::size_t bytes = per_row + Curvature<T>::bytes_per_row(network);
    return {rows_within(mebibyte, bytes, work, 64, kernels::most_rows)};
  }
  if (purpose == Purpose::statistics || parts < least_parts) {
    return {rows_within(4 * mebibyte, per_row, work, 256, kernels::most_rows)};
  }
  return {rows_within(mebibyte, per_row, work, 64, 256), parts};
}

template Division division_of(const Network<float>&, Purpose);
template Division division_of(const Network<double>&, Purpose);
template double work_of_row(const Network<float>&);
template double work_of_row(const Network<double>&);

}  // namespace kan
