#define KAN_KERNEL_SET baseline
#define KAN_VECTOR_BYTES 16
#include "kernels/kernel_set.inl"
