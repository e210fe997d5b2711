// The nodes of tree-shaped networks as their equations say.
#include "../include/tree.h"

#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void unroll_tree_lstm_forward_reference(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                                        const float *projections, const float *s, float *gates,
                                        float *forget, float *c, float *tanh_c, float *h) {
  for (ptrdiff_t n = 0; n < nodes->count; ++n) {
    const ptrdiff_t row = nodes->first + n;
    const float *p = projections + nodes->inputs[row] * 4 * hidden;
    float *gate = gates + row * 3 * hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      double share[3] = {0, 0, 0};
      if (s) {
        for (int q = 0; q < 3; ++q) share[q] = s[(n * 3 + q) * hidden + j];
      }
      const double i = sigmoid(p[j] + share[0]);
      const double g = tanh(p[2 * hidden + j] + share[1]);
      const double o = sigmoid(p[3 * hidden + j] + share[2]);
      double cell = i * g;
      for (int32_t e = nodes->child_starts[row]; e < nodes->child_starts[row + 1]; ++e) {
        float *f = forget + nodes->slots[e] * hidden + j;
        *f = (float)sigmoid((double)p[hidden + j] + *f);
        cell += (double)*f * c[nodes->children[e] * hidden + j];
      }
      gate[j] = (float)i;
      gate[hidden + j] = (float)g;
      gate[2 * hidden + j] = (float)o;
      c[row * hidden + j] = (float)cell;
      tanh_c[row * hidden + j] = (float)tanh(cell);
      h[row * hidden + j] = (float)(o * tanh(cell));
    }
  }
}

void unroll_tree_lstm_backward_reference(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                                         float *gates, float *forget, const float *c,
                                         const float *tanh_c, const float *dh, float *dc,
                                         float *forget_sums) {
  for (ptrdiff_t n = 0; n < nodes->count; ++n) {
    const ptrdiff_t row = nodes->first + n;
    float *gate = gates + row * 3 * hidden;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const double i = gate[j], g = gate[hidden + j], o = gate[2 * hidden + j];
      const double squashed = tanh_c[row * hidden + j], d_state = dh[row * hidden + j];
      const double d = dc[row * hidden + j] + d_state * o * (1 - squashed * squashed);
      gate[j] = (float)(d * g * i * (1 - i));
      gate[hidden + j] = (float)(d * i * (1 - g * g));
      gate[2 * hidden + j] = (float)(d_state * squashed * o * (1 - o));
      double sum = 0;
      for (int32_t e = nodes->child_starts[row]; e < nodes->child_starts[row + 1]; ++e) {
        const ptrdiff_t child = nodes->children[e] * hidden + j;
        float *place = forget + nodes->slots[e] * hidden + j;
        const double f = *place, d_forget = d * c[child] * f * (1 - f);
        *place = (float)d_forget;
        sum += d_forget;
        dc[child] = (float)(d * f);
      }
      if (forget_sums) forget_sums[n * hidden + j] = (float)sum;
    }
  }
}

void unroll_tree_tanh_forward_reference(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                                        const float *projections, const float *s, float *h) {
  for (ptrdiff_t n = 0; n < nodes->count; ++n) {
    const ptrdiff_t row = nodes->first + n;
    for (ptrdiff_t j = 0; j < hidden; ++j) {
      const double share = s ? s[n * hidden + j] : 0;
      h[row * hidden + j] = (float)tanh(projections[nodes->inputs[row] * hidden + j] + share);
    }
  }
}

void unroll_sum_rows_at_reference(ptrdiff_t count, const int32_t *rows, ptrdiff_t columns,
                                  const float *x, ptrdiff_t row_stride, float *sums) {
  for (ptrdiff_t j = 0; j < columns; ++j) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; ++i) sum += x[rows[i] * row_stride + j];
    sums[j] = (float)sum;
  }
}
