/// Sizes of the cache blocks of matrix products. They decide speed only, never bits.
#ifndef UNROLL_MATRIX_BLOCKS_H
#define UNROLL_MATRIX_BLOCKS_H

#include "include/matrix.h"

enum {
  // Rows of A at a time, whole tiles of 3, 6 or 8: 120 · 384 floats are 180 KB, for the second-level
  // cache.
  BLOCK_ROWS = 120,
  // Columns of B packed at a time.
  BLOCK_COLUMNS = 64 * UNROLL_PANEL_COLUMNS,
  // Floats of B packed at a time: 3 MB, for the third-level cache. Room for the columns above at two
  // blocks of depth, or for fewer columns at more.
  PACKED_PANELS_COUNT = 2 * BLOCK_COLUMNS * UNROLL_DEPTH_BLOCK,
  // A packed matrix of so many floats, 16 MB, is taken to stand in memory, not in a cache.
  IN_MEMORY = 4 << 20,
};

#endif
