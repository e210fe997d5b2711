// Register tiles: R rows of A times P panels of B over one block of depths, all of C's R × 16·P
// partial sums in registers. Every product is made of these. B's elements are floats, or halves that
// become floats as they are read: the sums are the same.

#define PANEL UNROLL_PANEL_COLUMNS
enum { PANEL_VECTORS = PANEL / UNROLL_WIDTH };
enum { LINE = 16 };  // floats of a cache line

// The most rows of a tile, so that R · PANEL_VECTORS sums, a row of the panel and one element of A
// fit the registers: 16 of them on x86-64, 32 with AVX-512 and on arm64.
#if UNROLL_WIDTH == 4 && !UNROLL_FMA
enum { TILE_ROWS = 3 };
#elif UNROLL_WIDTH == 16
enum { TILE_ROWS = 8 };  // of two panels; with more rows the compiler runs out of address registers
#else
enum { TILE_ROWS = 6 };
#endif

// The most panels of a tile when several row tiles share them. With AVX-512 a panel is only one vector, and of
// three a tile reads 11 numbers for 24 multiply-adds, of two 10 for 16.
enum { SHARED_PANELS = UNROLL_WIDTH == 16 ? 3 : 1 };

// What a sum over a block of depths is added to: for the first block what the caller asked for,
// afterwards what stands in C.
enum start { START_ZERO, START_BIAS, START_OLD, START_OLD_AND_BIAS };

struct tile {
  ptrdiff_t depth;         // of this block
  const float *a;          // first row, or the packed rows [depth][R]
  ptrdiff_t a_row_stride;  // not for packed rows
  const void *b;           // first panel's block [depth][16], of floats or halves
  ptrdiff_t panel_stride;  // elements from panel to panel
  const float *ahead;      // what to fetch into the second-level cache meanwhile, NULL for nothing:
  int ahead_lines;         // so many lines, 1 or 2, with every fourth depth
  enum start start;
  const float *bias;
  float *c;
  ptrdiff_t c_row_stride;
};

#define FULLY_UNROLLED _Pragma("clang loop unroll(full)")

// One definition for every shape: all but the tile are constants where it is inlined. `packed`: A's
// rows are; `halves`: B's elements are.
UNROLL_INLINE void multiply_tile(const int R, const int P, const bool packed, const bool halves,
                                 const struct tile *tile) {
  enum { MOST = 4 * PANEL_VECTORS };
  const int vectors = P * PANEL_VECTORS;
  const ptrdiff_t panel_stride = tile->panel_stride;
  const ptrdiff_t a_row = packed ? 1 : tile->a_row_stride;
  const ptrdiff_t a_depth = packed ? R : 1;
  const ptrdiff_t b_depth = PANEL * (halves ? sizeof(uint16_t) : sizeof(float));
  const float *a = tile->a;
  const char *b = tile->b;

  vf sum[TILE_ROWS][MOST];
  FULLY_UNROLLED for (int r = 0; r < R; ++r) {
    FULLY_UNROLLED for (int v = 0; v < vectors; ++v) {
      __builtin_prefetch(tile->c + r * tile->c_row_stride + v * UNROLL_WIDTH, 1);
      sum[r][v] = v_set(0);
    }
  }

#define ELEMENT(r, k) v_set(a[(r) * a_row + (k) * a_depth])
#define PLACE(v) (((v) / PANEL_VECTORS) * panel_stride + ((v) % PANEL_VECTORS) * UNROLL_WIDTH)
#define ROW(v, k)                                                            \
  (halves ? v_load_halves((const uint16_t *)(b + (k) * b_depth) + PLACE(v)) \
          : v_load((const float *)(b + (k) * b_depth) + PLACE(v)))
// One depth. Held in registers: whichever is fewer, the elements of A or the vectors of B.
#define STEP(k)                                                                                   \
  if (R < vectors) {                                                                              \
    vf element[TILE_ROWS];                                                                        \
    FULLY_UNROLLED for (int r = 0; r < R; ++r) element[r] = ELEMENT(r, k);                        \
    FULLY_UNROLLED for (int v = 0; v < vectors; ++v) {                                            \
      const vf row = ROW(v, k);                                                                   \
      FULLY_UNROLLED for (int r = 0; r < R; ++r) sum[r][v] = v_fma(element[r], row, sum[r][v]);   \
    }                                                                                             \
  } else {                                                                                        \
    vf row[MOST];                                                                                 \
    FULLY_UNROLLED for (int v = 0; v < vectors; ++v) row[v] = ROW(v, k);                          \
    FULLY_UNROLLED for (int r = 0; r < R; ++r) {                                                  \
      const vf element = ELEMENT(r, k);                                                           \
      FULLY_UNROLLED for (int v = 0; v < vectors; ++v) {                                          \
        sum[r][v] = v_fma(element, row[v], sum[r][v]);                                            \
      }                                                                                           \
    }                                                                                             \
  }
#define FOUR_DEPTHS   \
  {                   \
    STEP(0)           \
    STEP(1)           \
    STEP(2)           \
    STEP(3)           \
    a += 4 * a_depth; \
    b += 4 * b_depth; \
  }
  ptrdiff_t left = tile->depth;
  const float *ahead = tile->ahead;
  if (!ahead) {
    for (; left >= 4; left -= 4) FOUR_DEPTHS
  } else if (tile->ahead_lines == 1) {
    for (; left >= 4; left -= 4, ahead += LINE) {
      __builtin_prefetch(ahead, 0, 2);
      FOUR_DEPTHS
    }
  } else {
    for (; left >= 4; left -= 4, ahead += 2 * LINE) {
      __builtin_prefetch(ahead, 0, 2);
      __builtin_prefetch(ahead + LINE, 0, 2);
      FOUR_DEPTHS
    }
  }
  for (; left > 0; --left) {
    STEP(0)
    a += a_depth;
    b += b_depth;
  }
#undef FOUR_DEPTHS
#undef STEP
#undef ROW
#undef PLACE
#undef ELEMENT

  const enum start start = tile->start;
  const float *const bias = tile->bias;
  float *const c = tile->c;
  const ptrdiff_t c_row = tile->c_row_stride;
#define FINISH(START)                                                                            \
  FULLY_UNROLLED for (int r = 0; r < R; ++r) {                                                   \
    FULLY_UNROLLED for (int v = 0; v < vectors; ++v) {                                           \
      const ptrdiff_t column = v * UNROLL_WIDTH, at = r * c_row + column;                        \
      v_store(c + at, (START) + sum[r][v]);                                                      \
    }                                                                                            \
  }
  switch (start) {
    case START_ZERO:
      FINISH(v_set(0)) break;
    case START_BIAS:
      FINISH(v_load(bias + column)) break;
    case START_OLD:
      FINISH(v_load(c + at)) break;
    case START_OLD_AND_BIAS:
      FINISH(v_load(c + at) + v_load(bias + column)) break;
  }
#undef FINISH
}

