// Sums of long vectors in one order on every instruction set: sixteen sums in double, element i
// going to sum i % 16, added at the end as a tree that halves: (s₀+s₈), (s₁+s₉), … then four, two.
// The products of two floats are exact in double, so sums, sums of squares and dot products have
// the same bits everywhere.

enum { LANES = 16, LANE_PARTS = LANES / UNROLL_WIDTH };

struct lanes {
  vd part[LANE_PARTS];
};

UNROLL_INLINE double lanes_total(const struct lanes *lanes) {
  double sums[LANES];
  memcpy(sums, lanes->part, sizeof sums);
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

/// Calls `step(..., part, at, left)` for each vector of n elements, `part` being the part of the
/// sixteen lanes that it belongs to.
#define FOR_EACH_LANE_PART(n, step, ...)                                                 \
  do {                                                                                   \
    ptrdiff_t at = 0;                                                                    \
    for (; at + LANES <= (n); at += LANES) {                                             \
      _Pragma("clang loop unroll(full)") for (int part = 0; part < LANE_PARTS; ++part) { \
        step(__VA_ARGS__, part, at + part * UNROLL_WIDTH, UNROLL_WIDTH);                 \
      }                                                                                  \
    }                                                                                    \
    for (int part = 0; at < (n); ++part, at += UNROLL_WIDTH) {                           \
      step(__VA_ARGS__, part, at, (n)-at);                                               \
    }                                                                                    \
  } while (0)

UNROLL_INLINE void sum_step(struct lanes *sum, const float *x, int part, ptrdiff_t at,
                            ptrdiff_t left) {
  sum->part[part] += v_double(v_load_some(x + at, left));
}

UNROLL_INLINE double sum_of(ptrdiff_t n, const float *x) {
  struct lanes sum = {0};
  FOR_EACH_LANE_PART(n, sum_step, &sum, x);
  return lanes_total(&sum);
}

UNROLL_INLINE void dot_step(struct lanes *sum, const float *a, const float *b, int part,
                            ptrdiff_t at, ptrdiff_t left) {
  sum->part[part] += v_double(v_load_some(a + at, left)) * v_double(v_load_some(b + at, left));
}

UNROLL_INLINE double dot_of(ptrdiff_t n, const float *a, const float *b) {
  struct lanes sum = {0};
  FOR_EACH_LANE_PART(n, dot_step, &sum, a, b);
  return lanes_total(&sum);
}

struct greatest {
  vf part[LANE_PARTS];
  vi is_nan[LANE_PARTS];
};

UNROLL_INLINE void greatest_step(struct greatest *greatest, const float *x, int part, ptrdiff_t at,
                                 ptrdiff_t left) {
  const vf v = v_load_some_or(x + at, left, -INFINITY);
  greatest->part[part] = v_max(v, greatest->part[part]);  // keeps the old one where v is NaN
  greatest->is_nan[part] |= v != v;
}

/// The greatest element that is no NaN, and whether there is a NaN.
UNROLL_INLINE float greatest_of(ptrdiff_t n, const float *x, bool *any_nan) {
  struct greatest greatest;
  for (int part = 0; part < LANE_PARTS; ++part) {
    greatest.part[part] = v_set(-INFINITY);
    greatest.is_nan[part] = v_set_int(0);
  }
  FOR_EACH_LANE_PART(n, greatest_step, &greatest, x);
  vf best = greatest.part[0];
  vi is_nan = greatest.is_nan[0];
  for (int part = 1; part < LANE_PARTS; ++part) {
    best = v_max(greatest.part[part], best);
    is_nan |= greatest.is_nan[part];
  }
  float result = best[0];
  for (int lane = 1; lane < UNROLL_WIDTH; ++lane)
    result = best[lane] > result ? best[lane] : result;
  *any_nan = __builtin_reduce_or(is_nan) != 0;
  return result;
}
