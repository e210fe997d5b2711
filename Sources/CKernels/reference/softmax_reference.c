// The definitions of softmax.h, in double.
#include <math.h>

#include "../include/softmax.h"

static double greatest(ptrdiff_t n, const float *x) {
  double greatest = -INFINITY;
  for (ptrdiff_t j = 0; j < n; ++j) {
    if (x[j] > greatest || isnan(x[j])) greatest = x[j];
  }
  return greatest;
}

/// log Σ e^x, exact to a few units of double precision.
static double log_sum_exp(ptrdiff_t n, const float *x) {
  const double shift = greatest(n, x);
  double sum = 0;
  for (ptrdiff_t j = 0; j < n; ++j) sum += exp(x[j] - shift);
  return shift + log(sum);
}

void unroll_softmax_rows_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, y += columns) {
    const double normaliser = log_sum_exp(columns, x);
    for (ptrdiff_t j = 0; j < columns; ++j) y[j] = (float)exp(x[j] - normaliser);
  }
}

void unroll_log_softmax_rows_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                       float *y) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += columns, y += columns) {
    const double normaliser = log_sum_exp(columns, x);
    for (ptrdiff_t j = 0; j < columns; ++j) y[j] = (float)(x[j] - normaliser);
  }
}

void unroll_softmax_rows_backward_reference(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                            const float *dy, float *dx) {
  for (ptrdiff_t i = 0; i < rows; ++i, y += columns, dy += columns, dx += columns) {
    double dot = 0;
    for (ptrdiff_t j = 0; j < columns; ++j) dot += (double)dy[j] * y[j];
    for (ptrdiff_t j = 0; j < columns; ++j) dx[j] = (float)(y[j] * (dy[j] - dot));
  }
}

void unroll_log_softmax_rows_backward_reference(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                                const float *dy, float *dx) {
  for (ptrdiff_t i = 0; i < rows; ++i, y += columns, dy += columns, dx += columns) {
    double sum = 0;
    for (ptrdiff_t j = 0; j < columns; ++j) sum += dy[j];
    for (ptrdiff_t j = 0; j < columns; ++j) dx[j] = (float)(dy[j] - exp(y[j]) * sum);
  }
}

void unroll_cross_entropy_rows_reference(ptrdiff_t rows, ptrdiff_t columns, float *x,
                                         ptrdiff_t row_stride, const int32_t *targets, float scale,
                                         float *losses) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += row_stride) {
    const int32_t target = targets[i];
    const double normaliser = log_sum_exp(columns, x);
    losses[i] = target < 0 ? 0 : (float)(normaliser - x[target]);
    if (scale == 0) continue;
    for (ptrdiff_t j = 0; j < columns; ++j) {
      x[j] = target < 0 ? 0 : (float)(scale * (exp(x[j] - normaliser) - (j == target)));
    }
  }
}

/// ln(1 + e^x)
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void unroll_noise_contrast_rows_reference(ptrdiff_t rows, ptrdiff_t columns, float *x,
                                          ptrdiff_t row_stride, const float *noise,
                                          const int32_t *targets, float scale, float *losses) {
  for (ptrdiff_t i = 0; i < rows; ++i, x += row_stride) {
    const int32_t target = targets[i];
    double loss = target < 0 ? 0 : softplus(-x[target]);
    for (ptrdiff_t j = 0; j < columns && target >= 0; ++j) loss += noise[j] * softplus(x[j]);
    losses[i] = (float)loss;
    if (scale == 0) continue;
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const double data = j == target ? sigmoid(-x[j]) : 0;
      x[j] = target < 0 ? 0 : (float)(scale * (noise[j] * sigmoid(x[j]) - data));
    }
  }
}
