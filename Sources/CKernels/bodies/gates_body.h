// One time step of the recurrent cells: one pass over the units of each row.

// LSTM. The gates of a row lie H apart: i, f, g, o.

UNROLL_INLINE void lstm_forward_step(ptrdiff_t hidden, float *gates, const float *c_prev, float *c,
                                     float *tanh_c, float *h, ptrdiff_t at, ptrdiff_t left) {
  float *const gate = gates + at;
  const vf i = v_sigmoid(v_load_some(gate, left));
  const vf f = v_sigmoid(v_load_some(gate + hidden, left));
  const vf g = v_tanh(v_load_some(gate + 2 * hidden, left));
  const vf o = v_sigmoid(v_load_some(gate + 3 * hidden, left));
  v_store_some(gate, left, i);
  v_store_some(gate + hidden, left, f);
  v_store_some(gate + 2 * hidden, left, g);
  v_store_some(gate + 3 * hidden, left, o);
  const vf cell = v_fma(f, v_load_some(c_prev + at, left), i * g);
  v_store_some(c + at, left, cell);
  const vf squashed = v_tanh(cell);
  if (tanh_c) v_store_some(tanh_c + at, left, squashed);
  v_store_some(h + at, left, o * squashed);
}

static void gates_lstm_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                               float *c, float *tanh_c, float *h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, lstm_forward_step, hidden, gates, c_prev, c, tanh_c, h);
    gates += 4 * hidden;
    c_prev += hidden;
    c += hidden;
    if (tanh_c) tanh_c += hidden;
    h += hidden;
  }
}

/// a(1-a), the derivative of σ where it is a.
UNROLL_INLINE vf v_sigmoid_slope(vf a) { return a * (v_set(1) - a); }
/// 1 - a², the derivative of tanh where it is a. As a product it keeps its accuracy near |a| = 1.
UNROLL_INLINE vf v_tanh_slope(vf a) { return (v_set(1) - a) * (v_set(1) + a); }

UNROLL_INLINE void lstm_backward_step(ptrdiff_t hidden, float *gates, const float *c_prev,
                                      const float *tanh_c, const float *dh, float *dc, ptrdiff_t at,
                                      ptrdiff_t left) {
  float *const gate = gates + at;
  const vf i = v_load_some(gate, left), f = v_load_some(gate + hidden, left);
  const vf g = v_load_some(gate + 2 * hidden, left), o = v_load_some(gate + 3 * hidden, left);
  const vf squashed = v_load_some(tanh_c + at, left), d_state = v_load_some(dh + at, left);
  const vf d_cell = v_fma(d_state * o, v_tanh_slope(squashed), v_load_some(dc + at, left));
  v_store_some(gate, left, d_cell * g * v_sigmoid_slope(i));
  v_store_some(gate + hidden, left, d_cell * v_load_some(c_prev + at, left) * v_sigmoid_slope(f));
  v_store_some(gate + 2 * hidden, left, d_cell * i * v_tanh_slope(g));
  v_store_some(gate + 3 * hidden, left, d_state * squashed * v_sigmoid_slope(o));
  v_store_some(dc + at, left, d_cell * f);
}

static void gates_lstm_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                                const float *tanh_c, const float *dh, float *dc) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, lstm_backward_step, hidden, gates, c_prev, tanh_c, dh, dc);
    gates += 4 * hidden;
    c_prev += hidden;
    tanh_c += hidden;
    dh += hidden;
    dc += hidden;
  }
}

// GRU. The gates of a row lie H apart: r, z, n.

/// (1-z) ⊙ n + z ⊙ h.
UNROLL_INLINE vf v_interpolate(vf z, vf n, vf h) { return v_fma(z, h, (v_set(1) - z) * n); }

UNROLL_INLINE void gru_forward_step(ptrdiff_t hidden, float *gx, const float *gh,
                                    const float *h_prev, float *h, ptrdiff_t at, ptrdiff_t left) {
  float *const gate = gx + at;
  const float *const state_gate = gh + at;
  const vf r = v_sigmoid(v_load_some(gate, left) + v_load_some(state_gate, left));
  const vf z = v_sigmoid(v_load_some(gate + hidden, left) + v_load_some(state_gate + hidden, left));
  const vf n = v_tanh(
      v_fma(r, v_load_some(state_gate + 2 * hidden, left), v_load_some(gate + 2 * hidden, left)));
  v_store_some(gate, left, r);
  v_store_some(gate + hidden, left, z);
  v_store_some(gate + 2 * hidden, left, n);
  v_store_some(h + at, left, v_interpolate(z, n, v_load_some(h_prev + at, left)));
}

