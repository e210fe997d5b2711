// The LSTM in two halves, plainly, in double.
#include "../include/lstm_variant.h"

#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void unroll_lstm_memory_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled,
                                          float *gates, const float *peepholes,
                                          const float *candidate_scale, const float *c_prev,
                                          float *c) {
  const ptrdiff_t forget = coupled ? 0 : hidden, width = forget + 3 * hidden;
  for (ptrdiff_t row = 0; row < rows; ++row) {
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      float *const gate = gates + row * width + j;
      const ptrdiff_t at = row * hidden + j;
      const double memory = c_prev[at];
      const double p_i = peepholes ? peepholes[j] : 0, p_f = peepholes ? peepholes[forget + j] : 0;
      const double f = sigmoid(gate[forget] + p_f * memory);
      const double g = tanh(gate[forget + hidden]);
      const double i = coupled ? 1 - f : sigmoid(gate[0] + p_i * memory);
      gate[forget] = (float)f;
      gate[forget + hidden] = (float)g;
      if (!coupled) gate[0] = (float)i;
      c[at] = (float)(f * memory + i * g * (candidate_scale ? candidate_scale[at] : 1));
    }
  }
}

void unroll_lstm_memory_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled,
                                           float *gates, const float *peepholes,
                                           const float *candidate_scale, const float *c_prev,
                                           float *dc) {
  const ptrdiff_t forget = coupled ? 0 : hidden, width = forget + 3 * hidden;
  for (ptrdiff_t row = 0; row < rows; ++row) {
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      float *const gate = gates + row * width + j;
      const ptrdiff_t at = row * hidden + j;
      const double p_i = peepholes ? peepholes[j] : 0, p_f = peepholes ? peepholes[forget + j] : 0;
      const double p_o = peepholes ? peepholes[forget + 2 * hidden + j] : 0;
      const double scale = candidate_scale ? candidate_scale[at] : 1, memory = c_prev[at];
      const double f = gate[forget], g = gate[forget + hidden], i = coupled ? 1 - f : gate[0];
      const double d = dc[at] + gate[forget + 2 * hidden] * p_o;
      const double d_i = d * g * scale;
      const double d_f = (d * memory - (coupled ? d_i : 0)) * f * (1 - f);
      const double d_input = coupled ? 0 : d_i * i * (1 - i);
      gate[forget] = (float)d_f;
      gate[forget + hidden] = (float)(d * i * scale * (1 - g * g));
      if (!coupled) gate[0] = (float)d_input;
      dc[at] = (float)(d * f + d_f * p_f + d_input * p_i);
    }
  }
}

void unroll_lstm_output_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled,
                                          float *gates, const float *peepholes, const float *c,
                                          const float *read, float *squashed, float *h) {
  const ptrdiff_t output = (coupled ? 2 : 3) * hidden, width = output + hidden;
  for (ptrdiff_t row = 0; row < rows; ++row) {
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      float *const gate = gates + row * width + output + j;
      const ptrdiff_t at = row * hidden + j;
      const double o = sigmoid(*gate + (peepholes ? peepholes[output + j] : 0.0) * c[at]);
      const double s = tanh(read[at]);
      *gate = (float)o;
      squashed[at] = (float)s;
      h[at] = (float)(o * s);
    }
  }
}

void unroll_lstm_output_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled,
                                           float *gates, const float *squashed, const float *dh,
                                           float *d_read) {
  const ptrdiff_t output = (coupled ? 2 : 3) * hidden, width = output + hidden;
  for (ptrdiff_t row = 0; row < rows; ++row) {
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      float *const gate = gates + row * width + output + j;
      const ptrdiff_t at = row * hidden + j;
      const double o = *gate, s = squashed[at];
      *gate = (float)(dh[at] * s * o * (1 - o));
      d_read[at] = (float)(dh[at] * o * (1 - s * s));
    }
  }
}
