// Additive attention. A score is a sum over features in the order of lanes_body.h.

UNROLL_INLINE void additive_score_step(struct lanes *sum, const float *q, const float *k,
                                       const float *v, int part, ptrdiff_t at, ptrdiff_t left) {
  const vf u = v_tanh(v_load_some(q + at, left) + v_load_some(k + at, left));
  sum->part[part] += v_double(v_load_some(v + at, left)) * v_double(u);
}

static void attention_additive_scores(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                      const float *q, ptrdiff_t query_stride, const float *k,
                                      ptrdiff_t key_stride, const float *v, float *scores,
                                      ptrdiff_t score_stride) {
  for (ptrdiff_t i = 0; i < queries; ++i) {
    for (ptrdiff_t s = 0; s < keys; ++s) {
      struct lanes sum = {0};
      FOR_EACH_LANE_PART(size, additive_score_step, &sum, q + i * query_stride,
                         k + s * key_stride, v);
      scores[i * score_stride + s] = (float)lanes_total(&sum);
    }
  }
}

UNROLL_INLINE void additive_backward_step(float ds, const float *q, const float *k, const float *v,
                                          float *dq, float *dk, float *dv, ptrdiff_t at,
                                          ptrdiff_t left) {
  const vf u = v_tanh(v_load_some(q + at, left) + v_load_some(k + at, left));
  const vf share = v_set(ds) * v_load_some(v + at, left);
  const vf g = v_fma(-(share * u), u, share);
  if (dq) v_store_some(dq + at, left, v_load_some(dq + at, left) + g);
  if (dk) v_store_some(dk + at, left, v_load_some(dk + at, left) + g);
  if (dv) v_store_some(dv + at, left, v_fma(v_set(ds), u, v_load_some(dv + at, left)));
}

static void attention_additive_scores_backward(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                               const float *q, ptrdiff_t query_stride,
                                               const float *k, ptrdiff_t key_stride,
                                               const float *v, const float *ds,
                                               ptrdiff_t score_stride, float *dq, float *dk,
                                               float *dv) {
  for (ptrdiff_t i = 0; i < queries; ++i) {
    float *const own = dq ? dq + i * query_stride : NULL;
    for (ptrdiff_t s = 0; s < keys; ++s) {
      float *const key = dk ? dk + s * key_stride : NULL;
      FOR_EACH_VECTOR(size, additive_backward_step, ds[i * score_stride + s], q + i * query_stride,
                      k + s * key_stride, v, own, key, dv);
    }
  }
}

#define ATTENTION_KERNELS                                          \
  {                                                                \
    .additive_scores = attention_additive_scores,                  \
    .additive_scores_backward = attention_additive_scores_backward \
  }