static void gates_gru_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gx, const float *gh,
                              const float *h_prev, float *h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, gru_forward_step, hidden, gx, gh, h_prev, h);
    gx += 3 * hidden;
    gh += 3 * hidden;
    h_prev += hidden;
    h += hidden;
  }
}

UNROLL_INLINE void gru_backward_step(ptrdiff_t hidden, float *gates, float *gh, const float *h_prev,
                                     float *dh, ptrdiff_t at, ptrdiff_t left) {
  float *const gate = gates + at;
  float *const state_gate = gh + at;
  const vf r = v_load_some(gate, left), z = v_load_some(gate + hidden, left);
  const vf n = v_load_some(gate + 2 * hidden, left), d = v_load_some(dh + at, left);
  const vf d_candidate = d * (v_set(1) - z) * v_tanh_slope(n);
  const vf d_reset = d_candidate * v_load_some(state_gate + 2 * hidden, left) * v_sigmoid_slope(r);
  const vf d_update = d * (v_load_some(h_prev + at, left) - n) * v_sigmoid_slope(z);
  v_store_some(gate, left, d_reset);
  v_store_some(gate + hidden, left, d_update);
  v_store_some(gate + 2 * hidden, left, d_candidate);
  v_store_some(state_gate, left, d_reset);
  v_store_some(state_gate + hidden, left, d_update);
  v_store_some(state_gate + 2 * hidden, left, d_candidate * r);
  v_store_some(dh + at, left, d * z);
}

static void gates_gru_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, float *gh,
                               const float *h_prev, float *dh) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, gru_backward_step, hidden, gates, gh, h_prev, dh);
    gates += 3 * hidden;
    gh += 3 * hidden;
    h_prev += hidden;
    dh += hidden;
  }
}

// GRU with the reset before the product: two halves, a product between them.

UNROLL_INLINE void gru_reset_forward_step(ptrdiff_t hidden, float *gates, const float *gh_rz,
                                          const float *h_prev, float *reset_h, ptrdiff_t at,
                                          ptrdiff_t left) {
  float *const gate = gates + at;
  const float *const state_gate = gh_rz + at;
  const vf r = v_sigmoid(v_load_some(gate, left) + v_load_some(state_gate, left));
  const vf z = v_sigmoid(v_load_some(gate + hidden, left) + v_load_some(state_gate + hidden, left));
  v_store_some(gate, left, r);
  v_store_some(gate + hidden, left, z);
  v_store_some(reset_h + at, left, r * v_load_some(h_prev + at, left));
}

static void gates_gru_reset_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                    const float *gh_rz, const float *h_prev, float *reset_h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, gru_reset_forward_step, hidden, gates, gh_rz, h_prev, reset_h);
    gates += 3 * hidden;
    gh_rz += 2 * hidden;
    h_prev += hidden;
    reset_h += hidden;
  }
}

UNROLL_INLINE void gru_candidate_forward_step(ptrdiff_t hidden, float *gates, const float *gh_n,
                                              const float *h_prev, float *h, ptrdiff_t at,
                                              ptrdiff_t left) {
  float *const candidate = gates + 2 * hidden + at;
  const vf z = v_load_some(gates + hidden + at, left);
  const vf n = v_tanh(v_load_some(candidate, left) + v_load_some(gh_n + at, left));
  v_store_some(candidate, left, n);
  v_store_some(h + at, left, v_interpolate(z, n, v_load_some(h_prev + at, left)));
}

static void gates_gru_candidate_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                        const float *gh_n, const float *h_prev, float *h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, gru_candidate_forward_step, hidden, gates, gh_n, h_prev, h);
    gates += 3 * hidden;
    gh_n += hidden;
    h_prev += hidden;
    h += hidden;
  }
}

