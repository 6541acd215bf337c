#pragma once

#include <vector>

#include "kernels/kernels.hpp"

namespace kan::kernels {

/// All sets that this machine can run, the best last.
template <class T>
std::vector<const Kernels<T>*> available();

/// The set in use: the best one, or the one that the environment variable KAN_ISA names. Chosen once.
/// Throws: std::invalid_argument if KAN_ISA names none of `available`; not after it returned once.
template <class T>
const Kernels<T>& active();

}  // namespace kan::kernels