typedef void tile_function(const struct tile *);

#define TILE(R, P) \
  static void tile_##R##x##P(const struct tile *tile) { multiply_tile(R, P, false, false, tile); }
#define PACKED_TILE(R, P) \
  static void packed_tile_##R##x##P(const struct tile *tile) { multiply_tile(R, P, true, false, tile); }
#define HALF_TILE(R, P) \
  static void half_tile_##R##x##P(const struct tile *tile) { multiply_tile(R, P, false, true, tile); }

// The tiles by number of rows, for tiles that share panels by the panels too.
// `lone_tiles` and `lone_panels`: for products of a single row tile. With few rows more panels go
// together, since it takes about 10 independent sums to hide the latency of the multiply-add. Halves
// are for few rows, so they have lone tiles only.
TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
PACKED_TILE(1, 1)
PACKED_TILE(2, 1)
PACKED_TILE(3, 1)
HALF_TILE(1, 1)
HALF_TILE(2, 1)
HALF_TILE(3, 1)

#if UNROLL_WIDTH == 4 && !UNROLL_FMA

TILE(1, 2)
HALF_TILE(1, 2)
static tile_function *const one_panel[2][TILE_ROWS + 1] = {
  {NULL, tile_1x1, tile_2x1, tile_3x1},
  {NULL, packed_tile_1x1, packed_tile_2x1, packed_tile_3x1},
};
static tile_function *const lone_tiles[] = {NULL, tile_1x2, tile_2x1, tile_3x1};
static tile_function *const half_tiles[] = {NULL, half_tile_1x2, half_tile_2x1, half_tile_3x1};
static tile_function *const half_one_panel[] = {NULL, half_tile_1x1, half_tile_2x1, half_tile_3x1};
static const int lone_panels[] = {0, 2, 1, 1};

#else

TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
PACKED_TILE(4, 1)
PACKED_TILE(5, 1)
PACKED_TILE(6, 1)
TILE(1, 4)
TILE(2, 2)
HALF_TILE(4, 1)
HALF_TILE(5, 1)
HALF_TILE(6, 1)
HALF_TILE(1, 4)
HALF_TILE(2, 2)

#if UNROLL_WIDTH < 16