UNROLL_INLINE void gru_candidate_backward_step(ptrdiff_t hidden, float *gates, const float *h_prev,
                                               float *dh, ptrdiff_t at, ptrdiff_t left) {
  float *const update = gates + hidden + at;
  float *const candidate = update + hidden;
  const vf z = v_load_some(update, left), n = v_load_some(candidate, left);
  const vf d = v_load_some(dh + at, left);
  v_store_some(update, left, d * (v_load_some(h_prev + at, left) - n) * v_sigmoid_slope(z));
  v_store_some(candidate, left, d * (v_set(1) - z) * v_tanh_slope(n));
  v_store_some(dh + at, left, d * z);
}

static void gates_gru_candidate_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                         const float *h_prev, float *dh) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, gru_candidate_backward_step, hidden, gates, h_prev, dh);
    gates += 3 * hidden;
    h_prev += hidden;
    dh += hidden;
  }
}

UNROLL_INLINE void gru_reset_backward_step(float *gates, const float *d_reset_h,
                                           const float *h_prev, float *dh, ptrdiff_t at,
                                           ptrdiff_t left) {
  const vf r = v_load_some(gates + at, left), d = v_load_some(d_reset_h + at, left);
  const vf d_reset = d * v_load_some(h_prev + at, left) * v_sigmoid_slope(r);
  v_store_some(gates + at, left, d_reset);
  v_store_some(dh + at, left, v_fma(d, r, v_load_some(dh + at, left)));
}

static void gates_gru_reset_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                     const float *d_reset_h, const float *h_prev, float *dh) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    FOR_EACH_VECTOR(hidden, gru_reset_backward_step, gates, d_reset_h, h_prev, dh);
    gates += 3 * hidden;
    d_reset_h += hidden;
    h_prev += hidden;
    dh += hidden;
  }
}

// Elman RNN: rows and units are one long vector. Forward is elementwise tanh and relu.

static void gates_rnn_tanh_forward(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h) {
  elementwise_tanh(rows * hidden, pre, h);
}

static void gates_rnn_relu_forward(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h) {
  elementwise_relu(rows * hidden, pre, h);
}

UNROLL_INLINE void rnn_tanh_backward_step(const float *h, const float *dh, float *dpre,
                                          ptrdiff_t at, ptrdiff_t left) {
  const vf slope = v_tanh_slope(v_load_some(h + at, left));
  v_store_some(dpre + at, left, v_load_some(dh + at, left) * slope);
}

static void gates_rnn_tanh_backward(ptrdiff_t rows, ptrdiff_t hidden, const float *h,
                                    const float *dh, float *dpre) {
  FOR_EACH_VECTOR(rows * hidden, rnn_tanh_backward_step, h, dh, dpre);
}

UNROLL_INLINE void rnn_relu_backward_step(const float *h, const float *dh, float *dpre,
                                          ptrdiff_t at, ptrdiff_t left) {
  const vi active = v_load_some(h + at, left) > v_set(0);
  v_store_some(dpre + at, left, v_select(active, v_load_some(dh + at, left), v_set(0)));
}

static void gates_rnn_relu_backward(ptrdiff_t rows, ptrdiff_t hidden, const float *h,
                                    const float *dh, float *dpre) {
  FOR_EACH_VECTOR(rows * hidden, rnn_relu_backward_step, h, dh, dpre);
}

#define GATES_KERNELS                                                                           \
  {                                                                                             \
    .lstm_forward = gates_lstm_forward, .lstm_backward = gates_lstm_backward,                   \
    .gru_forward = gates_gru_forward, .gru_backward = gates_gru_backward,                       \
    .gru_reset_forward = gates_gru_reset_forward,                                               \
    .gru_candidate_forward = gates_gru_candidate_forward,                                       \
    .gru_candidate_backward = gates_gru_candidate_backward,                                     \
    .gru_reset_backward = gates_gru_reset_backward, .rnn_tanh_forward = gates_rnn_tanh_forward, \
    .rnn_relu_forward = gates_rnn_relu_forward, .rnn_tanh_backward = gates_rnn_tanh_backward,   \
    .rnn_relu_backward = gates_rnn_relu_backward,                                               \
  }
