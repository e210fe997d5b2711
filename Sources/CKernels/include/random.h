/// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011). A number is a function of
/// (key, stream, index) alone, so it does not matter who draws it, or when.
#ifndef UNROLL_RANDOM_H
#define UNROLL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/// The raw words: out[i] for i in [first, first + n), where word index w is lane w % 4 of
/// the block with 128-bit counter (w / 4, stream) under the 64-bit key: counter words are
/// (lo(w/4), hi(w/4), lo(stream), hi(stream)), key words (lo(key), hi(key)).
void unroll_philox_words(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                         uint32_t *out);
/// Uniform floats in [0, 1): (word >> 8) · 2⁻²⁴.
void unroll_philox_uniform(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, float *out);
/// Inverted dropout: y = x / keep where the uniform number of the element's index is below keep,
/// else 0. `first` is the index of x[0]; y may be x. The same call with dy for x is its backward.
void unroll_philox_dropout(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, float keep,
                           const float *x, float *y);

void unroll_philox_words_reference(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                   uint32_t *out);
void unroll_philox_uniform_reference(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                     float *out);
void unroll_philox_dropout_reference(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n,
                                     float keep, const float *x, float *y);

#endif
