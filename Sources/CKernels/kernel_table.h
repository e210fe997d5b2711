/// What one instruction set's translation unit offers: a pointer for each public function that
/// differs between instruction sets, grouped by public header. A kernel is added in four places:
/// its body (bodies/NAME_body.h), its field here, the initialiser macro at the end of the body, and
/// the public function (NAME.c), which forwards through `unroll_kernels()`.
#ifndef UNROLL_KERNEL_TABLE_H
#define UNROLL_KERNEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// isa.h
struct isa_kernels {
  double (*peak_multiply_add)(long iterations, float *sink);
};

/// matrix.h
struct matrix_kernels {
  void (*pack_panels)(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                      ptrdiff_t columns, ptrdiff_t depth, float *panels);
  void (*multiply_panels)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const float *a,
                          ptrdiff_t a_row_stride, const float *panels, const float *bias,
                          bool accumulate, float *c, ptrdiff_t c_row_stride);
  void (*multiply)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const float *a,
                   ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride, const float *b,
                   ptrdiff_t b_column_stride, ptrdiff_t b_depth_stride, const float *bias,
                   bool accumulate, float *c, ptrdiff_t c_row_stride, float *workspace);
};

struct kernel_table {
  struct isa_kernels isa;
  struct matrix_kernels matrix;
};

/// The table in use.
const struct kernel_table *unroll_kernels(void);

extern const struct kernel_table unroll_kernels_portable;
#if defined(__x86_64__)
extern const struct kernel_table unroll_kernels_avx2;
extern const struct kernel_table unroll_kernels_avx512;
extern const struct kernel_table unroll_kernels_wide_test;
#elif defined(__aarch64__)
extern const struct kernel_table unroll_kernels_neon;
#endif

#endif
