/// What one instruction set's translation unit offers: a pointer for each public function that
/// differs between instruction sets, grouped by public header. A kernel is added in four places:
/// its body (bodies/NAME_body.h), its field here, the initialiser macro at the end of the body, and
/// the public function (NAME.c), which forwards through `unroll_kernels()`.
#ifndef UNROLL_KERNEL_TABLE_H
#define UNROLL_KERNEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/tree.h"

/// isa.h
struct isa_kernels {
  double (*peak_multiply_add)(long iterations, float *sink);
};

/// matrix.h
struct matrix_kernels {
  void (*pack_panels)(const float *b, ptrdiff_t column_stride, ptrdiff_t depth_stride,
                      ptrdiff_t columns, ptrdiff_t depth, float *panels);
  void (*multiply_panels)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const float *a,
                          ptrdiff_t a_row_stride, const float *panels, ptrdiff_t panel_depth,
                          const float *bias, bool accumulate, float *c, ptrdiff_t c_row_stride);
  void (*multiply_half_panels)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const float *a,
                               ptrdiff_t a_row_stride, const uint16_t *panels,
                               ptrdiff_t panel_depth, const float *bias, bool accumulate, float *c,
                               ptrdiff_t c_row_stride);
  void (*multiply)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t depth_block,
                   const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_depth_stride,
                   const float *panels, ptrdiff_t panel_depth, const float *bias, bool accumulate,
                   float *c, ptrdiff_t c_row_stride, float *workspace);
};

/// elementwise.h
struct elementwise_kernels {
  void (*exp)(ptrdiff_t n, const float *x, float *y);
  void (*tanh)(ptrdiff_t n, const float *x, float *y);
  void (*sigmoid)(ptrdiff_t n, const float *x, float *y);
  void (*relu)(ptrdiff_t n, const float *x, float *y);
  void (*add)(ptrdiff_t n, const float *a, const float *b, float *c);
  void (*subtract)(ptrdiff_t n, const float *a, const float *b, float *c);
  void (*multiply_elements)(ptrdiff_t n, const float *a, const float *b, float *c);
  void (*axpy)(ptrdiff_t n, float alpha, const float *x, float *y);
  void (*scale)(ptrdiff_t n, float alpha, const float *x, float *y);
  void (*add_scalar)(ptrdiff_t n, float beta, const float *x, float *y);
  void (*multiply_accumulate)(ptrdiff_t n, const float *a, const float *b, float *y);
};

/// gates.h
struct gates_kernels {
  void (*lstm_forward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                       float *c, float *tanh_c, float *h);
  void (*lstm_backward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                        const float *tanh_c, const float *dh, float *dc);
  void (*gru_forward)(ptrdiff_t rows, ptrdiff_t hidden, float *gx, const float *gh,
                      const float *h_prev, float *h);
  void (*gru_backward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates, float *gh,
                       const float *h_prev, float *dh);
  void (*gru_reset_forward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *gh_rz,
                            const float *h_prev, float *reset_h);
  void (*gru_candidate_forward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *gh_n,
                                const float *h_prev, float *h);
  void (*gru_candidate_backward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                 const float *h_prev, float *dh);
  void (*gru_reset_backward)(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *d_reset_h,
                             const float *h_prev, float *dh);
  void (*rnn_tanh_forward)(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h);
  void (*rnn_relu_forward)(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h);
  void (*rnn_tanh_backward)(ptrdiff_t rows, ptrdiff_t hidden, const float *h, const float *dh,
                            float *dpre);
  void (*rnn_relu_backward)(ptrdiff_t rows, ptrdiff_t hidden, const float *h, const float *dh,
                            float *dpre);
};

/// lstm_variant.h
struct lstm_variant_kernels {
  void (*memory_forward)(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                         const float *peepholes, const float *candidate_scale, const float *c_prev,
                         float *c);
  void (*memory_backward)(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                          const float *peepholes, const float *candidate_scale,
                          const float *c_prev, float *dc);
  void (*output_forward)(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                         const float *peepholes, const float *c, const float *read,
                         float *squashed, float *h);
  void (*output_backward)(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                          const float *squashed, const float *dh, float *d_read);
};

/// tree.h
struct tree_kernels {
  void (*lstm_forward)(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                       const float *projections, const float *s, float *gates, float *forget,
                       float *c, float *tanh_c, float *h);
  void (*lstm_backward)(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden, float *gates,
                        float *forget, const float *c, const float *tanh_c, const float *dh,
                        float *dc, float *forget_sums);
  void (*tanh_forward)(const struct unroll_tree_nodes *nodes, ptrdiff_t hidden,
                       const float *projections, const float *s, float *h);
  void (*sum_rows_at)(ptrdiff_t count, const int32_t *rows, ptrdiff_t columns, const float *x,
                      ptrdiff_t row_stride, float *sums);
};

