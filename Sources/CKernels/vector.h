/// Vectors of UNROLL_WIDTH floats, the words every kernel body is written in.
///
/// A body is compiled once per instruction set: the including file defines UNROLL_WIDTH (4, 8 or
/// 16) and UNROLL_FMA (whether the instruction set has fused multiply-add), and wraps everything in
/// that target's attribute. All names here are static, so each translation unit has its own.
///
/// A body handles the last n % UNROLL_WIDTH elements with `v_load_partial` and `v_store_partial`
/// and the very same arithmetic in between, so an element's value never depends on its position.
#ifndef UNROLL_VECTOR_H
#define UNROLL_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(UNROLL_WIDTH) || !defined(UNROLL_FMA)
#error "define UNROLL_WIDTH and UNROLL_FMA before including vector.h"
#endif

// The compiler must not fuse a*b+c on its own: what is fused is written as `v_fma`.
#pragma clang fp contract(off)

typedef float vf __attribute__((ext_vector_type(UNROLL_WIDTH)));
typedef int32_t vi __attribute__((ext_vector_type(UNROLL_WIDTH)));
typedef uint32_t vu __attribute__((ext_vector_type(UNROLL_WIDTH)));
typedef double vd __attribute__((ext_vector_type(UNROLL_WIDTH)));

#define UNROLL_INLINE static inline __attribute__((always_inline, unused))

// Memory. No alignment is needed anywhere.

UNROLL_INLINE vf v_load(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}

UNROLL_INLINE void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }

/// As many IEEE 754 halves as floats, exactly. They must be finite.
UNROLL_INLINE vf v_load_halves(const uint16_t *p) {
#if UNROLL_FMA  // Every instruction set here that has the one converts halves too.
  typedef _Float16 vh __attribute__((ext_vector_type(UNROLL_WIDTH)));
  vh v;
  memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, vf);
#else
  typedef uint16_t vs __attribute__((ext_vector_type(UNROLL_WIDTH)));
  vs v;
  memcpy(&v, p, sizeof v);
  const vu bits = __builtin_convertvector(v, vu);
  // The exponent's bias grows from 15 to 127 by a factor of 2^112, which is right for subnormals too.
  const vf magnitude = (vf)((bits & 0x7FFF) << 13) * 0x1p112f;
  return (vf)((vu)magnitude | (bits & 0x8000) << 16);
#endif
}

/// The first `n` (at most UNROLL_WIDTH) elements of p; the other lanes are `fill`.
UNROLL_INLINE vf v_load_partial_or(const float *p, ptrdiff_t n, float fill) {
  float lanes[UNROLL_WIDTH];
  for (ptrdiff_t i = 0; i < UNROLL_WIDTH; ++i) lanes[i] = i < n ? p[i] : fill;
  return v_load(lanes);
}

UNROLL_INLINE vf v_load_partial(const float *p, ptrdiff_t n) {
  return v_load_partial_or(p, n, 0);
}

/// Writes the first `n` lanes only.
UNROLL_INLINE void v_store_partial(float *p, ptrdiff_t n, vf v) {
  float lanes[UNROLL_WIDTH];
  v_store(lanes, v);
  for (ptrdiff_t i = 0; i < n; ++i) p[i] = lanes[i];
}

// Values.

UNROLL_INLINE vf v_set(float x) { return (vf)x; }
UNROLL_INLINE vi v_set_int(int32_t x) { return (vi)x; }

// Arithmetic: + - * / and comparisons are the operators of the type. A comparison gives a `vi`
// mask, all ones where it holds.

/// a·b + c, rounded once where the instruction set has it, twice on the baseline.
UNROLL_INLINE vf v_fma(vf a, vf b, vf c) {
#if UNROLL_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// a where the mask's lane is set, else b.
UNROLL_INLINE vf v_select(vi mask, vf a, vf b) { return mask ? a : b; }
UNROLL_INLINE vi v_select_int(vi mask, vi a, vi b) { return mask ? a : b; }

/// The lesser and the greater; b where either is NaN.
UNROLL_INLINE vf v_min(vf a, vf b) { return a < b ? a : b; }
UNROLL_INLINE vf v_max(vf a, vf b) { return a > b ? a : b; }

UNROLL_INLINE vf v_sqrt(vf a) { return __builtin_elementwise_sqrt(a); }
UNROLL_INLINE vf v_abs(vf a) { return __builtin_elementwise_abs(a); }

// Conversions. `v_bits` and `v_from_bits` reinterpret (as a cast between vector types does), the
// others convert values.

UNROLL_INLINE vi v_bits(vf a) { return (vi)a; }
UNROLL_INLINE vf v_from_bits(vi a) { return (vf)a; }
UNROLL_INLINE vf v_float(vi a) { return __builtin_convertvector(a, vf); }
/// Truncates; the value must fit.
UNROLL_INLINE vi v_int(vf a) { return __builtin_convertvector(a, vi); }
UNROLL_INLINE vd v_double(vf a) { return __builtin_convertvector(a, vd); }

#endif
