// The 16-wide bodies compiled for AVX2, each vector split in two by the compiler. Never chosen; it
// lets tests run the logic of the AVX-512 kernels on processors without AVX-512.
#if defined(__x86_64__)
#include "kernel_headers.h"

// Vectors passed by value have no settled calling convention here. All such functions are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define UNROLL_WIDTH 16
#define UNROLL_FMA 1
#define UNROLL_TABLE unroll_kernels_wide_test
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "bodies/all_bodies.h"
#pragma clang attribute pop

#endif
