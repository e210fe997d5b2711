// Softmax and cross-entropy. A row takes three passes: its greatest element, exponentials with
// their sum in double (see lanes_body.h), the scaling.
//
// Where a row holds NaN or +inf, or nothing above -inf, every result of it is NaN.

UNROLL_INLINE void exp_sum_step(struct lanes *sum, float shift, const float *x, float *y, int part,
                                ptrdiff_t at, ptrdiff_t left) {
  const vf e = v_exp_nonpositive(v_load_some_or(x + at, left, -INFINITY) - v_set(shift));
  if (y) v_store_some(y + at, left, e);
  sum->part[part] += v_double(e);
}

/// Σ e^(x - shift); y, if not NULL, receives the exponentials and may be x.
UNROLL_INLINE double exp_sum_of(ptrdiff_t n, float shift, const float *x, float *y) {
  struct lanes sum = {0};
  FOR_EACH_LANE_PART(n, exp_sum_step, &sum, shift, x, y);
  return lanes_total(&sum);
}

static void softmax_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, y += columns) {
    bool any_nan;
    const float shift = greatest_of(columns, x, &any_nan);
    const double sum = exp_sum_of(columns, shift, x, y);
    elementwise_scale(columns, (float)(1 / sum), y, y);
  }
}

UNROLL_INLINE void subtract_double_step(double b, const float *x, float *y, ptrdiff_t at,
                                        ptrdiff_t left) {
  const vd difference = v_double(v_load_some(x + at, left)) - b;
  v_store_some(y + at, left, __builtin_convertvector(difference, vf));
}

static void softmax_log_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, y += columns) {
    bool any_nan;
    const float shift = greatest_of(columns, x, &any_nan);
    const double normaliser = shift + log(exp_sum_of(columns, shift, x, NULL));
    FOR_EACH_VECTOR(columns, subtract_double_step, normaliser, x, y);
  }
}

UNROLL_INLINE void softmax_backward_step(float dot, const float *y, const float *dy, float *dx,
                                         ptrdiff_t at, ptrdiff_t left) {
  const vf d = v_load_some(dy + at, left) - v_set(dot);
  v_store_some(dx + at, left, v_load_some(y + at, left) * d);
}

static void softmax_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                  const float *dy, float *dx) {
  for (ptrdiff_t i = 0; i < rows; ++i, y += columns, dy += columns, dx += columns) {
    const float dot = (float)dot_of(columns, y, dy);
    FOR_EACH_VECTOR(columns, softmax_backward_step, dot, y, dy, dx);
  }
}

UNROLL_INLINE void log_softmax_backward_step(float sum, const float *y, const float *dy, float *dx,
                                             ptrdiff_t at, ptrdiff_t left) {
  const vf probability = v_exp(v_load_some(y + at, left));
  v_store_some(dx + at, left, v_fma(probability, v_set(-sum), v_load_some(dy + at, left)));
}

static void softmax_log_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                      const float *dy, float *dx) {
  for (ptrdiff_t i = 0; i < rows; ++i, y += columns, dy += columns, dx += columns) {
    const float sum = (float)sum_of(columns, dy);
    FOR_EACH_VECTOR(columns, log_softmax_backward_step, sum, y, dy, dx);
  }
}

static void softmax_cross_entropy_rows(ptrdiff_t rows, ptrdiff_t columns, float *x,
                                       ptrdiff_t row_stride, const int32_t *targets, float scale,
                                       float *losses) {
  const bool wants_gradient = scale != 0;
  for (ptrdiff_t i = 0; i < rows; ++i, x += row_stride) {
    const int32_t target = targets[i];
    if (target < 0) {
      losses[i] = 0;
      if (wants_gradient) memset(x, 0, (size_t)columns * sizeof *x);
      continue;
    }
    bool any_nan;
    const float shift = greatest_of(columns, x, &any_nan);
    const double below_greatest = (double)shift - x[target];
    const double sum = exp_sum_of(columns, shift, x, wants_gradient ? x : NULL);
    losses[i] = (float)(below_greatest + log(sum));
    if (!wants_gradient) continue;
    // softmax - 1 at the target, without cancellation: the sum holds this very exponential.
    const double at_target = ((double)x[target] - sum) / sum;
    elementwise_scale(columns, (float)(scale / sum), x, x);
    x[target] = (float)(scale * at_target);
  }
}

