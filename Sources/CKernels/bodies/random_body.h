// Philox4x32-10, eight blocks at once: lane b of `c[w]` is word w of block b's counter. A word sits
// in the low half of 64 bits, where the widening multiplication wants it; the high half is garbage.

typedef uint64_t philox_vector __attribute__((ext_vector_type(8)));

enum { PHILOX_CHUNK = 32 };  // words of eight blocks

#define PHILOX_LOW(v) ((v)&0xFFFFFFFF)

/// The 32 words of blocks block, …, block + 7, in order.
UNROLL_INLINE void philox_chunk(uint64_t key, uint64_t stream, uint64_t block, uint32_t *words) {
  const philox_vector index = block + (philox_vector){0, 1, 2, 3, 4, 5, 6, 7};
  philox_vector c0 = index, c1 = index >> 32;
  philox_vector c2 = (philox_vector)stream, c3 = (philox_vector)(stream >> 32);
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; ++round) {
    const philox_vector p0 = PHILOX_LOW(c0) * 0xD2511F53, p1 = PHILOX_LOW(c2) * 0xCD9E8D57;
    c0 = (p1 >> 32) ^ c1 ^ (uint64_t)k0;
    c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ (uint64_t)k1;
    c3 = p0;
    k0 += 0x9E3779B9;  // the golden ratio
    k1 += 0xBB67AE85;  // √3 - 1
  }
  const philox_vector first_two = PHILOX_LOW(c0) | c1 << 32;
  const philox_vector last_two = PHILOX_LOW(c2) | c3 << 32;
  const philox_vector low = __builtin_shufflevector(first_two, last_two, 0, 8, 1, 9, 2, 10, 3, 11);
  const philox_vector high =
      __builtin_shufflevector(first_two, last_two, 4, 12, 5, 13, 6, 14, 7, 15);
  memcpy(words, &low, sizeof low);
  memcpy(words + PHILOX_CHUNK / 2, &high, sizeof high);
}

#undef PHILOX_LOW

/// Uniform floats in [0, 1) from the upper 24 bits of words.
UNROLL_INLINE vf v_uniform(const uint32_t *words) {
  vu v;
  memcpy(&v, words, sizeof v);
  return v_float((vi)(v >> 8)) * v_set(0x1p-24f);
}

/// Calls `step(..., words, at, left)` for the numbers at, at + 1, … of n in vectors; `words` points
/// at the first one's word, and UNROLL_WIDTH words may be read from there.
#define FOR_EACH_RANDOM_VECTOR(n, step, ...)                                       \
  do {                                                                             \
    /* Room for a vector that starts at the last word. */                          \
    uint32_t words[PHILOX_CHUNK + UNROLL_WIDTH] = {0};                             \
    ptrdiff_t at = 0;                                                              \
    while (at < (n)) {                                                             \
      const uint64_t index = first + (uint64_t)at;                                 \
      philox_chunk(key, stream, index / 4, words);                                 \
      const ptrdiff_t skipped = (ptrdiff_t)(index % 4);                            \
      if (skipped == 0 && (n)-at >= PHILOX_CHUNK) {                                \
        _Pragma("clang loop unroll(full)") for (ptrdiff_t i = 0; i < PHILOX_CHUNK; \
                                                i += UNROLL_WIDTH) {               \
          step(__VA_ARGS__, words + i, at + i, UNROLL_WIDTH);                      \
        }                                                                          \
        at += PHILOX_CHUNK;                                                        \
      } else {                                                                     \
        const ptrdiff_t available = PHILOX_CHUNK - skipped;                        \
        const ptrdiff_t count = (n)-at < available ? (n)-at : available;           \
        for (ptrdiff_t i = 0; i < count; i += UNROLL_WIDTH) {                      \
          step(__VA_ARGS__, words + skipped + i, at + i, count - i);               \
        }                                                                          \
        at += count;                                                               \
      }                                                                            \
    }                                                                              \
  } while (0)

UNROLL_INLINE void words_step(uint32_t *out, const uint32_t *words, ptrdiff_t at, ptrdiff_t left) {
  const ptrdiff_t count = left < UNROLL_WIDTH ? left : UNROLL_WIDTH;
  memcpy(out + at, words, (size_t)count * sizeof *out);
}

static void random_philox_words(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                uint32_t *out) {
  FOR_EACH_RANDOM_VECTOR(n, words_step, out);
}

UNROLL_INLINE void uniform_step(float *out, const uint32_t *words, ptrdiff_t at, ptrdiff_t left) {
  v_store_some(out + at, left, v_uniform(words));
}

static void random_philox_uniform(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                  float *out) {
  FOR_EACH_RANDOM_VECTOR(n, uniform_step, out);
}

UNROLL_INLINE void dropout_step(float keep, const float *x, float *y, const uint32_t *words,
                                ptrdiff_t at, ptrdiff_t left) {
  const vf kept = v_load_some(x + at, left) / v_set(keep);
  v_store_some(y + at, left, v_select(v_uniform(words) < v_set(keep), kept, v_set(0)));
}

static void random_philox_dropout(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                  float keep, const float *x, float *y) {
  FOR_EACH_RANDOM_VECTOR(n, dropout_step, keep, x, y);
}

#define RANDOM_KERNELS                                                            \
  {                                                                               \
    .philox_words = random_philox_words, .philox_uniform = random_philox_uniform, \
    .philox_dropout = random_philox_dropout,                                      \
  }
