// Softmax and cross-entropy, on the instruction set in use.
#include "include/softmax.h"

#include "kernel_table.h"

void unroll_softmax_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y) {
  unroll_kernels()->softmax.softmax_rows(rows, columns, x, y);
}

void unroll_log_softmax_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y) {
  unroll_kernels()->softmax.log_softmax_rows(rows, columns, x, y);
}

void unroll_softmax_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                  const float *dy, float *dx) {
  unroll_kernels()->softmax.softmax_rows_backward(rows, columns, y, dy, dx);
}

void unroll_log_softmax_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                      const float *dy, float *dx) {
  unroll_kernels()->softmax.log_softmax_rows_backward(rows, columns, y, dy, dx);
}

void unroll_cross_entropy_rows(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                               const int32_t *targets, float scale, float *losses) {
  unroll_kernels()->softmax.cross_entropy_rows(rows, columns, x, row_stride, targets, scale,
                                               losses);
}

void unroll_noise_contrast_rows(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                                const float *noise, const int32_t *targets, float scale,
                                float *losses) {
  unroll_kernels()->softmax.noise_contrast_rows(rows, columns, x, row_stride, noise, targets, scale,
                                                losses);
}
