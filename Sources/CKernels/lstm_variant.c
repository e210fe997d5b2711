// The LSTM in two halves, on the instruction set in use.
#include "include/lstm_variant.h"

#include "kernel_table.h"

void unroll_lstm_memory_forward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                const float *peepholes, const float *candidate_scale,
                                const float *c_prev, float *c) {
  unroll_kernels()->lstm_variant.memory_forward(rows, hidden, coupled, gates, peepholes, candidate_scale, c_prev, c);
}

void unroll_lstm_memory_backward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                 const float *peepholes, const float *candidate_scale,
                                 const float *c_prev, float *dc) {
  unroll_kernels()->lstm_variant.memory_backward(rows, hidden, coupled, gates, peepholes, candidate_scale, c_prev, dc);
}

void unroll_lstm_output_forward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                const float *peepholes, const float *c, const float *read,
                                float *squashed, float *h) {
  unroll_kernels()->lstm_variant.output_forward(rows, hidden, coupled, gates, peepholes, c, read, squashed, h);
}

void unroll_lstm_output_backward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                 const float *squashed, const float *dh, float *d_read) {
  unroll_kernels()->lstm_variant.output_backward(rows, hidden, coupled, gates, squashed, dh, d_read);
}
