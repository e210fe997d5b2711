// eˣ, tanh and σ of vectors: shared by the elementwise, gate and softmax kernels.
//
// All three reduce x = n·ln 2 + r with |r| ≤ ln 2 / 2 and use one polynomial, e^r - 1 = r + r²·q(r)
// with q of degree 4, minimax in relative error (1.5e-8). Working from e^r - 1 rather than e^r is
// what lets tanh keep its relative accuracy near 0.

// Beyond these eˣ is no finite, or no normal, float.
#define EXP_OVERFLOW 88.72283172607421875f
#define EXP_FLUSH -87.33654022216796875f

struct exp_parts {
  vf expm1;    // e^r - 1
  vi shifted;  // n + 127 in the low bits, the exponent field of 2ⁿ
};

UNROLL_INLINE struct exp_parts v_exp_parts(vf x) {
  // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits; the 127 is the bias of a
  // float's exponent.
  const vf magic = v_set(0x1.8p23f + 127);
  const vf shifted = v_fma(x, v_set(0x1.715476p+0f), magic);
  const vf n = shifted - magic;
  // ln 2 = 355/512 - 2.12e-4: n · 355/512 is exact, so no fused multiply-add is needed.
  vf r = v_fma(n, v_set(-0.693359375f), x);
  r = v_fma(n, v_set(2.12194440e-4f), r);
  vf q = v_set(0x1.6d960ep-10f);
  q = v_fma(q, r, v_set(0x1.122602p-7f));
  q = v_fma(q, r, v_set(0x1.55548cp-5f));
  q = v_fma(q, r, v_set(0x1.5554b2p-3f));
  q = v_fma(q, r, v_set(0.5f));
  return (struct exp_parts){.expm1 = v_fma(r * r, q, r), .shifted = v_bits(shifted)};
}

/// eˣ for any x.
UNROLL_INLINE vf v_exp(vf x) {
  const struct exp_parts parts = v_exp_parts(x);
  // 2ⁿ is multiplied in by adding n to the exponent: n may be 128, for which 2ⁿ is no float.
  const vi exponent = (parts.shifted - v_set_int(127)) << 23;
  vf y = v_from_bits(v_bits(parts.expm1 + v_set(1)) + exponent);
  y = v_select(x > v_set(EXP_OVERFLOW), v_set(INFINITY), y);
  y = v_select(x < v_set(EXP_FLUSH), v_set(0), y);
  return v_select(x == x, y, x);
}

/// eˣ for x ≤ 0 (and NaN), the same bits as `v_exp` in fewer instructions.
UNROLL_INLINE vf v_exp_nonpositive(vf x) {
  const vf flush = v_set(EXP_FLUSH);
  const struct exp_parts parts = v_exp_parts(v_max(flush, x));
  const vf y = (parts.expm1 + v_set(1)) * v_from_bits(parts.shifted << 23);
  return v_select(x < flush, v_set(0), y);
}

/// σ(x) = 1/(1+e⁻ˣ) = eˣ/(1+eˣ), whichever has an exponent ≤ 0.
UNROLL_INLINE vf v_sigmoid(vf x) {
  const vf e = v_exp_nonpositive(-v_abs(x));
  return v_select(x < v_set(0), e, v_set(1)) / (v_set(1) + e);
}

/// tanh x = (e²ˣ - 1)/(e²ˣ - 1 + 2), computed for |x|.
UNROLL_INLINE vf v_tanh(vf x) {
  const vf magnitude = v_abs(x);
  // From 2|x| = 20 on the result rounds to 1.
  const struct exp_parts parts = v_exp_parts(v_min(v_set(20), magnitude + magnitude));
  const vf power = v_from_bits(parts.shifted << 23);
  const vf expm1 = v_fma(power, parts.expm1, power - v_set(1));
  const vf y = expm1 / (expm1 + v_set(2));
  return v_from_bits(v_bits(y) | (v_bits(x) & v_set_int(INT32_MIN)));
}
