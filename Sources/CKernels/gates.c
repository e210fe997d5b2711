// Gate functions, on the instruction set in use.
#include "include/gates.h"

#include "kernel_table.h"

void unroll_lstm_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                         float *c, float *tanh_c, float *h) {
  unroll_kernels()->gates.lstm_forward(rows, hidden, gates, c_prev, c, tanh_c, h);
}

void unroll_lstm_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                          const float *tanh_c, const float *dh, float *dc) {
  unroll_kernels()->gates.lstm_backward(rows, hidden, gates, c_prev, tanh_c, dh, dc);
}

void unroll_gru_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gx, const float *gh,
                        const float *h_prev, float *h) {
  unroll_kernels()->gates.gru_forward(rows, hidden, gx, gh, h_prev, h);
}

void unroll_gru_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, float *gh,
                         const float *h_prev, float *dh) {
  unroll_kernels()->gates.gru_backward(rows, hidden, gates, gh, h_prev, dh);
}

void unroll_gru_reset_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *gh_rz,
                              const float *h_prev, float *reset_h) {
  unroll_kernels()->gates.gru_reset_forward(rows, hidden, gates, gh_rz, h_prev, reset_h);
}

void unroll_gru_candidate_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *gh_n,
                                  const float *h_prev, float *h) {
  unroll_kernels()->gates.gru_candidate_forward(rows, hidden, gates, gh_n, h_prev, h);
}

void unroll_gru_candidate_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                   const float *h_prev, float *dh) {
  unroll_kernels()->gates.gru_candidate_backward(rows, hidden, gates, h_prev, dh);
}

void unroll_gru_reset_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                               const float *d_reset_h, const float *h_prev, float *dh) {
  unroll_kernels()->gates.gru_reset_backward(rows, hidden, gates, d_reset_h, h_prev, dh);
}

void unroll_rnn_tanh_forward(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h) {
  unroll_kernels()->gates.rnn_tanh_forward(rows, hidden, pre, h);
}

void unroll_rnn_relu_forward(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h) {
  unroll_kernels()->gates.rnn_relu_forward(rows, hidden, pre, h);
}

void unroll_rnn_tanh_backward(ptrdiff_t rows, ptrdiff_t hidden, const float *h, const float *dh,
                              float *dpre) {
  unroll_kernels()->gates.rnn_tanh_backward(rows, hidden, h, dh, dpre);
}

void unroll_rnn_relu_backward(ptrdiff_t rows, ptrdiff_t hidden, const float *h, const float *dh,
                              float *dpre) {
  unroll_kernels()->gates.rnn_relu_backward(rows, hidden, h, dh, dpre);
}
