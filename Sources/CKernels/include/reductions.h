/// Reductions of vectors and matrices, each in one fixed order.
///
/// Sums over a vector (normative): sixteen sums in double, element i going to s[i % 16] in order of
/// i; then s[j] += s[j + 8] for j < 8, s[j] += s[j + 4] for j < 4, and so on. Products of two floats
/// are exact in double, so sum, sum of squares and dot product have the same bits everywhere.
#ifndef UNROLL_REDUCTIONS_H
#define UNROLL_REDUCTIONS_H

#include <stdbool.h>
#include <stddef.h>

/// Σ x, Σ x², Σ a·b, summed in double precision.
double unroll_sum(ptrdiff_t n, const float *x);
double unroll_sum_of_squares(ptrdiff_t n, const float *x);
double unroll_dot(ptrdiff_t n, const float *a, const float *b);
/// The greatest element (-inf when n is 0; NaN when any element is NaN).
float unroll_max(ptrdiff_t n, const float *x);
/// The index of the first greatest element; n must be at least 1. NaN never wins; 0 if
/// there is nothing else.
ptrdiff_t unroll_argmax(ptrdiff_t n, const float *x);
/// Whether no element is NaN or infinite.
bool unroll_all_finite(ptrdiff_t n, const float *x);

/// sums[j] = (accumulate ? sums[j] : 0) + Σ_i x[i, j], row by row in order, in double, and
/// rounded once. x has rows `row_stride` floats apart. Threads may split the columns.
void unroll_column_sums(ptrdiff_t rows, ptrdiff_t columns, const float *x, ptrdiff_t row_stride,
                        bool accumulate, float *sums);

/// Layer normalisation of each row (Ba et al. 2016): y = gain ⊙ (x - mean)/√(var + epsilon) + bias.
/// gain and bias may be NULL. means and inverse_deviations (length rows) receive what the backward
/// pass needs. y may be x only if the backward pass is not wanted.
void unroll_layer_norm_rows(ptrdiff_t rows, ptrdiff_t columns, const float *x, const float *gain,
                            const float *bias, float epsilon, float *y, float *means,
                            float *inverse_deviations);
/// dx from dy (dx may be dy); d_gain and d_bias (NULL to skip) are accumulated row by row in order.
void unroll_layer_norm_rows_backward(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                     const float *gain, const float *means,
                                     const float *inverse_deviations, const float *dy, float *dx,
                                     float *d_gain, float *d_bias);

double unroll_sum_reference(ptrdiff_t n, const float *x);
double unroll_sum_of_squares_reference(ptrdiff_t n, const float *x);
double unroll_dot_reference(ptrdiff_t n, const float *a, const float *b);
float unroll_max_reference(ptrdiff_t n, const float *x);
ptrdiff_t unroll_argmax_reference(ptrdiff_t n, const float *x);
bool unroll_all_finite_reference(ptrdiff_t n, const float *x);
void unroll_column_sums_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                  ptrdiff_t row_stride, bool accumulate, float *sums);
void unroll_layer_norm_rows_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                      const float *gain, const float *bias, float epsilon,
                                      float *y, float *means, float *inverse_deviations);
void unroll_layer_norm_rows_backward_reference(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                               const float *gain, const float *means,
                                               const float *inverse_deviations, const float *dy,
                                               float *dx, float *d_gain, float *d_bias);

#endif
