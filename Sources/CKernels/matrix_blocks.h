/// Sizes of the cache blocks of matrix products. They decide speed only, never bits.
#ifndef UNROLL_MATRIX_BLOCKS_H
#define UNROLL_MATRIX_BLOCKS_H

#include "include/matrix.h"

enum {
  // Rows of A at a time, whole tiles of 3, 6 or 8: 168 · 512 floats are 336 KB, for the second-level
  // cache. Fewer, and the panels that come from an outer cache are used too little.
  BLOCK_ROWS = 168,
  // Columns of B packed at a time.
  BLOCK_COLUMNS = 64 * UNROLL_PANEL_COLUMNS,
  // Floats of B packed at a time: 4 MB, for the third-level cache. Room for the columns above at two
  // blocks of depth, or for fewer columns at more.
  PACKED_PANELS_COUNT = 2 * BLOCK_COLUMNS * UNROLL_MOST_DEPTHS,
  // From so many columns of B on, rows of A are packed though tiles could read them as they are.
  PACKING_COLUMNS = 256,
};

#endif
