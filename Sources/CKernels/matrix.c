// The public matrix products.
#include "include/matrix.h"

#include <string.h>

#include "kernel_table.h"
#include "matrix_blocks.h"

size_t unroll_panels_count(ptrdiff_t columns, ptrdiff_t depth) {
  const ptrdiff_t panels = (columns + UNROLL_PANEL_COLUMNS - 1) / UNROLL_PANEL_COLUMNS;
  return (size_t)(panels * UNROLL_PANEL_COLUMNS * depth);
}

void unroll_pack_panels(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                        ptrdiff_t columns, ptrdiff_t depth, float *panels) {
  unroll_kernels()->matrix.pack_panels(b, column_stride, depth_stride, columns, depth, panels);
}

void unroll_multiply_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                            const float *a, ptrdiff_t a_row_stride,              //
                            const float *panels, ptrdiff_t panel_depth, const float *bias,
                            bool accumulate, float *c, ptrdiff_t c_row_stride) {
  unroll_kernels()->matrix.multiply_panels(rows, columns, depth, a, a_row_stride, panels,
                                           panel_depth, bias, accumulate, c, c_row_stride);
}

bool unroll_halve_panels(size_t count, const float *panels, uint16_t *halves) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    memcpy(&bits, &panels[i], sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000, exponent = bits >> 23 & 0xFF;
    const uint32_t fraction = bits & 0x7FFFFF;
    uint32_t magnitude, lost;  // bits of the half, and those that do not fit it
    if (exponent >= 113 && exponent <= 142) {
      magnitude = (exponent - 112) << 10 | fraction >> 13;
      lost = fraction & 0x1FFF;
    } else if (exponent >= 103 && exponent < 113) {  // a subnormal half: a multiple of 2^-24
      const uint32_t whole = fraction | 0x800000, shift = 126 - exponent;
      magnitude = whole >> shift;
      lost = whole & ((1u << shift) - 1);
    } else {
      magnitude = 0;
      lost = bits << 1;  // none for zeros
    }
    if (lost != 0) return false;
    halves[i] = (uint16_t)(sign | magnitude);
  }
  return true;
}

void unroll_multiply_half_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                                 const float *a, ptrdiff_t a_row_stride,              //
                                 const uint16_t *panels, ptrdiff_t panel_depth,
                                 const float *bias, bool accumulate, float *c,
                                 ptrdiff_t c_row_stride) {
  unroll_kernels()->matrix.multiply_half_panels(rows, columns, depth, a, a_row_stride, panels,
                                                panel_depth, bias, accumulate, c, c_row_stride);
}

size_t unroll_multiply_workspace_count(void) {
  return (size_t)BLOCK_ROWS * UNROLL_MOST_DEPTHS;
}

void unroll_multiply(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t depth_block,  //
                     const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride,           //
                     const float *panels, ptrdiff_t panel_depth, const float *bias,
                     bool accumulate, float *c, ptrdiff_t c_row_stride, float *workspace) {
  unroll_kernels()->matrix.multiply(rows, columns, depth, depth_block, a, a_row_stride,
                                    a_depth_stride, panels, panel_depth, bias, accumulate, c,
                                    c_row_stride, workspace);
}
