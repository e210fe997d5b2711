// The kernels with AVX-512, 16 floats wide.
#if defined(__x86_64__)
#include "kernel_headers.h"

#define UNROLL_WIDTH 16
#define UNROLL_FMA 1
#define UNROLL_TABLE unroll_kernels_avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma,avx2,f16c"))), apply_to = function)
#include "bodies/all_bodies.h"
#pragma clang attribute pop

#endif
