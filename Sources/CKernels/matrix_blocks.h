/// Sizes of the cache blocks of matrix products. They decide speed only, never bits.
#ifndef UNROLL_MATRIX_BLOCKS_H
#define UNROLL_MATRIX_BLOCKS_H

#include "include/matrix.h"

enum {
  // Rows of A packed at a time: 120 · 384 floats are 180 KB, for the second-level cache.
  BLOCK_ROWS = 20 * UNROLL_TILE_ROWS,
  // Columns of B packed at a time: 1024 · 384 floats are 1.5 MB, for the third-level cache.
  BLOCK_COLUMNS = 64 * UNROLL_PANEL_COLUMNS,
};

#endif
