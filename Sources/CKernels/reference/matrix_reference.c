// The definition of the matrix products, in the order of summation that matrix.h prescribes.
#include <math.h>

#include "../include/matrix.h"

#pragma clang fp contract(off)

void unroll_pack_panels_reference(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                                  ptrdiff_t columns, ptrdiff_t depth, float *panels) {
  for (ptrdiff_t first = 0; first < columns; first += UNROLL_PANEL_COLUMNS) {
    for (ptrdiff_t k = 0; k < depth; ++k) {
      for (ptrdiff_t j = first; j < first + UNROLL_PANEL_COLUMNS; ++j) {
        *panels++ = j < columns ? b[j * column_stride + k * depth_stride] : 0;
      }
    }
  }
}

void unroll_multiply_reference(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                               const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride,
                               const float *b, ptrdiff_t b_column_stride,
                               ptrdiff_t b_depth_stride, const float *bias, bool accumulate,
                               float *c, ptrdiff_t c_row_stride) {
  const ptrdiff_t block = unroll_depth_block(depth);
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < columns; ++j) {
      float *out = &c[i * c_row_stride + j];
      float total = accumulate ? *out : 0;
      if (bias) total = accumulate ? total + bias[j] : bias[j];
      for (ptrdiff_t first = 0; first < depth; first += block) {
        float sum = 0;
        for (ptrdiff_t k = first; k < depth && k < first + block; ++k) {
          sum = fmaf(a[i * a_row_stride + k * a_depth_stride],
                     b[j * b_column_stride + k * b_depth_stride], sum);
        }
        total = total + sum;
      }
      *out = total;
    }
  }
}
