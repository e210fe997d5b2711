// Additive attention, on the instruction set in use.
#include "include/attention.h"

#include "kernel_table.h"

void unroll_additive_scores(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size, const float *q,
                            ptrdiff_t query_stride, const float *k, ptrdiff_t key_stride,
                            const float *v, float *scores, ptrdiff_t score_stride) {
  unroll_kernels()->attention.additive_scores(queries, keys, size, q, query_stride, k, key_stride,
                                              v, scores, score_stride);
}

void unroll_additive_scores_backward(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                     const float *q, ptrdiff_t query_stride, const float *k,
                                     ptrdiff_t key_stride, const float *v, const float *ds,
                                     ptrdiff_t score_stride, float *dq, float *dk, float *dv) {
  unroll_kernels()->attention.additive_scores_backward(queries, keys, size, q, query_stride, k,
                                                       key_stride, v, ds, score_stride, dq, dk,
                                                       dv);
}
