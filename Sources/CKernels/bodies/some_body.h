// Loads and stores of whole or partial vectors through one code path: `left` is how many elements
// there are from p on, any number. In the main loop of a kernel it is a constant and the choice
// folds away; the tail runs the very same arithmetic.

UNROLL_INLINE vf v_load_some_or(const float *p, ptrdiff_t left, float fill) {
  if (left >= UNROLL_WIDTH) return v_load(p);
  return v_load_partial_or(p, left, fill);
}

UNROLL_INLINE vf v_load_some(const float *p, ptrdiff_t left) { return v_load_some_or(p, left, 0); }

UNROLL_INLINE void v_store_some(float *p, ptrdiff_t left, vf v) {
  if (left >= UNROLL_WIDTH) {
    v_store(p, v);
  } else {
    v_store_partial(p, left, v);
  }
}

/// Calls `step(..., at, left)` for each vector of n elements, the last one partial.
#define FOR_EACH_VECTOR(n, step, ...)                      \
  do {                                                     \
    ptrdiff_t at = 0;                                      \
    for (; at + UNROLL_WIDTH <= (n); at += UNROLL_WIDTH) { \
      step(__VA_ARGS__, at, UNROLL_WIDTH);                 \
    }                                                      \
    if (at < (n)) step(__VA_ARGS__, at, (n)-at);           \
  } while (0)