static tile_function *const one_panel[2][TILE_ROWS + 1] = {
  {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
  {NULL, packed_tile_1x1, packed_tile_2x1, packed_tile_3x1, packed_tile_4x1, packed_tile_5x1,
   packed_tile_6x1},
};
static tile_function *const lone_tiles[] = {NULL,     tile_1x4, tile_2x2, tile_3x1,
                                            tile_4x1, tile_5x1, tile_6x1};
static tile_function *const half_tiles[] = {NULL,          half_tile_1x4, half_tile_2x2,
                                            half_tile_3x1, half_tile_4x1, half_tile_5x1,
                                            half_tile_6x1};
static tile_function *const half_one_panel[] = {NULL,          half_tile_1x1, half_tile_2x1,
                                                half_tile_3x1, half_tile_4x1, half_tile_5x1,
                                                half_tile_6x1};
static const int lone_panels[] = {0, 4, 2, 1, 1, 1, 1};

#else  // A panel is one vector wide: two go together always.

TILE(7, 1)
TILE(8, 1)
PACKED_TILE(7, 1)
PACKED_TILE(8, 1)
TILE(1, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
TILE(7, 2)
TILE(8, 2)
PACKED_TILE(1, 2)
PACKED_TILE(2, 2)
PACKED_TILE(3, 2)
PACKED_TILE(4, 2)
PACKED_TILE(5, 2)
PACKED_TILE(6, 2)
PACKED_TILE(7, 2)
PACKED_TILE(8, 2)
TILE(1, 3)
TILE(2, 3)
TILE(3, 3)
TILE(4, 3)
TILE(5, 3)
TILE(6, 3)
TILE(7, 3)
TILE(8, 3)
PACKED_TILE(1, 3)
PACKED_TILE(2, 3)
PACKED_TILE(3, 3)
PACKED_TILE(4, 3)
PACKED_TILE(5, 3)
PACKED_TILE(6, 3)
PACKED_TILE(7, 3)
PACKED_TILE(8, 3)
HALF_TILE(7, 1)
HALF_TILE(8, 1)
HALF_TILE(3, 2)
HALF_TILE(4, 2)
HALF_TILE(5, 2)
HALF_TILE(6, 2)
HALF_TILE(7, 2)
HALF_TILE(8, 2)
static tile_function *const one_panel[2][TILE_ROWS + 1] = {
  {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1},
  {NULL, packed_tile_1x1, packed_tile_2x1, packed_tile_3x1, packed_tile_4x1, packed_tile_5x1,
   packed_tile_6x1, packed_tile_7x1, packed_tile_8x1},
};
static tile_function *const two_panels[2][TILE_ROWS + 1] = {
  {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2, tile_8x2},
  {NULL, packed_tile_1x2, packed_tile_2x2, packed_tile_3x2, packed_tile_4x2, packed_tile_5x2,
   packed_tile_6x2, packed_tile_7x2, packed_tile_8x2},
};
static tile_function *const three_panels[2][TILE_ROWS + 1] = {
  {NULL, tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3, tile_7x3, tile_8x3},
  {NULL, packed_tile_1x3, packed_tile_2x3, packed_tile_3x3, packed_tile_4x3, packed_tile_5x3,
   packed_tile_6x3, packed_tile_7x3, packed_tile_8x3},
};
static tile_function *const lone_tiles[] = {NULL,     tile_1x4, tile_2x2, tile_3x2, tile_4x2,
                                            tile_5x2, tile_6x2, tile_7x2, tile_8x2};
static tile_function *const half_tiles[] = {NULL,          half_tile_1x4, half_tile_2x2,
                                            half_tile_3x2, half_tile_4x2, half_tile_5x2,
                                            half_tile_6x2, half_tile_7x2, half_tile_8x2};
static tile_function *const half_one_panel[] = {NULL,          half_tile_1x1, half_tile_2x1,
                                                half_tile_3x1, half_tile_4x1, half_tile_5x1,
                                                half_tile_6x1, half_tile_7x1, half_tile_8x1};
static const int lone_panels[] = {0, 4, 2, 2, 2, 2, 2, 2, 2};

#endif
#endif

/// How many panels the next tiles share, with so many columns left.
UNROLL_INLINE int shared_panels(ptrdiff_t columns) {
  const ptrdiff_t whole = columns / PANEL;
  if (whole < 2 || SHARED_PANELS == 1) return 1;
  // Two and two, not three and a lone one.
  return whole == 2 || whole == 4 ? 2 : SHARED_PANELS;
}

/// The tiles of so many shared panels, by number of rows.
UNROLL_INLINE tile_function *const *shared_tiles(int panels, bool packed) {
#if UNROLL_WIDTH == 16
  if (panels == 3) return three_panels[packed];
  if (panels == 2) return two_panels[packed];
#else
  (void)panels;  // Only wide vectors leave registers for more than one.
#endif
  return one_panel[packed];
}
