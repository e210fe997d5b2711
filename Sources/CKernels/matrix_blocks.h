/// Sizes of the cache blocks of matrix products. They decide speed only, never bits.
#ifndef UNROLL_MATRIX_BLOCKS_H
#define UNROLL_MATRIX_BLOCKS_H

#include "include/matrix.h"

enum {
  // Rows of A at a time, whole tiles of 3, 6 or 8: 168 · 512 floats are 336 KB, for the second-level
  // cache. Fewer, and the panels that come from an outer cache are used too little.
  BLOCK_ROWS = 168,
  // From so many columns of B on, rows of A are packed though tiles could read them as they are.
  PACKING_COLUMNS = 256,
};

#endif
