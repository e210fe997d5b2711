// The definitions of random.h, one word at a time.
#include "../include/random.h"

static uint32_t word_at(uint64_t key, uint64_t stream, uint64_t index) {
  const uint64_t block = index / 4;
  uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                   (uint32_t)(stream >> 32)};
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53 * c[0], p1 = (uint64_t)0xCD9E8D57 * c[2];
    c[0] = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
    c[1] = (uint32_t)p1;
    c[2] = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[3] = (uint32_t)p0;
    k0 += 0x9E3779B9;  // the golden ratio
    k1 += 0xBB67AE85;  // √3 - 1
  }
  return c[index % 4];
}

static float uniform_at(uint64_t key, uint64_t stream, uint64_t index) {
  return (float)(word_at(key, stream, index) >> 8) * 0x1p-24f;
}

void unroll_philox_words_reference(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                   uint32_t *out) {
  for (ptrdiff_t i = 0; i < n; ++i) out[i] = word_at(key, stream, first + (uint64_t)i);
}

void unroll_philox_uniform_reference(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                     float *out) {
  for (ptrdiff_t i = 0; i < n; ++i) out[i] = uniform_at(key, stream, first + (uint64_t)i);
}

void unroll_philox_dropout_reference(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                     float keep, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    y[i] = uniform_at(key, stream, first + (uint64_t)i) < keep ? x[i] / keep : 0;
  }
}
