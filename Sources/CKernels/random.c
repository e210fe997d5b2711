// Random numbers, on the instruction set in use.
#include "include/random.h"

#include "kernel_table.h"

void unroll_philox_words(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                         uint32_t *out) {
  unroll_kernels()->random.philox_words(key, stream, first, n, out);
}

void unroll_philox_uniform(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, float *out) {
  unroll_kernels()->random.philox_uniform(key, stream, first, n, out);
}

void unroll_philox_dropout(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, float keep,
                           const float *x, float *y) {
  unroll_kernels()->random.philox_dropout(key, stream, first, n, keep, x, y);
}
