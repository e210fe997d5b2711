// The definitions of gates.h: the equations, one unit at a time, in double.
#include <math.h>

#include "../include/gates.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void unroll_lstm_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                   const float *c_prev, float *c, float *tanh_c, float *h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *i = gates + row * 4 * hidden, *f = i + hidden, *g = f + hidden, *o = g + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      i[j] = (float)sigmoid(i[j]);
      f[j] = (float)sigmoid(f[j]);
      g[j] = (float)tanh(g[j]);
      o[j] = (float)sigmoid(o[j]);
      c[at] = (float)((double)f[j] * c_prev[at] + (double)i[j] * g[j]);
      const double squashed = tanh(c[at]);
      if (tanh_c) tanh_c[at] = (float)squashed;
      h[at] = (float)(o[j] * squashed);
    }
  }
}

void unroll_lstm_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                    const float *c_prev, const float *tanh_c, const float *dh,
                                    float *dc) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *di = gates + row * 4 * hidden, *df = di + hidden, *dg = df + hidden, *d_o = dg + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      const double i = di[j], f = df[j], g = dg[j], o = d_o[j], t = tanh_c[at];
      const double d_cell = dc[at] + dh[at] * o * (1 - t * t);
      d_o[j] = (float)(dh[at] * t * o * (1 - o));
      di[j] = (float)(d_cell * g * i * (1 - i));
      df[j] = (float)(d_cell * c_prev[at] * f * (1 - f));
      dg[j] = (float)(d_cell * i * (1 - g * g));
      dc[at] = (float)(d_cell * f);
    }
  }
}

void unroll_gru_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gx, const float *gh,
                                  const float *h_prev, float *h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *r = gx + row * 3 * hidden, *z = r + hidden, *n = z + hidden;
    const float *gh_r = gh + row * 3 * hidden, *gh_z = gh_r + hidden, *gh_n = gh_z + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      r[j] = (float)sigmoid((double)r[j] + gh_r[j]);
      z[j] = (float)sigmoid((double)z[j] + gh_z[j]);
      n[j] = (float)tanh((double)n[j] + (double)r[j] * gh_n[j]);
      h[at] = (float)((1 - (double)z[j]) * n[j] + (double)z[j] * h_prev[at]);
    }
  }
}

void unroll_gru_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates, float *gh,
                                   const float *h_prev, float *dh) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *dr = gates + row * 3 * hidden, *dz = dr + hidden, *dn = dz + hidden;
    float *dgh_r = gh + row * 3 * hidden, *dgh_z = dgh_r + hidden, *dgh_n = dgh_z + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      const double r = dr[j], z = dz[j], n = dn[j], d = dh[at];
      const double d_candidate = d * (1 - z) * (1 - n * n);
      const double d_reset = d_candidate * dgh_n[j] * r * (1 - r);
      const double d_update = d * (h_prev[at] - n) * z * (1 - z);
      dr[j] = dgh_r[j] = (float)d_reset;
      dz[j] = dgh_z[j] = (float)d_update;
      dn[j] = (float)d_candidate;
      dgh_n[j] = (float)(d_candidate * r);
      dh[at] = (float)(d * z);
    }
  }
}

void unroll_gru_reset_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                        const float *gh_rz, const float *h_prev, float *reset_h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *r = gates + row * 3 * hidden, *z = r + hidden;
    const float *gh_r = gh_rz + row * 2 * hidden, *gh_z = gh_r + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      r[j] = (float)sigmoid((double)r[j] + gh_r[j]);
      z[j] = (float)sigmoid((double)z[j] + gh_z[j]);
      reset_h[at] = r[j] * h_prev[at];
    }
  }
}

void unroll_gru_candidate_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                            const float *gh_n, const float *h_prev, float *h) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *z = gates + row * 3 * hidden + hidden, *n = z + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      n[j] = (float)tanh((double)n[j] + gh_n[at]);
      h[at] = (float)((1 - (double)z[j]) * n[j] + (double)z[j] * h_prev[at]);
    }
  }
}

void unroll_gru_candidate_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                             const float *h_prev, float *dh) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *dz = gates + row * 3 * hidden + hidden, *dn = dz + hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      const double z = dz[j], n = dn[j], d = dh[at];
      dz[j] = (float)(d * (h_prev[at] - n) * z * (1 - z));
      dn[j] = (float)(d * (1 - z) * (1 - n * n));
      dh[at] = (float)(d * z);
    }
  }
}

void unroll_gru_reset_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                         const float *d_reset_h, const float *h_prev, float *dh) {
  for (ptrdiff_t row = 0; row < rows; ++row) {
    float *dr = gates + row * 3 * hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const ptrdiff_t at = row * hidden + j;
      const double r = dr[j], d = d_reset_h[at];
      dr[j] = (float)(d * h_prev[at] * r * (1 - r));
      dh[at] = (float)(dh[at] + d * r);
    }
  }
}

void unroll_rnn_tanh_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *pre,
                                       float *h) {
  for (ptrdiff_t i = 0; i < rows * hidden; ++i) h[i] = (float)tanh(pre[i]);
}

void unroll_rnn_relu_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *pre,
                                       float *h) {
  for (ptrdiff_t i = 0; i < rows * hidden; ++i) h[i] = pre[i] < 0 ? 0 : pre[i];
}

void unroll_rnn_tanh_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *h,
                                        const float *dh, float *dpre) {
  for (ptrdiff_t i = 0; i < rows * hidden; ++i) {
    dpre[i] = (float)(dh[i] * (1 - (double)h[i] * h[i]));
  }
}

void unroll_rnn_relu_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *h,
                                        const float *dh, float *dpre) {
  for (ptrdiff_t i = 0; i < rows * hidden; ++i) dpre[i] = h[i] > 0 ? dh[i] : 0;
}
