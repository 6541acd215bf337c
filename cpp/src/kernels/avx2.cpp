#if defined(__x86_64__) && defined(__GNUC__)
#define KAN_SET_NAME "avx2"
#define KAN_KERNEL_SET avx2
#define KAN_VECTOR_BYTES 32
#include "kernels/kernel_set.inl"
#endif
