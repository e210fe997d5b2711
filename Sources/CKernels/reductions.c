// Reductions, on the instruction set in use.
#include "include/reductions.h"

#include "kernel_table.h"

double unroll_sum(ptrdiff_t n, const float *x) { return unroll_kernels()->reductions.sum(n, x); }

double unroll_sum_of_squares(ptrdiff_t n, const float *x) {
  return unroll_kernels()->reductions.sum_of_squares(n, x);
}

double unroll_dot(ptrdiff_t n, const float *a, const float *b) {
  return unroll_kernels()->reductions.dot(n, a, b);
}

float unroll_max(ptrdiff_t n, const float *x) { return unroll_kernels()->reductions.max(n, x); }

ptrdiff_t unroll_argmax(ptrdiff_t n, const float *x) {
  return unroll_kernels()->reductions.argmax(n, x);
}

bool unroll_all_finite(ptrdiff_t n, const float *x) {
  return unroll_kernels()->reductions.all_finite(n, x);
}

void unroll_column_sums(ptrdiff_t rows, ptrdiff_t columns, const float *x, ptrdiff_t row_stride,
                        bool accumulate, float *sums) {
  unroll_kernels()->reductions.column_sums(rows, columns, x, row_stride, accumulate, sums);
}

void unroll_layer_norm_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, const float *gain,
                            const float *bias, float epsilon, float *y, float *means,
                            float *inverse_deviations) {
  unroll_kernels()->reductions.layer_norm_rows(rows, columns, x, gain, bias, epsilon, y, means,
                                               inverse_deviations);
}

void unroll_layer_norm_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                     const float *gain, const float *means,
                                     const float *inverse_deviations, const float *dy, float *dx,
                                     float *d_gain, float *d_bias) {
  unroll_kernels()->reductions.layer_norm_rows_backward(rows, columns, x, gain, means,
                                                        inverse_deviations, dy, dx, d_gain, d_bias);
}
