// The arithmetic peak: what the multiply-add units can do with no memory in the way.

// A multiply-add takes 4 or 5 cycles and two start in each, so 10 chains are the least that keep
// both units busy; 12 also fit the 16 registers of AVX2.
enum { PEAK_CHAINS = 12, PEAK_UNROLLED = 8 };

static double peak_multiply_add(long iterations, float *sink) {
  vf chain[PEAK_CHAINS];
  for (int i = 0; i < PEAK_CHAINS; ++i) chain[i] = v_set((float)i + 0.5f);
  // x = x·0.5 + 0.5 tends to 1: neither overflow nor subnormals. (No chain starts at 1, where the
  // compiler would see that nothing changes.)
  const vf half = v_set(0.5f);
  for (long n = 0; n < iterations; ++n) {
#pragma clang loop unroll(full)
    for (int repeat = 0; repeat < PEAK_UNROLLED; ++repeat) {
#pragma clang loop unroll(full)
      for (int i = 0; i < PEAK_CHAINS; ++i) chain[i] = v_fma(chain[i], half, half);
    }
  }
  vf total = v_set(0);
  for (int i = 0; i < PEAK_CHAINS; ++i) total = total + chain[i];
  float sum = 0;
  for (int i = 0; i < UNROLL_WIDTH; ++i) sum += total[i];
  *sink = sum;
  return 2.0 * UNROLL_WIDTH * PEAK_CHAINS * PEAK_UNROLLED * (double)iterations;
}

#define ISA_KERNELS \
  { .peak_multiply_add = peak_multiply_add }
