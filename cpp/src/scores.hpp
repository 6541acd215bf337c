#pragma once

#include <vector>

#include "kan/sparsity.hpp"

namespace kan {

constexpr double least_sum = 1e-4;  // added to the deviation of a sum

/// What sizes that are scores add to the regulariser, SizeMetric::edge_backward and node_backward.
/// Adds: the gradient by the statistics to `grads` where not null.
double edge_backward_term(const Sparsity& sparsity, const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics,
                          std::vector<LayerStatistics>* grads);
double node_backward_term(const Sparsity& sparsity, const Architecture& architecture,
                          const std::vector<LayerStatistics>& statistics,
                          std::vector<LayerStatistics>* grads);

}  // namespace kan
