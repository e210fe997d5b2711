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
/// Adagrad (Duchi et al. 2011) with g' = scale · g + decay · w:
///   s += g'²,  w -= rate · g' / (√s + ε)
void unroll_adagrad_update(ptrdiff_t n, float rate, float gradient_scale, float decay,
                           float epsilon, const float *gradient, float *sum, float *weights);
/// Adadelta (Zeiler 2012):
///   v = ρv + (1-ρ)g'²,  δ = √(u + ε) / √(v + ε) · g',  u = ρu + (1-ρ)δ²,  w -= rate · δ
/// with v in square_mean and u in change_mean.
void unroll_adadelta_update(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                            float epsilon, const float *gradient, float *square_mean,
                            float *change_mean, float *weights);
/// RMSProp (Hinton 2012), as PyTorch computes it:
///   v = ρv + (1-ρ)g'²,  w -= rate · g' / (√v + ε)
/// With `mean` (NULL for none) the variance is centred: m = ρm + (1-ρ)g', and v - m² (at least 0)
/// stands under the root. With `velocity` (NULL for none) the step is b = momentum · b + g' / (…),
/// w -= rate · b.
void unroll_rmsprop_update(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                           float momentum, float epsilon, const float *gradient, float *square_mean,
                           float *mean, float *velocity, float *weights);
/// mean += share · (x - mean): with share 1/k the mean of k arrays, the k-th being x.
void unroll_average_update(ptrdiff_t n, float share, const float *x, float *mean);
/// x = min(max(x, -limit), limit); NaN stays NaN.
void unroll_clip_values(ptrdiff_t n, float limit, float *x);

void unroll_sgd_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                 const float *gradient, float *weights);
void unroll_momentum_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                      float momentum, bool nesterov, const float *gradient,
                                      float *velocity, float *weights);
void unroll_adam_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                  bool decoupled, float beta1, float beta2, float epsilon,
                                  long step, const float *gradient, float *mean, float *variance,
                                  float *weights);
void unroll_adagrad_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                     float epsilon, const float *gradient, float *sum,
                                     float *weights);
void unroll_adadelta_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                      float rho, float epsilon, const float *gradient,
                                      float *square_mean, float *change_mean, float *weights);
void unroll_rmsprop_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                     float rho, float momentum, float epsilon,
                                     const float *gradient, float *square_mean, float *mean,
                                     float *velocity, float *weights);
void unroll_average_update_reference(ptrdiff_t n, float share, const float *x, float *mean);
void unroll_clip_values_reference(ptrdiff_t n, float limit, float *x);

#endif
