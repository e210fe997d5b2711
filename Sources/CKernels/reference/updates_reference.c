// The definitions of updates.h, in double.
#include <math.h>

#include "../include/updates.h"

void unroll_sgd_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                 const float *gradient, float *weights) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    const double w = weights[i];
    const double g = (double)gradient_scale * gradient[i] + decay * w;
    weights[i] = (float)(w - rate * g);
  }
}

void unroll_momentum_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                      float momentum, bool nesterov, const float *gradient,
                                      float *velocity, float *weights) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    const double w = weights[i];
    const double g = (double)gradient_scale * gradient[i] + decay * w;
    const double v = (double)momentum * velocity[i] + g;
    velocity[i] = (float)v;
    weights[i] = (float)(w - rate * (nesterov ? g + momentum * v : v));
  }
}

void unroll_adam_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                  bool decoupled, float beta1, float beta2, float epsilon,
                                  long step, const float *gradient, float *mean, float *variance,
                                  float *weights) {
  const double correction1 = 1 - pow(beta1, (double)step);
  const double correction2 = 1 - pow(beta2, (double)step);
  for (ptrdiff_t i = 0; i < n; ++i) {
    double w = weights[i];
    double g = (double)gradient_scale * gradient[i];
    if (decoupled) {
      w *= 1 - (double)rate * decay;
    } else {
      g += decay * w;
    }
    const double m = (double)beta1 * mean[i] + (1 - (double)beta1) * g;
    const double v = (double)beta2 * variance[i] + (1 - (double)beta2) * g * g;
    mean[i] = (float)m;
    variance[i] = (float)v;
    weights[i] = (float)(w - rate / correction1 * m / (sqrt(v / correction2) + epsilon));
  }
}

void unroll_adagrad_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                     float epsilon, const float *gradient, float *sum,
                                     float *weights) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    const double w = weights[i];
    const double g = (double)gradient_scale * gradient[i] + decay * w;
    const double s = sum[i] + g * g;
    sum[i] = (float)s;
    weights[i] = (float)(w - rate * g / (sqrt(s) + epsilon));
  }
}

void unroll_adadelta_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                      float rho, float epsilon, const float *gradient,
                                      float *square_mean, float *change_mean, float *weights) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    const double w = weights[i];
    const double g = (double)gradient_scale * gradient[i] + decay * w;
    const double v = (double)rho * square_mean[i] + (1 - (double)rho) * g * g;
    const double change = sqrt(change_mean[i] + epsilon) / sqrt(v + epsilon) * g;
    square_mean[i] = (float)v;
    change_mean[i] = (float)((double)rho * change_mean[i] + (1 - (double)rho) * change * change);
    weights[i] = (float)(w - rate * change);
  }
}

void unroll_rmsprop_update_reference(ptrdiff_t n, float rate, float gradient_scale, float decay,
                                     float rho, float momentum, float epsilon,
                                     const float *gradient, float *square_mean, float *mean,
                                     float *velocity, float *weights) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    const double w = weights[i];
    const double g = (double)gradient_scale * gradient[i] + decay * w;
    double v = (double)rho * square_mean[i] + (1 - (double)rho) * g * g;
    square_mean[i] = (float)v;
    if (mean) {
      const double m = (double)rho * mean[i] + (1 - (double)rho) * g;
      mean[i] = (float)m;
      v = fmax(v - m * m, 0);
    }
    double change = g / (sqrt(v) + epsilon);
    if (velocity) {
      change += (double)momentum * velocity[i];
      velocity[i] = (float)change;
    }
    weights[i] = (float)(w - rate * change);
  }
}

void unroll_average_update_reference(ptrdiff_t n, float share, const float *x, float *mean) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    mean[i] = (float)(mean[i] + (double)share * ((double)x[i] - mean[i]));
  }
}

void unroll_clip_values_reference(ptrdiff_t n, float limit, float *x) {
  for (ptrdiff_t i = 0; i < n; ++i) {
    if (x[i] > limit) x[i] = limit;
    if (x[i] < -limit) x[i] = -limit;
  }
}
