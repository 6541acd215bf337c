#if defined(__aarch64__)
#define KAN_SET_NAME "neon"
#else
#define KAN_SET_NAME "baseline"
#endif
#define KAN_KERNEL_SET baseline
#define KAN_VECTOR_BYTES 16
#include "kernels/kernel_set.inl"
