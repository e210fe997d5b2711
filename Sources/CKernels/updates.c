// Optimiser updates, on the instruction set in use.
#include "include/updates.h"

#include "kernel_table.h"

void unroll_sgd_update(ptrdiff_t n, float rate, float gradient_scale, float decay,
                       const float *gradient, float *weights) {
  unroll_kernels()->updates.sgd_update(n, rate, gradient_scale, decay, gradient, weights);
}

void unroll_momentum_update(ptrdiff_t n, float rate, float gradient_scale, float decay,
                            float momentum, bool nesterov, const float *gradient, float *velocity,
                            float *weights) {
  unroll_kernels()->updates.momentum_update(n, rate, gradient_scale, decay, momentum, nesterov,
                                            gradient, velocity, weights);
}

void unroll_adam_update(ptrdiff_t n, float rate, float gradient_scale, float decay, bool decoupled,
                        float beta1, float beta2, float epsilon, long step, const float *gradient,
                        float *mean, float *variance, float *weights) {
  unroll_kernels()->updates.adam_update(n, rate, gradient_scale, decay, decoupled, beta1, beta2,
                                        epsilon, step, gradient, mean, variance, weights);
}

void unroll_adagrad_update(ptrdiff_t n, float rate, float gradient_scale, float decay,
                           float epsilon, const float *gradient, float *sum, float *weights) {
  unroll_kernels()->updates.adagrad_update(n, rate, gradient_scale, decay, epsilon, gradient, sum,
                                           weights);
}

void unroll_adadelta_update(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                            float epsilon, const float *gradient, float *square_mean,
                            float *change_mean, float *weights) {
  unroll_kernels()->updates.adadelta_update(n, rate, gradient_scale, decay, rho, epsilon, gradient,
                                            square_mean, change_mean, weights);
}

void unroll_rmsprop_update(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                           float momentum, float epsilon, const float *gradient, float *square_mean,
                           float *mean, float *velocity, float *weights) {
  unroll_kernels()->updates.rmsprop_update(n, rate, gradient_scale, decay, rho, momentum, epsilon,
                                           gradient, square_mean, mean, velocity, weights);
}

void unroll_average_update(ptrdiff_t n, float share, const float *x, float *mean) {
  unroll_kernels()->updates.average_update(n, share, x, mean);
}

void unroll_clip_values(ptrdiff_t n, float limit, float *x) {
  unroll_kernels()->updates.clip_values(n, limit, x);
}
