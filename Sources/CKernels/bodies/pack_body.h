// Packing: operands copied into the order in which tiles read them. Whichever of an operand's two
// strides is 1, its memory is read a cache line at a time and written in order.

typedef float v4 __attribute__((ext_vector_type(4)));

UNROLL_INLINE v4 load4(const float *p) {
  v4 v;
  memcpy(&v, p, sizeof v);
  return v;
}

UNROLL_INLINE void store4(float *p, v4 v) { memcpy(p, &v, sizeof v); }

/// to[k * to_stride + i] = from[i * from_stride + k] for i, k in 0..<4.
UNROLL_INLINE void transpose_4x4(const float *from, ptrdiff_t from_stride, float *to,
                                 ptrdiff_t to_stride) {
  const v4 a = load4(from), b = load4(from + from_stride);
  const v4 c = load4(from + 2 * from_stride), d = load4(from + 3 * from_stride);
  const v4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const v4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const v4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const v4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store4(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store4(to + to_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store4(to + 2 * to_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store4(to + 3 * to_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

/// panel[k][j] = from[j * stride + k]: a whole panel of columns whose depths lie side by side.
static void pack_transposed_panel(const float *from, ptrdiff_t stride, ptrdiff_t depth,
                                  float *panel) {
  // A line of 16 depths of four columns at a time: columns that lie a multiple of 4 KB apart share
  // a set of the first-level cache, and more than a few at once would evict each other.
  ptrdiff_t k = 0;
  while (k + 4 <= depth) {
    const ptrdiff_t end = k + (depth - k >= 16 ? 16 : 4);
    // The processor does not see so many streams by itself.
    for (int j = 0; j < PANEL; ++j) __builtin_prefetch(from + j * stride + k + 64);
    for (int j = 0; j < PANEL; j += 4) {
      for (ptrdiff_t i = k; i < end; i += 4) {
        transpose_4x4(from + j * stride + i, stride, panel + i * PANEL + j, PANEL);
      }
    }
    k = end;
  }
  for (; k < depth; ++k) {
    for (int j = 0; j < PANEL; ++j) panel[k * PANEL + j] = from[j * stride + k];
  }
}

/// One panel of any strides, with fewer than 16 columns perhaps.
static void pack_any_panel(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                           ptrdiff_t columns, ptrdiff_t depth, float *panel) {
  for (ptrdiff_t k = 0; k < depth; ++k) {
    for (ptrdiff_t j = 0; j < PANEL; ++j) {
      panel[k * PANEL + j] = j < columns ? b[j * column_stride + k * depth_stride] : 0;
    }
  }
}

static void pack_panels(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                        ptrdiff_t columns, ptrdiff_t depth, float *panels) {
  ptrdiff_t column = 0;
  if (depth_stride == 1) {
    for (; column + PANEL <= columns; column += PANEL) {
      pack_transposed_panel(b + column * column_stride, column_stride, depth,
                            panels + column * depth);
    }
  } else if (column_stride == 1) {
    // Four panels at a time read 256 bytes in a row.
    enum { TOGETHER = 4 };
    while (column + PANEL <= columns) {
      const ptrdiff_t whole = (columns - column) / PANEL;
      const ptrdiff_t together = whole < TOGETHER ? whole : TOGETHER;
      for (ptrdiff_t k = 0; k < depth; ++k) {
        const float *from = b + column + k * depth_stride;
        float *to = panels + column * depth + k * PANEL;
        for (ptrdiff_t p = 0; p < together; ++p) {
          for (int v = 0; v < PANEL; v += UNROLL_WIDTH) {
            v_store(to + p * PANEL * depth + v, v_load(from + p * PANEL + v));
          }
        }
      }
      column += together * PANEL;
    }
  }
  for (; column < columns; column += PANEL) {
    const ptrdiff_t left = columns - column;
    pack_any_panel(b + column * column_stride, column_stride, depth_stride,
                   left < PANEL ? left : PANEL, depth, panels + column * depth);
  }
}

// Rows of A, cut into tiles of equal size, the larger ones first.

struct row_tiles {
  ptrdiff_t count, rows, larger;  // `larger` tiles have one row more than `rows`
};

UNROLL_INLINE struct row_tiles cut_rows(ptrdiff_t rows) {
  const ptrdiff_t count = (rows + TILE_ROWS - 1) / TILE_ROWS;
  return (struct row_tiles){.count = count, .rows = rows / count, .larger = rows % count};
}

UNROLL_INLINE int rows_of_tile(struct row_tiles tiles, ptrdiff_t index) {
  return (int)(tiles.rows + (index < tiles.larger));
}

/// Some depths of one tile whose rows lie side by side.
UNROLL_INLINE void copy_adjacent(const int count, const float *from, ptrdiff_t depth_stride,
                                 ptrdiff_t depth, float *to) {
  for (ptrdiff_t k = 0; k < depth; ++k) {
    memcpy(to + k * count, from + k * depth_stride, (size_t)count * sizeof *to);
  }
}

/// Packs rows that lie side by side: a few depths at a time are read in one piece each, and dealt
/// out to the tiles.
static void pack_adjacent_rows(const float *a, ptrdiff_t depth_stride, struct row_tiles tiles,
                               ptrdiff_t depth, float *packed) {
  enum { TOGETHER = 4 };
  const ptrdiff_t rows = tiles.count * tiles.rows + tiles.larger;
  for (ptrdiff_t k = 0; k < depth; k += TOGETHER) {
    const ptrdiff_t depths = depth - k < TOGETHER ? depth - k : TOGETHER;
    const float *from = a + k * depth_stride;
    float *to = packed;
    for (ptrdiff_t j = 2 * TOGETHER; j < 3 * TOGETHER; ++j) {
      for (ptrdiff_t i = 0; i < rows; i += LINE) __builtin_prefetch(from + j * depth_stride + i);
    }
    for (ptrdiff_t t = 0; t < tiles.count; ++t) {
      const int count = rows_of_tile(tiles, t);
      switch (depths == TOGETHER ? count : 0) {
        case 5: copy_adjacent(5, from, depth_stride, TOGETHER, to + k * 5); break;
        case 6: copy_adjacent(6, from, depth_stride, TOGETHER, to + k * 6); break;
        case 7: copy_adjacent(7, from, depth_stride, TOGETHER, to + k * 7); break;
        case 8: copy_adjacent(8, from, depth_stride, TOGETHER, to + k * 8); break;
        default: copy_adjacent(count, from, depth_stride, depths, to + k * count);
      }
      from += count;
      to += count * depth;
    }
  }
}

/// Packs one tile of rows whose depths lie side by side.
UNROLL_INLINE void pack_deep_tile(const int count, const float *a, ptrdiff_t row_stride,
                                  ptrdiff_t depth, float *packed) {
  const int fours = count / 4 * 4;
  ptrdiff_t k = 0;
  for (; k + LINE <= depth; k += LINE) {
    for (int i = 0; i < count; ++i) __builtin_prefetch(a + i * row_stride + k + 4 * LINE);
    for (int i = 0; i < fours; i += 4) {
      for (int j = 0; j < LINE; j += 4) {
        transpose_4x4(a + i * row_stride + k + j, row_stride, packed + (k + j) * count + i, count);
      }
    }
    for (int i = fours; i < count; ++i) {
      for (int j = 0; j < LINE; ++j) packed[(k + j) * count + i] = a[i * row_stride + k + j];
    }
  }
  for (; k < depth; ++k) {
    for (int i = 0; i < count; ++i) packed[k * count + i] = a[i * row_stride + k];
  }
}

/// Packs rows of A for `packed` tiles: tile after tile, each [depth][its rows].
static void pack_rows(const float *a, ptrdiff_t row_stride, ptrdiff_t depth_stride, ptrdiff_t rows,
                      ptrdiff_t depth, float *packed) {
  const struct row_tiles tiles = cut_rows(rows);
  if (row_stride == 1) return pack_adjacent_rows(a, depth_stride, tiles, depth, packed);
  for (ptrdiff_t t = 0; t < tiles.count; ++t) {
    const int count = rows_of_tile(tiles, t);
    if (depth_stride == 1) {
      count == 8 ? pack_deep_tile(8, a, row_stride, depth, packed)
                 : pack_deep_tile(count, a, row_stride, depth, packed);
    } else {
      for (ptrdiff_t k = 0; k < depth; ++k) {
        for (int i = 0; i < count; ++i) {
          packed[k * count + i] = a[i * row_stride + k * depth_stride];
        }
      }
    }
    a += count * row_stride;
    packed += count * depth;
  }
}
