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

/// The name of the kernels in use: "portable", or what the environment variable KAN_ISA chose.
const char* instruction_set() noexcept;

}  // namespace kan
