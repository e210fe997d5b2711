// Matrix products made of register tiles.

UNROLL_INLINE ptrdiff_t at_most(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

UNROLL_INLINE enum start start_of(ptrdiff_t depth_done, const float *bias, bool accumulate) {
  if (depth_done > 0) return START_OLD;
  if (accumulate) return bias ? START_OLD_AND_BIAS : START_OLD;
  return bias ? START_BIAS : START_ZERO;
}

/// A tile of which only the first `columns` of 16 are part of C.
static void multiply_partial(tile_function *multiply, int rows, ptrdiff_t columns,
                             struct tile tile) {
  float c[TILE_ROWS * PANEL] = {0}, bias[PANEL] = {0};
  float *const whole = tile.c;
  const ptrdiff_t stride = tile.c_row_stride;
  if (tile.start == START_OLD || tile.start == START_OLD_AND_BIAS) {
    for (int i = 0; i < rows; ++i) {
      for (ptrdiff_t j = 0; j < columns; ++j) c[i * PANEL + j] = whole[i * stride + j];
    }
  }
  if (tile.bias) {
    for (ptrdiff_t j = 0; j < columns; ++j) bias[j] = tile.bias[j];
    tile.bias = bias;
  }
  tile.c = c;
  tile.c_row_stride = PANEL;
  multiply(&tile);
  for (int i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < columns; ++j) whole[i * stride + j] = c[i * PANEL + j];
  }
}

/// All rows times one block of a group of panels, which stays in the second-level cache. `tile` is
/// the first row tile. `columns` are those of the group that are part of C; a group of several
/// panels has them all. `next` is the first panel of the group after this one, of the same size, or
/// NULL: the row tiles share in fetching it, else the first of them would wait for an outer cache.
static void multiply_group(tile_function *const *multiply, int panels, ptrdiff_t rows,
                           ptrdiff_t columns, bool packed, struct tile tile, const float *next) {
  const struct row_tiles tiles = cut_rows(rows);
  const ptrdiff_t a_row_stride = packed ? tile.depth : tile.a_row_stride;
  const ptrdiff_t lines = panels * tile.depth, steps = tile.depth / 4;
  tile.ahead_lines = lines <= tiles.count * steps ? 1 : 2;
  // A single tile leaves it to the processor to see that B is read in order.
  if (tiles.count == 1) next = NULL;
  for (ptrdiff_t t = 0; t < tiles.count; ++t) {
    const int count = rows_of_tile(tiles, t);
    const ptrdiff_t line = t * steps * tile.ahead_lines;
    const ptrdiff_t panel = line / tile.depth, depth = line % tile.depth;
    tile.ahead = next && line < lines ? next + panel * tile.panel_stride + depth * PANEL : NULL;
    if (columns < panels * PANEL) {
      multiply_partial(multiply[count], count, columns, tile);
    } else {
      multiply[count](&tile);
    }
    tile.a += count * a_row_stride;
    tile.c += count * tile.c_row_stride;
  }
}

/// C without a product, for a depth of 0.
static void start_only(ptrdiff_t rows, ptrdiff_t columns, const float *bias, bool accumulate,
                       float *c, ptrdiff_t c_row_stride) {
  for (ptrdiff_t i = 0; i < rows; ++i) {
    float *row = c + i * c_row_stride;
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const float bias_j = bias ? bias[j] : 0;
      if (!accumulate) row[j] = bias_j;
      if (accumulate && bias) row[j] += bias_j;
    }
  }
}

/// A times packed panels of floats or of halves.
UNROLL_INLINE void multiply_any_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                                       const float *a, ptrdiff_t a_row_stride,              //
                                       const void *panels, ptrdiff_t panel_depth,
                                       const bool halves, const float *bias, bool accumulate,
                                       float *c, ptrdiff_t c_row_stride) {
  if (rows <= 0 || columns <= 0) return;
  if (depth <= 0) return start_only(rows, columns, bias, accumulate, c, c_row_stride);

  // As many rows at a time as the second-level cache holds in full depth; with halves those of one tile.
  const ptrdiff_t fitting = BLOCK_ROWS * UNROLL_MOST_DEPTHS / depth / TILE_ROWS * TILE_ROWS;
  const ptrdiff_t least = halves ? TILE_ROWS : 4 * TILE_ROWS;
  const ptrdiff_t row_block = halves || fitting < least ? least : fitting;
  const size_t size = halves ? sizeof(uint16_t) : sizeof(float);
  const ptrdiff_t depth_block = unroll_depth_block(depth);

  for (ptrdiff_t i = 0; i < rows; i += row_block) {
    const ptrdiff_t rows_here = at_most(rows - i, row_block);
    const bool lone = rows_here <= TILE_ROWS;
    ptrdiff_t column = 0;
    while (column < columns) {
      int group = lone ? lone_panels[rows_here] : shared_panels(columns - column);
      if (columns - column < group * PANEL) group = 1;
      tile_function *const *multiply =
        halves ? (group > 1 ? half_tiles : half_one_panel)
        : lone && group > 1 ? lone_tiles : shared_tiles(group, false);
      const ptrdiff_t valid = at_most(columns - column, group * PANEL);
      for (ptrdiff_t k = 0; k < depth; k += depth_block) {
        const ptrdiff_t depth_here = at_most(depth - k, depth_block);
        const char *b = (const char *)panels + (column * panel_depth + k * PANEL) * size;
        const bool deeper = k + depth_here < depth;
        const ptrdiff_t after = deeper ? depth_here * PANEL : group * panel_depth * PANEL - k * PANEL;
        const bool is_last = !deeper && column + group * PANEL >= columns;
        multiply_group(multiply, group, rows_here, valid, false,
                       (struct tile){
                         .depth = depth_here,
                         .a = a + i * a_row_stride + k,
                         .a_row_stride = a_row_stride,
                         .b = b,
                         .panel_stride = panel_depth * PANEL,
                         .start = start_of(k, bias, accumulate),
                         .bias = bias ? bias + column : NULL,
                         .c = c + i * c_row_stride + column,
                         .c_row_stride = c_row_stride,
                       },
                       halves || is_last ? NULL : (const float *)b + after);
      }
      column += group * PANEL;
    }
  }
}