/// attention.h
struct attention_kernels {
  void (*additive_scores)(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size, const float *q,
                          ptrdiff_t query_stride, const float *k, ptrdiff_t key_stride,
                          const float *v, float *scores, ptrdiff_t score_stride);
  void (*additive_scores_backward)(ptrdiff_t queries, ptrdiff_t keys, ptrdiff_t size,
                                   const float *q, ptrdiff_t query_stride, const float *k,
                                   ptrdiff_t key_stride, const float *v, const float *ds,
                                   ptrdiff_t score_stride, float *dq, float *dk, float *dv);
};

/// softmax.h
struct softmax_kernels {
  void (*softmax_rows)(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y);
  void (*log_softmax_rows)(ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y);
  void (*softmax_rows_backward)(ptrdiff_t rows, ptrdiff_t columns, const float *y, const float *dy,
                                float *dx);
  void (*log_softmax_rows_backward)(ptrdiff_t rows, ptrdiff_t columns, const float *y,
                                    const float *dy, float *dx);
  void (*cross_entropy_rows)(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                             const int32_t *targets, float scale, float *losses);
  void (*noise_contrast_rows)(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t row_stride,
                              const float *noise, const int32_t *targets, float scale,
                              float *losses);
};

/// reductions.h
struct reductions_kernels {
  double (*sum)(ptrdiff_t n, const float *x);
  double (*sum_of_squares)(ptrdiff_t n, const float *x);
  double (*dot)(ptrdiff_t n, const float *a, const float *b);
  float (*max)(ptrdiff_t n, const float *x);
  ptrdiff_t (*argmax)(ptrdiff_t n, const float *x);
  bool (*all_finite)(ptrdiff_t n, const float *x);
  void (*column_sums)(ptrdiff_t rows, ptrdiff_t columns, const float *x, ptrdiff_t row_stride,
                      bool accumulate, float *sums);
  void (*layer_norm_rows)(ptrdiff_t rows, ptrdiff_t columns, const float *x, const float *gain,
                          const float *bias, float epsilon, float *y, float *means,
                          float *inverse_deviations);
  void (*layer_norm_rows_backward)(ptrdiff_t rows, ptrdiff_t columns, const float *x,
                                   const float *gain, const float *means,
                                   const float *inverse_deviations, const float *dy, float *dx,
                                   float *d_gain, float *d_bias);
};

/// random.h
struct random_kernels {
  void (*philox_words)(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, uint32_t *out);
  void (*philox_uniform)(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, float *out);
  void (*philox_dropout)(uint64_t key, uint64_t stream, uint64_t first, ptrdiff_t n, float keep,
                         const float *x, float *y);
};

/// updates.h
struct updates_kernels {
  void (*sgd_update)(ptrdiff_t n, float rate, float gradient_scale, float decay,
                     const float *gradient, float *weights);
  void (*momentum_update)(ptrdiff_t n, float rate, float gradient_scale, float decay,
                          float momentum, bool nesterov, const float *gradient, float *velocity,
                          float *weights);
  void (*adam_update)(ptrdiff_t n, float rate, float gradient_scale, float decay, bool decoupled,
                      float beta1, float beta2, float epsilon, long step, const float *gradient,
                      float *mean, float *variance, float *weights);
  void (*adagrad_update)(ptrdiff_t n, float rate, float gradient_scale, float decay, float epsilon,
                         const float *gradient, float *sum, float *weights);
  void (*adadelta_update)(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                          float epsilon, const float *gradient, float *square_mean,
                          float *change_mean, float *weights);
  void (*rmsprop_update)(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                         float momentum, float epsilon, const float *gradient, float *square_mean,
                         float *mean, float *velocity, float *weights);
  void (*average_update)(ptrdiff_t n, float share, const float *x, float *mean);
  void (*clip_values)(ptrdiff_t n, float limit, float *x);
};

struct kernel_table {
  struct isa_kernels isa;
  struct matrix_kernels matrix;
  struct elementwise_kernels elementwise;
  struct gates_kernels gates;
  struct lstm_variant_kernels lstm_variant;
  struct tree_kernels tree;
  struct attention_kernels attention;
  struct softmax_kernels softmax;
  struct reductions_kernels reductions;
  struct random_kernels random;
  struct updates_kernels updates;
};

/// The table in use.
const struct kernel_table *unroll_kernels(void);

extern const struct kernel_table unroll_kernels_portable;
#if defined(__x86_64__)
extern const struct kernel_table unroll_kernels_avx2;
extern const struct kernel_table unroll_kernels_avx512;
extern const struct kernel_table unroll_kernels_wide_test;
#elif defined(__aarch64__)
extern const struct kernel_table unroll_kernels_neon;
#endif

#endif