// Noise contrast. ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|), and a sum of logarithms is the logarithm of
// the product, whose factors are from 1 to 2: so many of them at a time stay far from overflow.
enum { CONTRAST_BLOCK = 63 * LANES };

struct contrast {
  struct lanes sum;      // Σ noise · max(x, 0)
  struct lanes product;  // Π (1 + noise · e^-|x|)
};

/// Lanes past the end have noise 0: they add nothing.
UNROLL_INLINE void contrast_step(struct contrast *contrast, const float *noise, float scale,
                                 float *x, int part, ptrdiff_t at, ptrdiff_t left) {
  const vf v = v_load_some(x + at, left), n = v_load_some(noise + at, left);
  const vf e = v_exp_nonpositive(-v_abs(v));
  contrast->sum.part[part] += v_double(n * v_max(v, v_set(0)));
  contrast->product.part[part] *= v_double(n) * v_double(e) + 1;
  if (scale != 0) {
    const vf share = v_select(v < v_set(0), e, v_set(1)) / (v_set(1) + e);
    v_store_some(x + at, left, v_set(scale) * n * share);
  }
}

/// Σ noise · ln(1 + eˣ); with scale ≠ 0, x becomes scale · noise · σ(x).
UNROLL_INLINE double contrast_of(ptrdiff_t n, const float *noise, float scale, float *x) {
  double total = 0;
  for (ptrdiff_t first = 0; first < n; first += CONTRAST_BLOCK) {
    const ptrdiff_t block = n - first < CONTRAST_BLOCK ? n - first : CONTRAST_BLOCK;
    struct contrast contrast = {0};
    for (int part = 0; part < LANE_PARTS; ++part) contrast.product.part[part] += 1;
    FOR_EACH_LANE_PART(block, contrast_step, &contrast, noise + first, scale, x + first);
    double factors[LANES];
    memcpy(factors, contrast.product.part, sizeof factors);
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) factors[i] *= factors[i + half];
    }
    total += lanes_total(&contrast.sum) + log(factors[0]);
  }
  return total;
}

static void softmax_noise_contrast_rows(ptrdiff_t rows, ptrdiff_t columns, float *x,
                                        ptrdiff_t row_stride, const float *noise,
                                        const int32_t *targets, float scale, float *losses) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += row_stride) {
    const int32_t target = targets[i];
    if (target < 0) {
      losses[i] = 0;
      if (scale != 0) memset(x, 0, (size_t)columns * sizeof *x);
      continue;
    }
    // Before it is written over; σ(-x) without cancellation where the target is nearly sure.
    const double own = x[target], e = exp(-fabs(own));
    const double doubt = (own < 0 ? 1 : e) / (1 + e);
    const double loss = (own < 0 ? -own : 0) + log1p(e);
    losses[i] = (float)(loss + contrast_of(columns, noise, scale, x));
    if (scale != 0) x[target] = (float)(x[target] - scale * doubt);
  }
}

#define SOFTMAX_KERNELS                                                 \
  {                                                                     \
    .softmax_rows = softmax_rows, .log_softmax_rows = softmax_log_rows, \
    .softmax_rows_backward = softmax_rows_backward,                     \
    .log_softmax_rows_backward = softmax_log_rows_backward,             \
    .cross_entropy_rows = softmax_cross_entropy_rows,                   \
    .noise_contrast_rows = softmax_noise_contrast_rows,                 \
  }
