#pragma once

#include <cstddef>

#include "kan/evaluator.hpp"
#include "kan/network.hpp"

namespace kan {

/// How a batch is divided. Chunks of a large network pass one after the other, the threads inside its
/// layers. Chunks of a small one pass side by side, a thread each, and add up their gradients in
/// `parts` places, part p taking chunks p, p + parts, ...: the same sums for any number of threads.
struct Division {
  std::size_t rows;       ///< of a chunk
  std::size_t parts = 1;  ///< 1: one after the other
};

/// Parts of a gradient of so many numbers, at least 1 and fewer the more memory they take: a power of two,
/// as the number of threads, or of chunks, mostly is, so that none waits for the last.
std::size_t parts_of(std::size_t parameters) noexcept;

template <class T>
Division division_of(const Network<T>& network, Purpose purpose);

/// Multiply-adds of one row's forward pass.
template <class T>
double work_of_row(const Network<T>& network);

/// Multiply-adds of a chunk's forward pass after which somebody may want to know: some 10 ms.
constexpr double most_chunk_work = 3e8;

}  // namespace kan
