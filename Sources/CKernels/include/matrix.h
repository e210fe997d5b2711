/// Matrix products C = A·Bᵀ (+ bias) (+ C), where A is [rows, depth] and B is [columns, depth]:
/// B's rows are the outputs, as in a weight matrix [outputs, inputs].
///
/// Summation order (normative, every path keeps it, so all paths give the same bits):
///   c = bias, or the old c when accumulating, or 0
///   for each block of depths, in order:
///     s = 0;  for k in block, in order: s = fma(a[k], b[k], s);   c = c + s
/// (bias and accumulate together: c = (old c) + bias first.) On the portable baseline, which has no
/// fused multiply-add, s = round(round(a[k]·b[k]) + s); the order is the same. How deep the blocks are is
/// `unroll_depth_block`'s to say, by the depth of the product alone.
#ifndef UNROLL_MATRIX_H
#define UNROLL_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  UNROLL_PANEL_COLUMNS = 16,  // columns of a packed panel
  UNROLL_MOST_DEPTHS = 512,   // of a block: a product this deep reads and writes C once
};

/// The depths of a block: as few blocks as can be, of equal depth but for the last.
static inline ptrdiff_t unroll_depth_block(ptrdiff_t depth) {
  const ptrdiff_t blocks = (depth + UNROLL_MOST_DEPTHS - 1) / UNROLL_MOST_DEPTHS;
  return blocks < 2 ? UNROLL_MOST_DEPTHS : ((depth + blocks - 1) / blocks + 15) / 16 * 16;
}

/// Floats that B packed into panels takes: columns rounded up to 16, times depth.
size_t unroll_panels_count(ptrdiff_t columns, ptrdiff_t depth);

/// Packs B into panels [ceil(columns/16)][depth][16], zero-padded in the last panel.
/// Element (column, k) of B is b[column * column_stride + k * depth_stride], so the transpose of a
/// weight matrix is packed by swapping the strides. `panels` must not alias `b`; align it to 64
/// bytes. Packing a range of columns that starts at a multiple of 16 fills just that part, so
/// threads may share the work.
void unroll_pack_panels(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                        ptrdiff_t columns, ptrdiff_t depth, float *panels);

/// C = A·Bᵀ with B packed by `unroll_pack_panels`. The product of recurrent steps: few rows, B
/// used again and again. A's rows are `a_row_stride` apart, each contiguous; C's likewise. `bias`
/// (length columns) may be NULL. C must alias neither A nor B. Fast for any number of rows, one row
/// included (then it runs at the speed of memory). `panel_depth` is the depth that B was packed with: of
/// it the first `depth` are summed over.
void unroll_multiply_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                            const float *a, ptrdiff_t a_row_stride,              //
                            const float *panels, ptrdiff_t panel_depth, const float *bias,
                            bool accumulate, float *c, ptrdiff_t c_row_stride);

/// Writes packed panels as IEEE 754 halves, which take half the memory, if each of the `count` elements is
/// one exactly. False, and no use to be made of `halves`, as soon as one is not.
bool unroll_halve_panels(size_t count, const float *panels, uint16_t *halves);

/// `unroll_multiply_panels` with panels of halves: the same bits, and with few rows, when the product
/// waits for its weights, up to twice as fast.
void unroll_multiply_half_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                                 const float *a, ptrdiff_t a_row_stride,              //
                                 const uint16_t *panels, ptrdiff_t panel_depth,
                                 const float *bias, bool accumulate, float *c,
                                 ptrdiff_t c_row_stride);

/// Floats of workspace `unroll_multiply` needs, whatever the sizes (aligned to 64 bytes).
size_t unroll_multiply_workspace_count(void);

/// C = A·Bᵀ with B packed and A of any strides, for products of many rows: element (i, k) of A is
/// a[i * a_row_stride + k * a_depth_stride], and blocks of A are packed too, in the workspace. With the
/// strides of `unroll_pack_panels` the same function gives X·Wᵀ (forward), dY·W (gradient of the input) and
/// dYᵀ·X (gradient of the weights). `depth_block` is `unroll_depth_block` of the whole product's depth, of
/// which the depth here may be a part, cut at whole blocks. Call it for blocks of C from several threads,
/// each with a workspace of its own; the bits do not depend on the blocks.
void unroll_multiply(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t depth_block,  //
                     const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride,           //
                     const float *panels, ptrdiff_t panel_depth, const float *bias,
                     bool accumulate, float *c, ptrdiff_t c_row_stride, float *workspace);

void unroll_pack_panels_reference(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                                  ptrdiff_t columns, ptrdiff_t depth, float *panels);
void unroll_multiply_reference(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                               const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride,
                               const float *b, ptrdiff_t b_column_stride,
                               ptrdiff_t b_depth_stride, const float *bias, bool accumulate,
                               float *c, ptrdiff_t c_row_stride);

#endif
