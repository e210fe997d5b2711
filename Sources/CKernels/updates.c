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
