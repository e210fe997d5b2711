// Reductions. The order of every sum is that of lanes_body.h, or row by row.

static double reductions_sum(ptrdiff_t n, const float *x) { return sum_of(n, x); }
static double reductions_sum_of_squares(ptrdiff_t n, const float *x) { return dot_of(n, x, x); }
static double reductions_dot(ptrdiff_t n, const float *a, const float *b) {
  return dot_of(n, a, b);
}

static float reductions_max(ptrdiff_t n, const float *x) {
  bool any_nan;
  const float greatest = greatest_of(n, x, &any_nan);
  return any_nan ? NAN : greatest;
}

static ptrdiff_t reductions_argmax(ptrdiff_t n, const float *x) {
  bool any_nan;
  const float greatest = greatest_of(n, x, &any_nan);
  for (ptrdiff_t at = 0; at < n; at += UNROLL_WIDTH) {
    const vi found = v_load_some_or(x + at, n - at, NAN) == v_set(greatest);
    if (!__builtin_reduce_or(found)) continue;
    for (int lane = 0; lane < UNROLL_WIDTH; ++lane) {
      if (found[lane]) return at + lane;
    }
  }
  return 0;  // nothing but NaN
}

UNROLL_INLINE void not_finite_step(vi *found, const float *x, int part, ptrdiff_t at,
                                   ptrdiff_t left) {
  const vi exponent = v_set_int(0x7f800000);
  found[part] |= (v_bits(v_load_some(x + at, left)) & exponent) == exponent;
}

static bool reductions_all_finite(ptrdiff_t n, const float *x) {
  vi found[LANE_PARTS] = {0};
  FOR_EACH_LANE_PART(n, not_finite_step, found, x);
  for (int part = 1; part < LANE_PARTS; ++part) found[0] |= found[part];
  return __builtin_reduce_or(found[0]) == 0;
}

// So many columns are summed at a time, in double: their sums stay in the first-level cache, and
// each row is read in one long run.
enum { COLUMN_BLOCK = 512 };

UNROLL_INLINE void add_to_doubles_step(const float *x, double *sums, ptrdiff_t at, ptrdiff_t left) {
  vd sum;
  memcpy(&sum, sums + at, sizeof sum);
  sum += v_double(v_load_some(x + at, left));
  memcpy(sums + at, &sum, sizeof sum);
}

static void reductions_column_sums(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                   ptrdiff_t row_stride, bool accumulate, float *sums) {
  for (ptrdiff_t first = 0; first < columns; first += COLUMN_BLOCK) {
    const ptrdiff_t block = columns - first < COLUMN_BLOCK ? columns - first : COLUMN_BLOCK;
    double totals[COLUMN_BLOCK];  // a multiple of every vector's width
    for (ptrdiff_t j = 0; j < COLUMN_BLOCK; ++j) {
      totals[j] = accumulate && j < block ? sums[first + j] : 0;
    }
    for (ptrdiff_t i = 0; i < rows; ++i) {
      FOR_EACH_VECTOR(block, add_to_doubles_step, x + i * row_stride + first, totals);
    }
    for (ptrdiff_t j = 0; j < block; ++j) sums[first + j] = (float)totals[j];
  }
}

// Layer normalisation

UNROLL_INLINE void squared_deviation_step(struct lanes *sum, double mean, const float *x, int part,
                                          ptrdiff_t at, ptrdiff_t left) {
  const vd deviation = v_double(v_load_some(x + at, left)) - mean;
  vd square = deviation * deviation;
  for (ptrdiff_t lane = left; lane < UNROLL_WIDTH; ++lane) square[lane] = 0;  // past the end
  sum->part[part] += square;
}

UNROLL_INLINE void layer_norm_step(double mean, float inverse, const float *x, const float *gain,
                                   const float *bias, float *y, ptrdiff_t at, ptrdiff_t left) {
  const vd deviation = v_double(v_load_some(x + at, left)) - mean;
  vf v = __builtin_convertvector(deviation, vf) * v_set(inverse);
  if (gain) v = v * v_load_some(gain + at, left);
  if (bias) v = v + v_load_some(bias + at, left);
  v_store_some(y + at, left, v);
}

