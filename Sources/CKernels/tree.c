// Nodes of tree-shaped networks, on the instruction set in use.
#include "include/tree.h"

#include "kernel_table.h"

void unroll_tree_lstm_forward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                              const float *projections, const float *s, float *gates,
                              float *forget, float *c, float *tanh_c, float *h) {
  unroll_kernels()->tree.lstm_forward(nodes, hidden, projections, s, gates, forget, c, tanh_c, h);
}

void unroll_tree_lstm_backward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                               float *gates, float *forget, const float *c, const float *tanh_c,
                               const float *dh, float *dc, float *forget_sums) {
  unroll_kernels()->tree.lstm_backward(nodes, hidden, gates, forget, c, tanh_c, dh, dc,
                                       forget_sums);
}

void unroll_tree_tanh_forward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                              const float *projections, const float *s, float *h) {
  unroll_kernels()->tree.tanh_forward(nodes, hidden, projections, s, h);
}

void unroll_sum_rows_at(ptrdiff_t count, const int32_t *rows, ptrdiff_t columns, const float *x,
                        ptrdiff_t row_stride, float *sums) {
  unroll_kernels()->tree.sum_rows_at(count, rows, columns, x, row_stride, sums);
}
