// Additive attention as its equations say.
#include "../include/attention.h"

#include <math.h>

void unroll_additive_scores_reference(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                      const float *q, ptrdiff_t query_stride, const float *k,
                                      ptrdiff_t key_stride, const float *v, float *scores,
                                      ptrdiff_t score_stride) {
  for (ptrdiff_t i = 0; i < queries; ++i) {
    for (ptrdiff_t s = 0; s < keys; ++s) {
      double sum = 0;
      for (ptrdiff_t a = 0; a < size; ++a) {
        sum += v[a] * tanh((double)q[i * query_stride + a] + k[s * key_stride + a]);
      }
      scores[i * score_stride + s] = (float)sum;
    }
  }
}

void unroll_additive_scores_backward_reference(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                               const float *q, ptrdiff_t query_stride,
                                               const float *k, ptrdiff_t key_stride,
                                               const float *v, const float *ds,
                                               ptrdiff_t score_stride, float *dq, float *dk,
                                               float *dv) {
  for (ptrdiff_t i = 0; i < queries; ++i) {
    for (ptrdiff_t s = 0; s < keys; ++s) {
      const double d = ds[i * score_stride + s];
      for (ptrdiff_t a = 0; a < size; ++a) {
        const double u = tanh((double)q[i * query_stride + a] + k[s * key_stride + a]);
        const double g = d * v[a] * (1 - u * u);
        if (dq) dq[i * query_stride + a] += (float)g;
        if (dk) dk[s * key_stride + a] += (float)g;
        if (dv) dv[a] += (float)(d * u);
      }
    }
  }
}
