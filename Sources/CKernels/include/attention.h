/// Additive attention (Bahdanau et al. 2015) of some queries to some keys of one sequence.
#ifndef UNROLL_ATTENTION_H
#define UNROLL_ATTENTION_H

#include <stddef.h>

/// scores[i, s] = Σ_a v_a · tanh(q_ia + k_sa), for queries q [queries, size], keys k [keys, size] and
/// v [size]. Rows are `query_stride`, `key_stride` and `score_stride` floats apart.
void unroll_additive_scores(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size, const float *q,
                            ptrdiff_t query_stride, const float *k, ptrdiff_t key_stride,
                            const float *v, float *scores, ptrdiff_t score_stride);

/// With u = tanh(q_i + k_s), made again, and g = ds_is · v ⊙ (1 - u²):
///
///     dq_i += Σ_s g,   dk_s += Σ_i g,   dv += Σ_is ds_is · u
///
/// The gradients lie as what they belong to; each may be NULL where it is not wanted, and none may
/// overlap another.
void unroll_additive_scores_backward(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                     const float *q, ptrdiff_t query_stride, const float *k,
                                     ptrdiff_t key_stride, const float *v, const float *ds,
                                     ptrdiff_t score_stride, float *dq, float *dk, float *dv);

void unroll_additive_scores_reference(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                      const float *q, ptrdiff_t query_stride, const float *k,
                                      ptrdiff_t key_stride, const float *v, float *scores,
                                      ptrdiff_t score_stride);
void unroll_additive_scores_backward_reference(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                               const float *q, ptrdiff_t query_stride,
                                               const float *k, ptrdiff_t key_stride,
                                               const float *v, const float *ds,
                                               ptrdiff_t score_stride, float *dq, float *dk,
                                               float *dv);

#endif
