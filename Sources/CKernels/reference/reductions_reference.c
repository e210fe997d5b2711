// The definitions of reductions.h.
#include <math.h>

#include "../include/reductions.h"

double unroll_sum_reference(ptrdiff_t n, const float *x) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; ++i) sum += x[i];
  return sum;
}

double unroll_sum_of_squares_reference(ptrdiff_t n, const float *x) {
  return unroll_dot_reference(n, x, x);
}

double unroll_dot_reference(ptrdiff_t n, const float *a, const float *b) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; ++i) sum += (double)a[i] * b[i];
  return sum;
}

float unroll_max_reference(ptrdiff_t n, const float *x) {
  float greatest = -INFINITY;
  for (ptrdiff_t i = 0; i < n; ++i) {
    if (isnan(x[i])) return NAN;
    if (x[i] > greatest) greatest = x[i];
  }
  return greatest;
}

ptrdiff_t unroll_argmax_reference(ptrdiff_t n, const float *x) {
  ptrdiff_t best = -1;
  for (ptrdiff_t i = 0; i < n; ++i) {
    if (!isnan(x[i]) && (best < 0 || x[i] > x[best])) best = i;
  }
  return best < 0 ? 0 : best;
}

bool unroll_all_finite_reference(ptrdiff_t n, const float *x) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    if (!isfinite(x[i])) return false;
  }
  return true;
}

void unroll_column_sums_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                  ptrdiff_t row_stride, bool accumulate, float *sums) {
  for (ptrdiff_t j = 0; j < columns; ++j) {
    double sum = accumulate ? sums[j] : 0;
    for (ptrdiff_t i = 0; i < rows; ++i) sum += x[i * row_stride + j];
    sums[j] = (float)sum;
  }
}

void unroll_layer_norm_rows_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                      const float *gain, const float *bias, float epsilon, float *y,
                                      float *means, float *inverse_deviations) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, y += columns) {
    double mean = 0, variance = 0;
    for (ptrdiff_t j = 0; j < columns; ++j) mean += x[j];
    mean /= (double)columns;
    for (ptrdiff_t j = 0; j < columns; ++j) variance += (x[j] - mean) * (x[j] - mean);
    variance /= (double)columns;
    const double inverse = 1 / sqrt(variance + epsilon);
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const double normalised = (x[j] - mean) * inverse;
      y[j] = (float)((gain ? gain[j] : 1) * normalised + (bias ? bias[j] : 0));
    }
    means[i] = (float)mean;
    inverse_deviations[i] = (float)inverse;
  }
}

// With x̂ = (x - mean)·inverse and g = dy ⊙ gain:
//   dx = inverse · (g - mean(g) - x̂ · mean(g ⊙ x̂)),  d_gain += dy ⊙ x̂,  d_bias += dy.
void unroll_layer_norm_rows_backward_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                               const float *gain, const float *means,
                                               const float *inverse_deviations, const float *dy,
                                               float *dx, float *d_gain, float *d_bias) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, dy += columns, dx += columns) {
    const double mean = means[i], inverse = inverse_deviations[i];
    double sum = 0, projection = 0;
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const double g = (double)dy[j] * (gain ? gain[j] : 1);
      sum += g;
      projection += g * (x[j] - mean) * inverse;
    }
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const double d = dy[j], g = d * (gain ? gain[j] : 1);
      const double normalised = (x[j] - mean) * inverse;
      if (d_gain) d_gain[j] = (float)(d_gain[j] + d * normalised);
      if (d_bias) d_bias[j] = (float)(d_bias[j] + d);
      dx[j] = (float)(inverse * (g - (sum + normalised * projection) / (double)columns));
    }
  }
}