static void multiply_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                            const float *a, ptrdiff_t a_row_stride,              //
                            const float *panels, ptrdiff_t panel_depth, const float *bias,
                            bool accumulate, float *c, ptrdiff_t c_row_stride) {
  multiply_any_panels(rows, columns, depth, a, a_row_stride, panels, panel_depth, false, bias,
                      accumulate, c, c_row_stride);
}

static void multiply_half_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth,  //
                                 const float *a, ptrdiff_t a_row_stride,              //
                                 const uint16_t *panels, ptrdiff_t panel_depth,
                                 const float *bias, bool accumulate, float *c,
                                 ptrdiff_t c_row_stride) {
  multiply_any_panels(rows, columns, depth, a, a_row_stride, panels, panel_depth, true, bias,
                      accumulate, c, c_row_stride);
}

/// The size of blocks when `whole` is cut into equal blocks of at most `most`, a multiple of `unit`.
UNROLL_INLINE ptrdiff_t equal_block(ptrdiff_t whole, ptrdiff_t most, ptrdiff_t unit) {
  const ptrdiff_t blocks = (whole + most - 1) / most;
  return (whole + blocks * unit - 1) / (blocks * unit) * unit;
}

/// A block of rows, packed or as they are, times all panels over one block of depths; `tile` is the
/// first one.
static void multiply_row_block(ptrdiff_t rows, ptrdiff_t columns, bool packed, struct tile tile) {
  const float *const panels = tile.b, *const bias = tile.bias;
  float *const c = tile.c;
  ptrdiff_t column = 0;
  while (column < columns) {
    const int group = shared_panels(columns - column);
    const ptrdiff_t after = column + group * PANEL;
    const float *const next = panels + after / PANEL * tile.panel_stride;
    tile.b = panels + column / PANEL * tile.panel_stride;
    tile.bias = bias ? bias + column : NULL;
    tile.c = c + column;
    multiply_group(shared_tiles(group, packed), group, rows,
                   at_most(columns - column, group * PANEL), packed, tile,
                   after < columns ? next : NULL);
    column = after;
  }
}

static void multiply(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t depth_block,  //
                     const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride,           //
                     const float *panels, ptrdiff_t panel_depth, const float *bias,
                     bool accumulate, float *c, ptrdiff_t c_row_stride, float *workspace) {
  if (rows <= 0 || columns <= 0) return;
  if (depth <= 0) return start_only(rows, columns, bias, accumulate, c, c_row_stride);
  // Rows whose depths lie side by side can be read by the tiles as they are.
  const bool packed = a_depth_stride != 1 || (rows > TILE_ROWS && columns >= PACKING_COLUMNS);
  const ptrdiff_t row_block = equal_block(rows, BLOCK_ROWS, TILE_ROWS);
  for (ptrdiff_t i = 0; i < rows; i += row_block) {
    const ptrdiff_t rows_here = at_most(rows - i, row_block);
    for (ptrdiff_t k = 0; k < depth; k += depth_block) {
      const ptrdiff_t depth_here = at_most(depth - k, depth_block);
      const float *a_here = a + i * a_row_stride + k * a_depth_stride;
      if (packed) pack_rows(a_here, a_row_stride, a_depth_stride, rows_here, depth_here, workspace);
      multiply_row_block(rows_here, columns, packed,
                         (struct tile){
                           .depth = depth_here,
                           .a = packed ? workspace : a_here,
                           .a_row_stride = a_row_stride,
                           .b = panels + k * PANEL,
                           .panel_stride = panel_depth * PANEL,
                           .start = start_of(k, bias, accumulate),
                           .bias = bias,
                           .c = c + i * c_row_stride,
                           .c_row_stride = c_row_stride,
                         });
    }
  }
}

#define MATRIX_KERNELS                                                  \
  {                                                                     \
    .pack_panels = pack_panels, .multiply_panels = multiply_panels,     \
    .multiply_half_panels = multiply_half_panels, .multiply = multiply, \
  }
