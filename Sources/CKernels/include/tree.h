/// Nodes of tree-shaped networks: all those of one level of a forest at once, forward and backward.
///
/// A forest is N nodes, each a row of matrices [N, ...]: h, c, tanh_c [N, H] and gates [N, 3H] in the order
/// i, g, o. Below, r is a node that is worked off and k one of its children, which are rows of the same
/// matrices. Forget gates belong to edges: that of edge e is row slots[e] of `forget` [slots, H].
/// Projections [D, 4H] are W·x + b in the order i, f, g, o, of D inputs that several nodes may share.
/// No two arguments may alias unless a line says so.
#ifndef UNROLL_TREE_H
#define UNROLL_TREE_H

#include <stddef.h>
#include <stdint.h>

/// The nodes that a kernel works off, and what they are joined to.
struct unroll_tree_nodes {
  ptrdiff_t first, count;       // rows first, ... first + count - 1
  const int32_t *inputs;        // [N]: the row of the projections that a node reads
  const int32_t *child_starts;  // [N + 1]: the edges of node r are child_starts[r] up to child_starts[r + 1]
  const int32_t *children;      // [edges]: the child's row
  const int32_t *slots;         // [edges]: the row of its forget gate
};

/// Tree-LSTM (Tai et al. 2015), with p = projections[inputs[r]]:
///   i = σ(p_i + s_i);  g = tanh(p_g + s_g);  o = σ(p_o + s_o);  f_k = σ(p_f + forget_k)
///   c = i ⊙ g + Σ_k f_k ⊙ c_k;  h = o ⊙ tanh(c)
/// s: [count, 3H], the share of the children's states, for the nodes at hand alone; NULL for zeros; it may
/// be their rows of gates. forget: in the pre-activations of the edges, out the activations. gates, c,
/// tanh_c, h: the nodes' rows are written; c of the children is read.
void unroll_tree_lstm_forward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                              const float *projections, const float *s, float *gates,
                              float *forget, float *c, float *tanh_c, float *h);

/// gates, forget: in the activations, out the gradients of the pre-activations. dh: ∂L/∂h of the nodes in
/// full. dc: in ∂L/∂c of the nodes from their parents, out that of their children.
///   d = dc + dh ⊙ o ⊙ (1 - tanh²c)
///   di = d ⊙ g · i(1-i);  dg = d ⊙ i · (1-g²);  do = dh ⊙ tanh c · o(1-o)
///   df_k = d ⊙ c_k · f_k(1-f_k);  dc_k = d ⊙ f_k
/// forget_sums: Σ_k df_k [count, H], for the nodes at hand alone; NULL where none has children.
void unroll_tree_lstm_backward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                               float *gates, float *forget, const float *c, const float *tanh_c,
                               const float *dh, float *dc, float *forget_sums);

/// Recursive net: h = tanh(p + s), with p = projections[inputs[r]] of [D, H] and s [count, H] as above; s
/// may be the nodes' rows of h.
void unroll_tree_tanh_forward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                              const float *projections, const float *s, float *h);

/// sums[j] = Σ_i x[rows[i], j] for `columns` columns, in order, in double, rounded once: children of a node,
/// or nodes that share an input. x has rows `row_stride` floats apart.
void unroll_sum_rows_at(ptrdiff_t count, const int32_t *rows, ptrdiff_t columns, const float *x,
                        ptrdiff_t row_stride, float *sums);

void unroll_tree_lstm_forward_reference(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                                        const float *projections, const float *s, float *gates,
                                        float *forget, float *c, float *tanh_c, float *h);
void unroll_tree_lstm_backward_reference(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                                         float *gates, float *forget, const float *c,
                                         const float *tanh_c, const float *dh, float *dc,
                                         float *forget_sums);
void unroll_tree_tanh_forward_reference(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                                        const float *projections, const float *s, float *h);
void unroll_sum_rows_at_reference(ptrdiff_t count, const int32_t *rows, ptrdiff_t columns,
                                  const float *x, ptrdiff_t row_stride, float *sums);

#endif
