/// Elementwise functions of vectors of `n` floats. The result may be the very same buffer as an
/// operand; partial overlap is not allowed.
///
/// exp, tanh and σ are branch-free and handle every input: NaN gives NaN, infinities their limits,
/// ±0 gives 1, ±0 and ½. An element's bits depend on the instruction set (by the fused multiply-add
/// it has or lacks) and on nothing else. Greatest errors measured, over every seventh float of
/// magnitude 2⁻¹⁵ and above (for tanh also a sample below), with and without fused multiply-add, in
/// units of the last place (and relative to the value):
///
///   exp 1.04 (8.6e-8)    tanh 2.51 (1.8e-7)    σ 2.37 (1.8e-7)
#ifndef UNROLL_ELEMENTWISE_H
#define UNROLL_ELEMENTWISE_H

#include <stddef.h>

/// y = eˣ; overflows to +inf above 88.73, flushes to 0 below -87.34 (results are never subnormal).
void unroll_exp(ptrdiff_t n, const float *x, float *y);
/// y = tanh x.
void unroll_tanh(ptrdiff_t n, const float *x, float *y);
/// y = 1 / (1 + e⁻ˣ); flushes to 0 below -87.34.
void unroll_sigmoid(ptrdiff_t n, const float *x, float *y);
/// y = max(x, 0); NaN stays NaN.
void unroll_relu(ptrdiff_t n, const float *x, float *y);

/// c = a + b, a - b, a ⊙ b.
void unroll_add(ptrdiff_t n, const float *a, const float *b, float *c);
void unroll_subtract(ptrdiff_t n, const float *a, const float *b, float *c);
void unroll_multiply_elements(ptrdiff_t n, const float *a, const float *b, float *c);
/// y = y + α·x.
void unroll_axpy(ptrdiff_t n, float alpha, const float *x, float *y);
/// y = α·x.
void unroll_scale(ptrdiff_t n, float alpha, const float *x, float *y);
/// y = x + β.
void unroll_add_scalar(ptrdiff_t n, float beta, const float *x, float *y);
/// y = y + a ⊙ b.
void unroll_multiply_accumulate(ptrdiff_t n, const float *a, const float *b, float *y);

void unroll_exp_reference(ptrdiff_t n, const float *x, float *y);
void unroll_tanh_reference(ptrdiff_t n, const float *x, float *y);
void unroll_sigmoid_reference(ptrdiff_t n, const float *x, float *y);
void unroll_relu_reference(ptrdiff_t n, const float *x, float *y);
void unroll_add_reference(ptrdiff_t n, const float *a, const float *b, float *c);
void unroll_subtract_reference(ptrdiff_t n, const float *a, const float *b, float *c);
void unroll_multiply_elements_reference(ptrdiff_t n, const float *a, const float *b, float *c);
void unroll_axpy_reference(ptrdiff_t n, float alpha, const float *x, float *y);
void unroll_scale_reference(ptrdiff_t n, float alpha, const float *x, float *y);
void unroll_add_scalar_reference(ptrdiff_t n, float beta, const float *x, float *y);
void unroll_multiply_accumulate_reference(ptrdiff_t n, const float *a, const float *b, float *y);

#endif
