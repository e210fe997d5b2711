// The kernels on the baseline of the target, 4 floats wide, without fused multiply-add.
#include "kernel_headers.h"

#define UNROLL_WIDTH 4
#define UNROLL_FMA 0
#define UNROLL_TABLE unroll_kernels_portable
#include "bodies/all_bodies.h"
