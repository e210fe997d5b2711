/// Softmax, log-softmax and cross-entropy over rows of logits, stable for any finite input.
#ifndef UNROLL_SOFTMAX_H
#define UNROLL_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

/// y = softmax of each row of x [rows, columns]; y may be x.
void unroll_softmax_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y);
/// y = log softmax of each row; y may be x.
void unroll_log_softmax_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y);
/// dx = y ⊙ (dy - Σ dy ⊙ y); dx may be dy.
void unroll_softmax_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                  const float *dy, float *dx);
/// dx = dy - softmax · Σ dy, with softmax = e^y recomputed; dx may be dy.
void unroll_log_softmax_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                      const float *dy, float *dx);

/// Cross-entropy of each row against its target, and in the same pass the gradient.
/// losses[i] = log Σ_j e^{x_ij} - x_{i,target}, or 0 where target < 0 (the row does not count).
/// Targets must be below `columns`. With scale ≠ 0, x becomes scale · (softmax(x) - onehot(target)), or 0 for rows that do not
/// count; with scale == 0, x is left as it is. Row strides are `row_stride` floats.
void unroll_cross_entropy_rows(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                               const int32_t *targets, float scale, float *losses);

void unroll_softmax_rows_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y);
void unroll_log_softmax_rows_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                       float *y);
void unroll_softmax_rows_backward_reference(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                            const float *dy, float *dx);
void unroll_log_softmax_rows_backward_reference(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                                const float *dy, float *dx);
void unroll_cross_entropy_rows_reference(ptrdiff_t rows, ptrdiff_t columns, float *x,
                                         ptrdiff_t row_stride, const int32_t *targets, float scale,
                                         float *losses);

#endif
