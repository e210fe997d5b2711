// The kernels with Advanced SIMD and its fused multiply-add, 4 floats wide.
#if defined(__aarch64__)
#include "kernel_headers.h"

#define UNROLL_WIDTH 4
#define UNROLL_FMA 1
#define UNROLL_TABLE unroll_kernels_neon
#include "bodies/all_bodies.h"
#endif
