// Optimiser updates: one pass over the weights, their gradient and the optimiser's state.

struct sgd {
  float rate, gradient_scale, decay, momentum;
};

/// scale·g + decay·w
UNROLL_INLINE vf decayed_gradient(float gradient_scale, float decay, vf gradient, vf weight) {
  return v_fma(v_set(decay), weight, v_set(gradient_scale) * gradient);
}

UNROLL_INLINE void sgd_step(struct sgd sgd, const float *gradient, float *weights, ptrdiff_t at,
                            ptrdiff_t left) {
  const vf w = v_load_some(weights + at, left);
  const vf g = decayed_gradient(sgd.gradient_scale, sgd.decay, v_load_some(gradient + at, left), w);
  v_store_some(weights + at, left, v_fma(v_set(-sgd.rate), g, w));
}

static void updates_sgd(ptrdiff_t n, float rate, float gradient_scale, float decay,
                        const float *gradient, float *weights) {
  const struct sgd sgd = {.rate = rate, .gradient_scale = gradient_scale, .decay = decay};
  FOR_EACH_VECTOR(n, sgd_step, sgd, gradient, weights);
}

UNROLL_INLINE void momentum_step(struct sgd sgd, bool nesterov, const float *gradient,
                                 float *velocity, float *weights, ptrdiff_t at, ptrdiff_t left) {
  const vf w = v_load_some(weights + at, left);
  const vf g = decayed_gradient(sgd.gradient_scale, sgd.decay, v_load_some(gradient + at, left), w);
  const vf v = v_fma(v_set(sgd.momentum), v_load_some(velocity + at, left), g);
  v_store_some(velocity + at, left, v);
  const vf direction = nesterov ? v_fma(v_set(sgd.momentum), v, g) : v;
  v_store_some(weights + at, left, v_fma(v_set(-sgd.rate), direction, w));
}

static void updates_momentum(ptrdiff_t n, float rate, float gradient_scale, float decay,
                             float momentum, bool nesterov, const float *gradient, float *velocity,
                             float *weights) {
  const struct sgd sgd = {
      .rate = rate, .gradient_scale = gradient_scale, .decay = decay, .momentum = momentum};
  if (nesterov) {
    FOR_EACH_VECTOR(n, momentum_step, sgd, true, gradient, velocity, weights);
  } else {
    FOR_EACH_VECTOR(n, momentum_step, sgd, false, gradient, velocity, weights);
  }
}

struct adam {
  float gradient_scale;
  float decay;        // of the gradient; 0 when decoupled
  float kept_weight;  // 1 - rate·decay when decoupled, else 1
  float beta1, one_less_beta1, beta2, one_less_beta2;
  float step_size;            // rate / (1 - β₁ᵗ)
  float variance_correction;  // 1 / √(1 - β₂ᵗ)
  float epsilon;
};

UNROLL_INLINE void adam_step(struct adam adam, const float *gradient, float *mean, float *variance,
                             float *weights, ptrdiff_t at, ptrdiff_t left) {
  const vf w = v_load_some(weights + at, left);
  const vf g =
      decayed_gradient(adam.gradient_scale, adam.decay, v_load_some(gradient + at, left), w);
  const vf m =
      v_fma(v_set(adam.beta1), v_load_some(mean + at, left), v_set(adam.one_less_beta1) * g);
  const vf v = v_fma(v_set(adam.beta2), v_load_some(variance + at, left),
                     v_set(adam.one_less_beta2) * g * g);
  v_store_some(mean + at, left, m);
  v_store_some(variance + at, left, v);
  const vf deviation = v_fma(v_sqrt(v), v_set(adam.variance_correction), v_set(adam.epsilon));
  const vf change = v_set(adam.step_size) * m / deviation;
  v_store_some(weights + at, left, v_set(adam.kept_weight) * w - change);
}

static void updates_adam(ptrdiff_t n, float rate, float gradient_scale, float decay, bool decoupled,
                         float beta1, float beta2, float epsilon, long step, const float *gradient,
                         float *mean, float *variance, float *weights) {
  const struct adam adam = {
      .gradient_scale = gradient_scale,
      .decay = decoupled ? 0 : decay,
      .kept_weight = decoupled ? (float)(1 - (double)rate * decay) : 1,
      .beta1 = beta1,
      .one_less_beta1 = (float)(1 - (double)beta1),
      .beta2 = beta2,
      .one_less_beta2 = (float)(1 - (double)beta2),
      .step_size = (float)(rate / (1 - pow(beta1, (double)step))),
      .variance_correction = (float)(1 / sqrt(1 - pow(beta2, (double)step))),
      .epsilon = epsilon,
  };
  FOR_EACH_VECTOR(n, adam_step, adam, gradient, mean, variance, weights);
}

struct squares {
  float rate, gradient_scale, decay, epsilon;
  float rho, one_less_rho, momentum;
};

UNROLL_INLINE void adagrad_step(struct squares rule, const float *gradient, float *sum,
                                float *weights, ptrdiff_t at, ptrdiff_t left) {
  const vf w = v_load_some(weights + at, left);
  const vf g =
      decayed_gradient(rule.gradient_scale, rule.decay, v_load_some(gradient + at, left), w);
  const vf s = v_fma(g, g, v_load_some(sum + at, left));
  v_store_some(sum + at, left, s);
  v_store_some(weights + at, left, w - v_set(rule.rate) * g / (v_sqrt(s) + v_set(rule.epsilon)));
}

