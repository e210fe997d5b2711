/// Which instruction set the kernels run on: chosen once, at the first call, from what the
/// processor has. A test may pin another one for its thread with `unroll_isa_override`.
#ifndef UNROLL_ISA_H
#define UNROLL_ISA_H

#include <stdbool.h>

typedef enum {
  UNROLL_ISA_PORTABLE = 0,  // baseline of the target, 4 floats wide (SSE2 on x86-64)
  UNROLL_ISA_AVX2 = 1,      // AVX2 + FMA, 8 floats wide
  UNROLL_ISA_AVX512 = 2,    // AVX-512 F/VL/DQ/BW, 16 floats wide
  UNROLL_ISA_NEON = 3,      // Advanced SIMD, 4 floats wide
  // The 16-wide kernels compiled for AVX2; never chosen, for tests on machines without AVX-512.
  UNROLL_ISA_WIDE_TEST = 4,
} unroll_isa;

/// The instruction set in use.
unroll_isa unroll_isa_current(void);

/// Whether this processor can run `isa` and this build contains it.
bool unroll_isa_available(unroll_isa isa);

/// Uses `isa` for what the calling thread computes from now on; other threads keep theirs, so tests
/// may run in parallel. For tests and benchmarks. Returns false, and changes nothing, when it is not
/// available.
bool unroll_isa_override(unroll_isa isa);

/// "AVX2", "AVX-512", "NEON", "portable" or "16 wide on AVX2" (the one for tests).
const char *unroll_isa_name(unroll_isa isa);

/// Keeps this core's multiply-add units busy for `iterations` rounds of independent fused
/// multiply-adds and returns how many floating-point operations that was (2 a multiply-add).
/// `sink` receives a value, so that the work cannot be optimised away.
double unroll_peak_multiply_add(long iterations, float *sink);

#endif
