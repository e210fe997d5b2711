// The kernels with AVX2 and FMA, 8 floats wide.
#if defined(__x86_64__)
#include "kernel_headers.h"

#define UNROLL_WIDTH 8
#define UNROLL_FMA 1
#define UNROLL_TABLE unroll_kernels_avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "bodies/all_bodies.h"
#pragma clang attribute pop

#endif