static void updates_adagrad(ptrdiff_t n, float rate, float gradient_scale, float decay,
                            float epsilon, const float *gradient, float *sum, float *weights) {
  const struct squares rule = {
      .rate = rate, .gradient_scale = gradient_scale, .decay = decay, .epsilon = epsilon};
  FOR_EACH_VECTOR(n, adagrad_step, rule, gradient, sum, weights);
}

/// ρ·mean + (1-ρ)·x²
UNROLL_INLINE vf square_mean_after(struct squares rule, vf mean, vf x) {
  return v_fma(v_set(rule.rho), mean, v_set(rule.one_less_rho) * x * x);
}

UNROLL_INLINE void adadelta_step(struct squares rule, const float *gradient, float *square_mean,
                                 float *change_mean, float *weights, ptrdiff_t at,
                                 ptrdiff_t left) {
  const vf epsilon = v_set(rule.epsilon);
  const vf w = v_load_some(weights + at, left);
  const vf g =
      decayed_gradient(rule.gradient_scale, rule.decay, v_load_some(gradient + at, left), w);
  const vf v = square_mean_after(rule, v_load_some(square_mean + at, left), g);
  const vf u = v_load_some(change_mean + at, left);
  const vf change = v_sqrt(u + epsilon) / v_sqrt(v + epsilon) * g;
  v_store_some(square_mean + at, left, v);
  v_store_some(change_mean + at, left, square_mean_after(rule, u, change));
  v_store_some(weights + at, left, v_fma(v_set(-rule.rate), change, w));
}

static void updates_adadelta(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                             float epsilon, const float *gradient, float *square_mean,
                             float *change_mean, float *weights) {
  const struct squares rule = {.rate = rate,
                               .gradient_scale = gradient_scale,
                               .decay = decay,
                               .epsilon = epsilon,
                               .rho = rho,
                               .one_less_rho = (float)(1 - (double)rho)};
  FOR_EACH_VECTOR(n, adadelta_step, rule, gradient, square_mean, change_mean, weights);
}

UNROLL_INLINE void rmsprop_step(struct squares rule, bool centred, bool moving,
                                const float *gradient, float *square_mean, float *mean,
                                float *velocity, float *weights, ptrdiff_t at, ptrdiff_t left) {
  const vf w = v_load_some(weights + at, left);
  const vf g =
      decayed_gradient(rule.gradient_scale, rule.decay, v_load_some(gradient + at, left), w);
  vf v = square_mean_after(rule, v_load_some(square_mean + at, left), g);
  v_store_some(square_mean + at, left, v);
  if (centred) {
    const vf m = v_fma(v_set(rule.rho), v_load_some(mean + at, left), v_set(rule.one_less_rho) * g);
    v_store_some(mean + at, left, m);
    v = v_max(v - m * m, v_set(0));
  }
  vf change = g / (v_sqrt(v) + v_set(rule.epsilon));
  if (moving) {
    change = v_fma(v_set(rule.momentum), v_load_some(velocity + at, left), change);
    v_store_some(velocity + at, left, change);
  }
  v_store_some(weights + at, left, v_fma(v_set(-rule.rate), change, w));
}

static void updates_rmsprop(ptrdiff_t n, float rate, float gradient_scale, float decay, float rho,
                            float momentum, float epsilon, const float *gradient,
                            float *square_mean, float *mean, float *velocity, float *weights) {
  const struct squares rule = {.rate = rate,
                               .gradient_scale = gradient_scale,
                               .decay = decay,
                               .epsilon = epsilon,
                               .rho = rho,
                               .one_less_rho = (float)(1 - (double)rho),
                               .momentum = momentum};
  if (mean && velocity) {
    FOR_EACH_VECTOR(n, rmsprop_step, rule, true, true, gradient, square_mean, mean, velocity,
                    weights);
  } else if (mean) {
    FOR_EACH_VECTOR(n, rmsprop_step, rule, true, false, gradient, square_mean, mean, velocity,
                    weights);
  } else if (velocity) {
    FOR_EACH_VECTOR(n, rmsprop_step, rule, false, true, gradient, square_mean, mean, velocity,
                    weights);
  } else {
    FOR_EACH_VECTOR(n, rmsprop_step, rule, false, false, gradient, square_mean, mean, velocity,
                    weights);
  }
}

UNROLL_INLINE void average_step(float share, const float *x, float *mean, ptrdiff_t at,
                                ptrdiff_t left) {
  const vf m = v_load_some(mean + at, left);
  v_store_some(mean + at, left, v_fma(v_set(share), v_load_some(x + at, left) - m, m));
}

static void updates_average(ptrdiff_t n, float share, const float *x, float *mean) {
  FOR_EACH_VECTOR(n, average_step, share, x, mean);
}

UNROLL_INLINE void clip_step(float limit, float *x, ptrdiff_t at, ptrdiff_t left) {
  // In this order NaN stays NaN, which is what stops a run.
  const vf v = v_min(v_set(limit), v_load_some(x + at, left));
  v_store_some(x + at, left, v_max(v_set(-limit), v));
}

static void updates_clip(ptrdiff_t n, float limit, float *x) {
  FOR_EACH_VECTOR(n, clip_step, limit, x);
}

#define UPDATES_KERNELS                   \
  {                                       \
    .sgd_update = updates_sgd,            \
    .momentum_update = updates_momentum,  \
    .adam_update = updates_adam,          \
    .adagrad_update = updates_adagrad,    \
    .adadelta_update = updates_adadelta,  \
    .rmsprop_update = updates_rmsprop,    \
    .average_update = updates_average,    \
    .clip_values = updates_clip,          \
  }
