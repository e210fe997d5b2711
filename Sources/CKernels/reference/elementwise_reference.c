// The definitions of elementwise.h. The transcendental functions are rounded from double.
#include <math.h>

#include "../include/elementwise.h"

void unroll_exp_reference(ptrdiff_t n, const float *x, float *y) {
  const double flush = log(0x1p-126);  // results below the least normal float become 0
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = x[i] < flush ? 0 : (float)exp(x[i]);
}

void unroll_tanh_reference(ptrdiff_t n, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = (float)tanh(x[i]);
}

void unroll_sigmoid_reference(ptrdiff_t n, const float *x, float *y) {
  const double flush = log(0x1p-126);
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = x[i] < flush ? 0 : (float)(1 / (1 + exp(-(double)x[i])));
}

void unroll_relu_reference(ptrdiff_t n, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = x[i] < 0 ? 0 : x[i];
}

void unroll_add_reference(ptrdiff_t n, const float *a, const float *b, float *c) {
  for (ptrdiff_t i = 0; i < n; ++i) c[i] = a[i] + b[i];
}

void unroll_subtract_reference(ptrdiff_t n, const float *a, const float *b, float *c) {
  for (ptrdiff_t i = 0; i < n; ++i) c[i] = a[i] - b[i];
}

void unroll_multiply_elements_reference(ptrdiff_t n, const float *a, const float *b, float *c) {
  for (ptrdiff_t i = 0; i < n; ++i) c[i] = a[i] * b[i];
}

void unroll_axpy_reference(ptrdiff_t n, float alpha, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = y[i] + alpha * x[i];
}

void unroll_add_scalar_reference(ptrdiff_t n, float beta, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = x[i] + beta;
}

void unroll_scale_reference(ptrdiff_t n, float alpha, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = alpha * x[i];
}

void unroll_multiply_accumulate_reference(ptrdiff_t n, const float *a, const float *b, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) y[i] = y[i] + a[i] * b[i];
}
