// Maps over vectors of floats.

#define MAP_UNARY(name, function)                                                          \
  UNROLL_INLINE void name##_step(const float *x, float *y, ptrdiff_t at, ptrdiff_t left) { \
    v_store_some(y + at, left, function(v_load_some(x + at, left)));                       \
  }                                                                                        \
  static void name(ptrdiff_t n, const float *x, float *y) { FOR_EACH_VECTOR(n, name##_step, x, y); }

#define MAP_BINARY(name, operator)                                                            \
  UNROLL_INLINE void name##_step(const float *a, const float *b, float *c, ptrdiff_t at,      \
                                 ptrdiff_t left) {                                            \
    v_store_some(c + at, left, v_load_some(a + at, left) operator v_load_some(b + at, left)); \
  }                                                                                           \
  static void name(ptrdiff_t n, const float *a, const float *b, float *c) {                   \
    FOR_EACH_VECTOR(n, name##_step, a, b, c);                                                 \
  }

/// max(x, 0), NaN where x is NaN.
UNROLL_INLINE vf v_relu(vf x) { return v_select(x < v_set(0), v_set(0), x); }

MAP_UNARY(elementwise_exp, v_exp)
MAP_UNARY(elementwise_tanh, v_tanh)
MAP_UNARY(elementwise_sigmoid, v_sigmoid)
MAP_UNARY(elementwise_relu, v_relu)
MAP_BINARY(elementwise_add, +)
MAP_BINARY(elementwise_subtract, -)
MAP_BINARY(elementwise_multiply, *)

#undef MAP_UNARY
#undef MAP_BINARY

UNROLL_INLINE void axpy_step(float alpha, const float *x, float *y, ptrdiff_t at, ptrdiff_t left) {
  const vf sum = v_fma(v_set(alpha), v_load_some(x + at, left), v_load_some(y + at, left));
  v_store_some(y + at, left, sum);
}

static void elementwise_axpy(ptrdiff_t n, float alpha, const float *x, float *y) {
  FOR_EACH_VECTOR(n, axpy_step, alpha, x, y);
}

UNROLL_INLINE void scale_step(float alpha, const float *x, float *y, ptrdiff_t at, ptrdiff_t left) {
  v_store_some(y + at, left, v_set(alpha) * v_load_some(x + at, left));
}

UNROLL_INLINE void add_scalar_step(float beta, const float *x, float *y, ptrdiff_t at,
                                   ptrdiff_t left) {
  v_store_some(y + at, left, v_load_some(x + at, left) + v_set(beta));
}

static void elementwise_add_scalar(ptrdiff_t n, float beta, const float *x, float *y) {
  FOR_EACH_VECTOR(n, add_scalar_step, beta, x, y);
}

static void elementwise_scale(ptrdiff_t n, float alpha, const float *x, float *y) {
  FOR_EACH_VECTOR(n, scale_step, alpha, x, y);
}

UNROLL_INLINE void multiply_accumulate_step(const float *a, const float *b, float *y, ptrdiff_t at,
                                            ptrdiff_t left) {
  const vf left_factor = v_load_some(a + at, left), right_factor = v_load_some(b + at, left);
  v_store_some(y + at, left, v_fma(left_factor, right_factor, v_load_some(y + at, left)));
}

static void elementwise_multiply_accumulate(ptrdiff_t n, const float *a, const float *b, float *y) {
  FOR_EACH_VECTOR(n, multiply_accumulate_step, a, b, y);
}

#define ELEMENTWISE_KERNELS                                                             \
  {                                                                                     \
    .exp = elementwise_exp, .tanh = elementwise_tanh, .sigmoid = elementwise_sigmoid,   \
    .relu = elementwise_relu, .add = elementwise_add, .subtract = elementwise_subtract, \
    .multiply_elements = elementwise_multiply, .axpy = elementwise_axpy,                \
    .scale = elementwise_scale, .add_scalar = elementwise_add_scalar,                   \
    .multiply_accumulate = elementwise_multiply_accumulate, \
  }
