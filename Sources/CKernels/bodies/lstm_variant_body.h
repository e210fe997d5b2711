// The LSTM in two halves, with its options: the memory, then what is read from it. Between them the
// memory may be normalised. The gates of a row lie H apart: i, f, g, o, or f, g, o where the input
// gate is 1 - f.

/// Where the blocks of a row begin.
struct lstm_blocks {
  ptrdiff_t input, forget, candidate, output, width;
};

UNROLL_INLINE struct lstm_blocks lstm_blocks_of(ptrdiff_t hidden, bool coupled) {
  const ptrdiff_t first = coupled ? 0 : hidden;
  return (struct lstm_blocks){0, first, first + hidden, first + 2 * hidden, first + 3 * hidden};
}

UNROLL_INLINE void lstm_memory_forward_step(struct lstm_blocks block, bool coupled, float *gates,
                                            const float *peepholes, const float *scale,
                                            const float *c_prev, float *c, ptrdiff_t at,
                                            ptrdiff_t left) {
  float *const gate = gates + at;
  const vf memory = v_load_some(c_prev + at, left);
  vf f = v_load_some(gate + block.forget, left);
  if (peepholes) f = v_fma(v_load_some(peepholes + block.forget + at, left), memory, f);
  f = v_sigmoid(f);
  const vf g = v_tanh(v_load_some(gate + block.candidate, left));
  v_store_some(gate + block.forget, left, f);
  v_store_some(gate + block.candidate, left, g);
  vf i = v_set(1) - f;
  if (!coupled) {
    i = v_load_some(gate, left);
    if (peepholes) i = v_fma(v_load_some(peepholes + at, left), memory, i);
    i = v_sigmoid(i);
    v_store_some(gate, left, i);
  }
  const vf kept = scale ? g * v_load_some(scale + at, left) : g;
  v_store_some(c + at, left, v_fma(f, memory, i * kept));
}

static void gates_lstm_memory_forward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                      const float *peepholes, const float *scale,
                                      const float *c_prev, float *c) {
  const struct lstm_blocks block = lstm_blocks_of(hidden, coupled);
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, lstm_memory_forward_step, block, coupled, gates, peepholes, scale,
                    c_prev, c);
    gates += block.width;
    if (scale) scale += hidden;
    c_prev += hidden;
    c += hidden;
  }
}

UNROLL_INLINE void lstm_memory_backward_step(struct lstm_blocks block, bool coupled, float *gates,
                                             const float *peepholes, const float *scale,
                                             const float *c_prev, float *dc, ptrdiff_t at,
                                             ptrdiff_t left) {
  float *const gate = gates + at;
  const vf memory = v_load_some(c_prev + at, left);
  const vf f = v_load_some(gate + block.forget, left);
  const vf g = v_load_some(gate + block.candidate, left);
  const vf i = coupled ? v_set(1) - f : v_load_some(gate, left);
  const vf m = scale ? v_load_some(scale + at, left) : v_set(1);
  vf d = v_load_some(dc + at, left);
  if (peepholes) {
    d = v_fma(v_load_some(gate + block.output, left),
              v_load_some(peepholes + block.output + at, left), d);
  }
  const vf d_forget =
      (coupled ? d * (memory - g * m) : d * memory) * v_sigmoid_slope(f);
  v_store_some(gate + block.forget, left, d_forget);
  v_store_some(gate + block.candidate, left, d * i * m * v_tanh_slope(g));
  vf d_prev = d * f;
  if (peepholes) d_prev = v_fma(d_forget, v_load_some(peepholes + block.forget + at, left), d_prev);
  if (!coupled) {
    const vf d_input = d * g * m * v_sigmoid_slope(i);
    v_store_some(gate, left, d_input);
    if (peepholes) d_prev = v_fma(d_input, v_load_some(peepholes + at, left), d_prev);
  }
  v_store_some(dc + at, left, d_prev);
}

static void gates_lstm_memory_backward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                       const float *peepholes, const float *scale,
                                       const float *c_prev, float *dc) {
  const struct lstm_blocks block = lstm_blocks_of(hidden, coupled);
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, lstm_memory_backward_step, block, coupled, gates, peepholes, scale,
                    c_prev, dc);
    gates += block.width;
    if (scale) scale += hidden;
    c_prev += hidden;
    dc += hidden;
  }
}

UNROLL_INLINE void lstm_output_forward_step(struct lstm_blocks block, float *gates,
                                            const float *peepholes, const float *c,
                                            const float *read, float *squashed, float *h,
                                            ptrdiff_t at, ptrdiff_t left) {
  float *const gate = gates + block.output + at;
  vf o = v_load_some(gate, left);
  if (peepholes) {
    o = v_fma(v_load_some(peepholes + block.output + at, left), v_load_some(c + at, left), o);
  }
  o = v_sigmoid(o);
  v_store_some(gate, left, o);
  const vf s = v_tanh(v_load_some(read + at, left));
  v_store_some(squashed + at, left, s);
  v_store_some(h + at, left, o * s);
}

static void gates_lstm_output_forward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                      const float *peepholes, const float *c, const float *read,
                                      float *squashed, float *h) {
  const struct lstm_blocks block = lstm_blocks_of(hidden, coupled);
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, lstm_output_forward_step, block, gates, peepholes, c, read, squashed,
                    h);
    gates += block.width;
    c += hidden;
    read += hidden;
    squashed += hidden;
    h += hidden;
  }
}

UNROLL_INLINE void lstm_output_backward_step(struct lstm_blocks block, float *gates,
                                             const float *squashed, const float *dh, float *d_read,
                                             ptrdiff_t at, ptrdiff_t left) {
  float *const gate = gates + block.output + at;
  const vf o = v_load_some(gate, left), s = v_load_some(squashed + at, left);
  const vf d = v_load_some(dh + at, left);
  v_store_some(gate, left, d * s * v_sigmoid_slope(o));
  v_store_some(d_read + at, left, d * o * v_tanh_slope(s));
}

static void gates_lstm_output_backward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                       const float *squashed, const float *dh, float *d_read) {
  const struct lstm_blocks block = lstm_blocks_of(hidden, coupled);
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, lstm_output_backward_step, block, gates, squashed, dh, d_read);
    gates += block.width;
    squashed += hidden;
    dh += hidden;
    d_read += hidden;
  }
}

#define LSTM_VARIANT_KERNELS                                                                  \
  {                                                                                           \
    .memory_forward = gates_lstm_memory_forward, .memory_backward = gates_lstm_memory_backward, \
    .output_forward = gates_lstm_output_forward, .output_backward = gates_lstm_output_backward, \
  }