static void reductions_layer_norm_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                       const float *gain, const float *bias, float epsilon,
                                       float *y, float *means, float *inverse_deviations) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, y += columns) {
    const double mean = sum_of(columns, x) / (double)columns;
    struct lanes squares = {0};
    FOR_EACH_LANE_PART(columns, squared_deviation_step, &squares, mean, x);
    const double variance = lanes_total(&squares) / (double)columns;
    const float inverse = (float)(1 / sqrt(variance + epsilon));
    FOR_EACH_VECTOR(columns, layer_norm_step, mean, inverse, x, gain, bias, y);
    means[i] = (float)mean;
    inverse_deviations[i] = inverse;
  }
}

struct layer_norm_row {
  const float *x, *gain, *dy;
  float mean, inverse;
};

UNROLL_INLINE vf layer_norm_normalised(const struct layer_norm_row *row, ptrdiff_t at,
                                       ptrdiff_t left) {
  return (v_load_some(row->x + at, left) - v_set(row->mean)) * v_set(row->inverse);
}

/// dy ⊙ gain, 0 past the end.
UNROLL_INLINE vf layer_norm_gained(const struct layer_norm_row *row, ptrdiff_t at, ptrdiff_t left) {
  const vf d = v_load_some(row->dy + at, left);
  return row->gain ? d * v_load_some(row->gain + at, left) : d;
}

UNROLL_INLINE void layer_norm_sums_step(struct lanes *sum, struct lanes *projection,
                                        const struct layer_norm_row *row, int part, ptrdiff_t at,
                                        ptrdiff_t left) {
  const vd g = v_double(layer_norm_gained(row, at, left));
  sum->part[part] += g;
  projection->part[part] += g * v_double(layer_norm_normalised(row, at, left));
}

UNROLL_INLINE void layer_norm_backward_step(const struct layer_norm_row *row, float mean_g,
                                            float mean_projection, float *dx, float *d_gain,
                                            float *d_bias, ptrdiff_t at, ptrdiff_t left) {
  const vf normalised = layer_norm_normalised(row, at, left);
  const vf g = layer_norm_gained(row, at, left), d = v_load_some(row->dy + at, left);
  if (d_gain) {
    v_store_some(d_gain + at, left, v_fma(d, normalised, v_load_some(d_gain + at, left)));
  }
  if (d_bias) v_store_some(d_bias + at, left, v_load_some(d_bias + at, left) + d);
  const vf centred = v_fma(normalised, v_set(-mean_projection), g - v_set(mean_g));
  v_store_some(dx + at, left, centred * v_set(row->inverse));
}

static void reductions_layer_norm_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                                const float *gain, const float *means,
                                                const float *inverse_deviations, const float *dy,
                                                float *dx, float *d_gain, float *d_bias) {
  for (ptrdiff_t i = 0; i < rows; ++i) {
    const struct layer_norm_row row = {.x = x + i * columns,
                                       .gain = gain,
                                       .dy = dy + i * columns,
                                       .mean = means[i],
                                       .inverse = inverse_deviations[i]};
    struct lanes sum = {0}, projection = {0};
    FOR_EACH_LANE_PART(columns, layer_norm_sums_step, &sum, &projection, &row);
    const float mean_g = (float)(lanes_total(&sum) / (double)columns);
    const float mean_projection = (float)(lanes_total(&projection) / (double)columns);
    FOR_EACH_VECTOR(columns, layer_norm_backward_step, &row, mean_g, mean_projection,
                    dx + i * columns, d_gain, d_bias);
  }
}

#define REDUCTIONS_KERNELS                                                                     \
  {                                                                                            \
    .sum = reductions_sum, .sum_of_squares = reductions_sum_of_squares, .dot = reductions_dot, \
    .max = reductions_max, .argmax = reductions_argmax, .all_finite = reductions_all_finite,   \
    .column_sums = reductions_column_sums, .layer_norm_rows = reductions_layer_norm_rows,      \
    .layer_norm_rows_backward = reductions_layer_norm_rows_backward,                           \
  }
