// Nodes of tree-shaped networks: one pass over the units of each node.

/// The edges of a node, and where their children's memories and forget gates begin.
struct tree_edges {
  ptrdiff_t count;
  const int32_t *children, *slots;
};

UNROLL_INLINE struct tree_edges tree_edges_of(const struct unroll_tree_nodes *nodes,
                                              ptrdiff_t row) {
  const ptrdiff_t start = nodes->child_starts[row];
  return (struct tree_edges){nodes->child_starts[row + 1] - start, nodes->children + start,
                             nodes->slots + start};
}

UNROLL_INLINE void tree_lstm_forward_step(struct tree_edges edges, ptrdiff_t hidden,
                                          const float *p, const float *s, float *gate,
                                          float *forget, const float *memories, float *c,
                                          float *tanh_c, float *h, ptrdiff_t at, ptrdiff_t left) {
  vf i = v_load_some(p + at, left);
  vf g = v_load_some(p + 2 * hidden + at, left);
  vf o = v_load_some(p + 3 * hidden + at, left);
  if (s) {
    i = i + v_load_some(s + at, left);
    g = g + v_load_some(s + hidden + at, left);
    o = o + v_load_some(s + 2 * hidden + at, left);
  }
  i = v_sigmoid(i);
  g = v_tanh(g);
  o = v_sigmoid(o);
  v_store_some(gate + at, left, i);
  v_store_some(gate + hidden + at, left, g);
  v_store_some(gate + 2 * hidden + at, left, o);
  vf cell = i * g;
  if (edges.count > 0) {
    const vf input = v_load_some(p + hidden + at, left);
    for (ptrdiff_t e = 0; e < edges.count; ++e) {
      float *const place = forget + edges.slots[e] * hidden + at;
      const vf f = v_sigmoid(input + v_load_some(place, left));
      v_store_some(place, left, f);
      cell = v_fma(f, v_load_some(memories + edges.children[e] * hidden + at, left), cell);
    }
  }
  v_store_some(c + at, left, cell);
  const vf squashed = v_tanh(cell);
  v_store_some(tanh_c + at, left, squashed);
  v_store_some(h + at, left, o * squashed);
}

static void tree_lstm_forward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                              const float *projections, const float *s, float *gates,
                              float *forget, float *c, float *tanh_c, float *h) {
  for (ptrdiff_t row = nodes->first; row < nodes->first + nodes->count; ++row) {
    const struct tree_edges edges = tree_edges_of(nodes, row);
    const float *const p = projections + nodes->inputs[row] * 4 * hidden;
    FOR_EACH_VECTOR(hidden, tree_lstm_forward_step, edges, hidden, p, s, gates + row * 3 * hidden,
                    forget, c, c + row * hidden, tanh_c + row * hidden, h + row * hidden);
    if (s) s += 3 * hidden;
  }
}

UNROLL_INLINE void tree_lstm_backward_step(struct tree_edges edges, ptrdiff_t hidden, float *gate,
                                           float *forget, const float *memories,
                                           const float *tanh_c, const float *dh,
                                           const float *dc, float *memory_gradients, float *sum,
                                           ptrdiff_t at, ptrdiff_t left) {
  const vf i = v_load_some(gate + at, left), g = v_load_some(gate + hidden + at, left);
  const vf o = v_load_some(gate + 2 * hidden + at, left);
  const vf squashed = v_load_some(tanh_c + at, left), d_state = v_load_some(dh + at, left);
  const vf d = v_fma(d_state * o, v_tanh_slope(squashed), v_load_some(dc + at, left));
  v_store_some(gate + at, left, d * g * v_sigmoid_slope(i));
  v_store_some(gate + hidden + at, left, d * i * v_tanh_slope(g));
  v_store_some(gate + 2 * hidden + at, left, d_state * squashed * v_sigmoid_slope(o));
  vf total = v_set(0);
  for (ptrdiff_t e = 0; e < edges.count; ++e) {
    float *const place = forget + edges.slots[e] * hidden + at;
    const ptrdiff_t child = edges.children[e] * hidden + at;
    const vf f = v_load_some(place, left);
    const vf d_forget = d * v_load_some(memories + child, left) * v_sigmoid_slope(f);
    v_store_some(place, left, d_forget);
    total = total + d_forget;
    v_store_some(memory_gradients + child, left, d * f);
  }
  if (sum) v_store_some(sum + at, left, total);
}

static void tree_lstm_backward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                               float *gates, float *forget, const float *c, const float *tanh_c,
                               const float *dh, float *dc, float *forget_sums) {
  for (ptrdiff_t row = nodes->first; row < nodes->first + nodes->count; ++row) {
    const struct tree_edges edges = tree_edges_of(nodes, row);
    FOR_EACH_VECTOR(hidden, tree_lstm_backward_step, edges, hidden, gates + row * 3 * hidden,
                    forget, c, tanh_c + row * hidden, dh + row * hidden, dc + row * hidden, dc,
                    forget_sums);
    if (forget_sums) forget_sums += hidden;
  }
}

UNROLL_INLINE void tree_tanh_forward_step(const float *p, const float *s, float *h, ptrdiff_t at,
                                          ptrdiff_t left) {
  vf pre = v_load_some(p + at, left);
  if (s) pre = pre + v_load_some(s + at, left);
  v_store_some(h + at, left, v_tanh(pre));
}

static void tree_tanh_forward(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                              const float *projections, const float *s, float *h) {
  for (ptrdiff_t row = nodes->first; row < nodes->first + nodes->count; ++row) {
    const float *const p = projections + nodes->inputs[row] * hidden;
    FOR_EACH_VECTOR(hidden, tree_tanh_forward_step, p, s, h + row * hidden);
    if (s) s += hidden;
  }
}

UNROLL_INLINE void sum_rows_at_step(ptrdiff_t count, const int32_t *rows, const float *x,
                                    ptrdiff_t row_stride, float *sums, ptrdiff_t at,
                                    ptrdiff_t left) {
  vd total = v_double(v_set(0));
  for (ptrdiff_t i = 0; i < count; ++i) {
    total += v_double(v_load_some(x + rows[i] * row_stride + at, left));
  }
  v_store_some(sums + at, left, __builtin_convertvector(total, vf));
}

static void tree_sum_rows_at(ptrdiff_t count, const int32_t *rows, ptrdiff_t columns,
                             const float *x, ptrdiff_t row_stride, float *sums) {
  FOR_EACH_VECTOR(columns, sum_rows_at_step, count, rows, x, row_stride, sums);
}

#define TREE_KERNELS                                                                  \
  {                                                                                   \
    .lstm_forward = tree_lstm_forward, .lstm_backward = tree_lstm_backward,           \
    .tanh_forward = tree_tanh_forward, .sum_rows_at = tree_sum_rows_at,               \
  }
