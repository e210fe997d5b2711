// Elementwise functions, on the instruction set in use.
#include "include/elementwise.h"

#include "kernel_table.h"

void unroll_exp(ptrdiff_t n, const float *x, float *y) {
  unroll_kernels()->elementwise.exp(n, x, y);
}

void unroll_tanh(ptrdiff_t n, const float *x, float *y) {
  unroll_kernels()->elementwise.tanh(n, x, y);
}

void unroll_sigmoid(ptrdiff_t n, const float *x, float *y) {
  unroll_kernels()->elementwise.sigmoid(n, x, y);
}

void unroll_relu(ptrdiff_t n, const float *x, float *y) {
  unroll_kernels()->elementwise.relu(n, x, y);
}

void unroll_add(ptrdiff_t n, const float *a, const float *b, float *c) {
  unroll_kernels()->elementwise.add(n, a, b, c);
}

void unroll_subtract(ptrdiff_t n, const float *a, const float *b, float *c) {
  unroll_kernels()->elementwise.subtract(n, a, b, c);
}

void unroll_multiply_elements(ptrdiff_t n, const float *a, const float *b, float *c) {
  unroll_kernels()->elementwise.multiply_elements(n, a, b, c);
}

void unroll_axpy(ptrdiff_t n, float alpha, const float *x, float *y) {
  unroll_kernels()->elementwise.axpy(n, alpha, x, y);
}

void unroll_add_scalar(ptrdiff_t n, float beta, const float *x, float *y) {
  unroll_kernels()->elementwise.add_scalar(n, beta, x, y);
}

void unroll_scale(ptrdiff_t n, float alpha, const float *x, float *y) {
  unroll_kernels()->elementwise.scale(n, alpha, x, y);
}

void unroll_multiply_accumulate(ptrdiff_t n, const float *a, const float *b, float *y) {
  unroll_kernels()->elementwise.multiply_accumulate(n, a, b, y);
}
