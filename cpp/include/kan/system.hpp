#pragma once

namespace kan {

/// The most threads that one call may use. Starts at what OpenMP and the processor set allow.
int thread_count() noexcept;

/// Sets it for the whole process; results do not depend on it. Throws: std::invalid_argument if < 1.
void set_thread_count(int count);

/// The most threads that make sense here: OMP_NUM_THREADS or the processors this process may use.
int available_threads() noexcept;

/// Whether the library was built with OpenMP.
bool has_openmp() noexcept;

/// The instruction set in use: "baseline", "avx2", "avx512", or what the environment variable KAN_ISA
/// names. Throws: std::invalid_argument if that is none of those this machine runs.
const char* instruction_set();

}  // namespace kan
