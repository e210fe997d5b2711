/// Optimiser updates of one block of parameters, in one pass over memory. `gradient_scale` is the
/// factor of gradient clipping (1 when nothing is clipped), so that clipping costs no pass of its
/// own. Weight decay is λ·w added to the gradient (L2) unless a line says otherwise.
#ifndef UNROLL_UPDATES_H
#define UNROLL_UPDATES_H

#include <stdbool.h>
#include <stddef.h>

/// w -= rate · (scale · g + decay · w)
void unroll_sgd_update(ptrdiff_t n, float rate, float gradient_scale, float decay,
                       const float *gradient, float *weights);
/// PyTorch's momentum: v = momentum · v + (scale · g + decay · w);  w -= rate · v, or with Nesterov
/// w -= rate · (g' + momentum · v) where g' = scale · g + decay · w.
void unroll_momentum_update(ptrdiff_t n, float rate, float gradient_scale, float decay,
                            float momentum, bool nesterov, const float *gradient, float *velocity,
                            float *weights);
/// Adam (Kingma & Ba 2015), bias-corrected, as PyTorch computes it:
///   m = β₁m + (1-β₁)g,  v = β₂v + (1-β₂)g²,
///   w -= rate/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε)
/// decoupled == true is AdamW (Loshchilov & Hutter 2019): w *= 1 - rate·decay first.
void unroll_adam_update(ptrdiff_t n, float rate, float gradient_scale, float decay, bool decoupled,
                        float beta1, float beta2, float epsilon, long step, const float *gradient,
                        float *mean, float *variance, float *weights);

void unroll_sgd_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                 const float *gradient, float *weights);
void unroll_momentum_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                      float momentum, bool nesterov, const float *gradient,
                                      float *velocity, float *weights);
void unroll_adam_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                  bool decoupled, float beta1, float beta2, float epsilon,
                                  long step, const float *gradient, float *mean, float *variance,
                                  float *weights);

#endif
