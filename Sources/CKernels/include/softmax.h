/// Softmax, log-softmax, cross-entropy and noise contrast of rows of logits, stable for any finite input. -inf is
/// a masked logit. A row with NaN or +inf in it, or nothing but -inf, gives NaN throughout.
///
/// A row takes three passes: greatest element, exponentials and their sum, scaling (the last only
/// where there is something to write). Sums over a row are in double, in the order of reductions.h.
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
/// losses[i] = log Σ_j e^{x_ij} - x_{i,target}, or 0 where target < 0 (the row does not count and is
/// not read). Targets must be below `columns`. With scale ≠ 0, x becomes
/// scale · (softmax(x) - onehot(target)), or 0 for rows that do not count; with scale == 0, x is left
/// as it is. Row strides are `row_stride` floats. Losses are within 1e-6 of a Double's, relatively,
/// and the gradient at the target keeps its digits where softmax is nearly 1.
void unroll_cross_entropy_rows(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                               const int32_t *targets, float scale, float *losses);

/// Noise-contrastive estimation of each row: the loss of telling the target, as data, from noise, by
/// logits x that are ln(p/ν), ν the expected number of times that a column is among the noise.
/// losses[i] = ln(1 + e^{-x_{i,target}}) + Σ_j noise_j · ln(1 + e^{x_ij}), with noise_j the times that
/// column j was drawn (the target too, if it was), or 0 where target < 0 (the row does not count and is
/// not read). With scale ≠ 0, x becomes scale · (noise_j · σ(x_ij) - [j = target] · σ(-x_ij)), or 0 for
/// rows that do not count; with scale == 0, x is left as it is. noise_j is 0 or 1.
void unroll_noise_contrast_rows(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                                const float *noise, const int32_t *targets, float scale,
                                float *losses);

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
void unroll_noise_contrast_rows_reference(ptrdiff_t rows, ptrdiff_t columns, float *x,
                                          ptrdiff_t row_stride, const float *noise,
                                          const int32_t *targets, float scale, float *losses);

#endif
