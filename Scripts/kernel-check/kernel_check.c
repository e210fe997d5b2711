// Compares every kernel with its twin, over awkward sizes, on every instruction set of this
// processor. Plain C, so that it can be cross-compiled and run under an emulator: see
// Scripts/test-neon.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

enum { MOST_ROWS = 9 };

static const ptrdiff_t sizes[] = {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 515};
enum { SIZES = sizeof sizes / sizeof *sizes };

static int failures;
static long comparisons;

// Random data

static uint64_t random_state = 1;

static double random_unit(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (double)(random_state >> 11) * 0x1p-53;
}

static float *random_floats(ptrdiff_t n, double low, double high) {
  float *x = malloc((size_t)(n + 1) * sizeof *x);
  for (ptrdiff_t i = 0; i < n; ++i) x[i] = (float)(low + (high - low) * random_unit());
  return x;
}

static float *copy_of(const float *x, ptrdiff_t n) {
  float *y = malloc((size_t)(n + 1) * sizeof *y);
  memcpy(y, x, (size_t)n * sizeof *y);
  return y;
}

// Comparison

static const char *kernel = "";
static double worst;

static void begin(const char *name) {
  kernel = name;
  worst = 0;
}

static void end(void) { printf("  %-28s %.1e\n", kernel, worst); }

/// The difference relative to the greater of |expected| and `floor`.
static void compare_one(double found, double expected, double floor, double tolerance, ptrdiff_t at,
                        ptrdiff_t n) {
  ++comparisons;
  if (isnan(expected) && isnan(found)) return;
  if (found == expected) return;
  const double error = fabs(found - expected) / fmax(fabs(expected), floor);
  if (error > worst) worst = error;
  if (!(error <= tolerance)) {
    if (++failures <= 20) {
      printf("  FAILED %s: element %td of %td is %.9g, expected %.9g\n", kernel, at, n, found,
             expected);
    }
  }
}

static void compare(const float *found, const float *expected, ptrdiff_t n, double floor,
                    double tolerance) {
  for (ptrdiff_t i = 0; i < n; ++i) compare_one(found[i], expected[i], floor, tolerance, i, n);
}

static void require(bool holds, const char *what) {
  ++comparisons;
  if (holds) return;
  if (++failures <= 20) printf("  FAILED %s: %s\n", kernel, what);
}

// elementwise.h

typedef void unary(ptrdiff_t, const float *, float *);
typedef void binary(ptrdiff_t, const float *, const float *, float *);

static void check_unary(const char *name, unary *function, unary *reference, double tolerance) {
  begin(name);
  for (int s = 0; s < SIZES; ++s) {
    const ptrdiff_t n = sizes[s];
    float *x = random_floats(n, -100, 100), *expected = copy_of(x, n), *alone = copy_of(x, n);
    const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-30f, -88, 88, 0.5f};
    if (n >= 9) memcpy(x + n - 9, special, sizeof special);
    reference(n, x, expected);
    for (ptrdiff_t i = 0; i < n; ++i) function(1, x + i, alone + i);
    function(n, x, x);
    compare(x, expected, n, 1e-37, tolerance);
    for (ptrdiff_t i = 0; i < n; ++i) {
      require(isnan(x[i]) || memcmp(x + i, alone + i, sizeof *x) == 0, "depends on position");
    }
    free(x), free(expected), free(alone);
  }
  end();
}

static void check_binary(const char *name, binary *function, binary *reference) {
  begin(name);
  for (int s = 0; s < SIZES; ++s) {
    const ptrdiff_t n = sizes[s];
    float *a = random_floats(n, -2, 2), *b = random_floats(n, -2, 2);
    float *c = random_floats(n, -2, 2), *expected = copy_of(c, n);
    function(n, a, b, c);
    reference(n, a, b, expected);
    compare(c, expected, n, 1, 2e-7);
    free(a), free(b), free(c), free(expected);
  }
  end();
}

static void check_elementwise(void) {
  check_unary("exp", unroll_exp, unroll_exp_reference, 2e-7);
  check_unary("tanh", unroll_tanh, unroll_tanh_reference, 2e-7);
  check_unary("sigmoid", unroll_sigmoid, unroll_sigmoid_reference, 2.5e-7);
  check_unary("relu", unroll_relu, unroll_relu_reference, 0);
  check_binary("add", unroll_add, unroll_add_reference);
  check_binary("subtract", unroll_subtract, unroll_subtract_reference);
  check_binary("multiply_elements", unroll_multiply_elements, unroll_multiply_elements_reference);
  check_binary("multiply_accumulate", unroll_multiply_accumulate,
               unroll_multiply_accumulate_reference);
  begin("axpy, scale");
  for (int s = 0; s < SIZES; ++s) {
    const ptrdiff_t n = sizes[s];
    float *x = random_floats(n, -2, 2), *y = random_floats(n, -2, 2), *expected = copy_of(y, n);
    unroll_axpy(n, 1.7f, x, y);
    unroll_axpy_reference(n, 1.7f, x, expected);
    compare(y, expected, n, 1, 2e-7);
    unroll_scale(n, -0.3f, x, y);
    unroll_scale_reference(n, -0.3f, x, expected);
    compare(y, expected, n, 1, 0);
    free(x), free(y), free(expected);
  }
  end();
}

// gates.h

enum { PAIR_ARRAYS = 6 };

/// Six arrays of [rows, 4·hidden] for a kernel and the same for its twin.
struct pair {
  float *found[PAIR_ARRAYS], *expected[PAIR_ARRAYS];
  ptrdiff_t count;
};

static struct pair make_pair(ptrdiff_t count, double low, double high) {
  struct pair pair = {.count = count};
  for (int i = 0; i < PAIR_ARRAYS; ++i) {
    pair.found[i] = random_floats(count, low, high);
    pair.expected[i] = copy_of(pair.found[i], count);
  }
  return pair;
}

static void compare_pair(struct pair pair) {
  for (int i = 0; i < PAIR_ARRAYS; ++i) {
    compare(pair.found[i], pair.expected[i], pair.count, 1, 1e-6);
    free(pair.found[i]), free(pair.expected[i]);
  }
}

/// Runs a kernel and its twin; `p` are the arrays, r the rows, h the hidden units.
#define CHECK_GATES(name, low, high, ...)                 \
  do {                                                    \
    begin(#name);                                         \
    for (int s = 0; s < SIZES; ++s) {                     \
      const ptrdiff_t r = 3, h = sizes[s];                \
      struct pair pair = make_pair(4 * r * h, low, high); \
      float **p = pair.found;                             \
      unroll_##name(r, h, __VA_ARGS__);                   \
      p = pair.expected;                                  \
      unroll_##name##_reference(r, h, __VA_ARGS__);       \
      compare_pair(pair);                                 \
    }                                                     \
    end();                                                \
  } while (0)

static void check_gates(void) {
  CHECK_GATES(lstm_forward, -6, 6, p[0], p[1], p[2], p[3], p[4]);
  CHECK_GATES(lstm_forward, -6, 6, p[0], p[1], p[1], NULL, p[4]);
  CHECK_GATES(lstm_backward, -1, 1, p[0], p[1], p[2], p[3], p[4]);
  CHECK_GATES(gru_forward, -6, 6, p[0], p[1], p[2], p[3]);
  CHECK_GATES(gru_forward, -6, 6, p[0], p[1], p[2], p[2]);
  CHECK_GATES(gru_backward, -1, 1, p[0], p[1], p[2], p[3]);
  CHECK_GATES(gru_reset_forward, -6, 6, p[0], p[1], p[2], p[3]);
  CHECK_GATES(gru_candidate_forward, -1, 1, p[0], p[1], p[2], p[3]);
  CHECK_GATES(gru_candidate_forward, -1, 1, p[0], p[1], p[2], p[2]);
  CHECK_GATES(gru_candidate_backward, -1, 1, p[0], p[1], p[2]);
  CHECK_GATES(gru_reset_backward, -1, 1, p[0], p[1], p[2], p[3]);
  CHECK_GATES(rnn_tanh_forward, -6, 6, p[0], p[1]);
  CHECK_GATES(rnn_relu_forward, -6, 6, p[0], p[0]);
  CHECK_GATES(rnn_tanh_backward, -1, 1, p[0], p[1], p[1]);
  CHECK_GATES(rnn_relu_backward, -1, 1, p[0], p[1], p[2]);
}

// tree.h

/// A node above three, each with an input of its own or a shared one.
static void check_trees(void) {
  static const int32_t inputs[] = {0, 1, 1, 0}, child_starts[] = {0, 0, 0, 0, 3};
  static const int32_t children[] = {2, 0, 1}, slots[] = {1, 0, 2};
  for (int level = 0; level < 2; ++level) {
    begin(level ? "tree_lstm, node" : "tree_lstm, leaves");
    for (int s = 0; s < SIZES; ++s) {
      const ptrdiff_t h = sizes[s];
      const struct unroll_tree_nodes nodes = {level ? 3 : 0, level ? 1 : 3, inputs,
                                              child_starts, children, slots};
      // Projections; share; gates, forget; c, tanh c, h, dh, dc and sums.
      for (int backward = 0; backward < 2; ++backward) {
        struct pair pair = make_pair(12 * h, backward ? -1 : -6, backward ? 1 : 6);
        struct pair more = make_pair(4 * h, -1, 1);
        for (int twin = 0; twin < 2; ++twin) {
          float **p = twin ? pair.expected : pair.found, **q = twin ? more.expected : more.found;
          const float *share = level ? p[1] : NULL;
          if (backward) {
            (twin ? unroll_tree_lstm_backward_reference : unroll_tree_lstm_backward)(
                &nodes, h, p[2], p[3], q[0], q[1], q[2], q[3], level ? q[4] : NULL);
          } else {
            (twin ? unroll_tree_lstm_forward_reference : unroll_tree_lstm_forward)(
                &nodes, h, p[0], share, p[2], p[3], q[0], q[1], q[2]);
          }
        }
        compare_pair(pair);
        compare_pair(more);
      }
    }
    end();
  }
  begin("tree_tanh, sum_rows_at");
  for (int s = 0; s < SIZES; ++s) {
    const ptrdiff_t h = sizes[s];
    const struct unroll_tree_nodes nodes = {1, 3, inputs, child_starts, children, slots};
    struct pair pair = make_pair(4 * h, -3, 3);
    for (int twin = 0; twin < 2; ++twin) {
      float **p = twin ? pair.expected : pair.found;
      (twin ? unroll_tree_tanh_forward_reference : unroll_tree_tanh_forward)(&nodes, h, p[0], p[1],
                                                                             p[2]);
      (twin ? unroll_sum_rows_at_reference : unroll_sum_rows_at)(3, children, h, p[3], h, p[4]);
    }
    compare_pair(pair);
  }
  end();
}

// softmax.h

static void check_softmax(void) {
  begin("softmax, log_softmax");
  for (int s = 1; s < SIZES; ++s) {
    const ptrdiff_t rows = 3, n = sizes[s], count = rows * n;
    float *x = random_floats(count, -20, 20), *dy = random_floats(count, -1, 1);
    float *y = copy_of(x, count), *expected = copy_of(x, count);
    unroll_softmax_rows(rows, n, y, y);
    unroll_softmax_rows_reference(rows, n, x, expected);
    compare(y, expected, count, 1e-30, 3e-6);
    unroll_softmax_rows_backward(rows, n, expected, dy, y);
    unroll_softmax_rows_backward_reference(rows, n, expected, dy, expected);
    compare(y, expected, count, 1, 1e-6);
    unroll_log_softmax_rows(rows, n, x, y);
    unroll_log_softmax_rows_reference(rows, n, x, expected);
    compare(y, expected, count, 1, 2e-7);
    memcpy(x, dy, (size_t)count * sizeof *x);
    unroll_log_softmax_rows_backward(rows, n, expected, x, x);
    unroll_log_softmax_rows_backward_reference(rows, n, expected, dy, y);
    compare(x, y, count, 1, 2e-6);
    free(x), free(dy), free(y), free(expected);
  }
  end();
  begin("cross_entropy_rows");
  for (int s = 1; s < SIZES; ++s) {
    const ptrdiff_t rows = 3, n = sizes[s], stride = n + 2, count = rows * stride;
    float *x = random_floats(count, -20, 20), *expected = copy_of(x, count);
    const int32_t targets[] = {0, -1, (int32_t)(n - 1)};
    float losses[3], expected_losses[3];
    for (int gradient = 0; gradient < 2; ++gradient) {
      const float scale = gradient ? 0.25f : 0;
      unroll_cross_entropy_rows(rows, n, x, stride, targets, scale, losses);
      unroll_cross_entropy_rows_reference(rows, n, expected, stride, targets, scale,
                                          expected_losses);
      compare(losses, expected_losses, 3, 1e-30, 1e-6);
      compare(x, expected, count, 1e-30, 3e-6);
    }
    free(x), free(expected);
  }
  end();
}

// reductions.h

static void check_reductions(void) {
  begin("sum, dot, max, argmax, finite");
  for (int s = 0; s < SIZES; ++s) {
    const ptrdiff_t n = sizes[s];
    float *a = random_floats(n, -2, 2), *b = random_floats(n, -2, 2);
    compare_one(unroll_sum(n, a), unroll_sum_reference(n, a), 1, 1e-13, 0, n);
    compare_one(unroll_sum_of_squares(n, a), unroll_sum_of_squares_reference(n, a), 1, 1e-13, 0, n);
    compare_one(unroll_dot(n, a, b), unroll_dot_reference(n, a, b), 1, 1e-13, 0, n);
    require(unroll_max(n, a) == unroll_max_reference(n, a), "max");
    require(unroll_all_finite(n, a), "all_finite");
    if (n > 0) require(unroll_argmax(n, a) == unroll_argmax_reference(n, a), "argmax");
    for (ptrdiff_t i = 0; i < n; ++i) {
      const float old = a[i];
      a[i] = 3;
      require(unroll_argmax(n, a) == i && unroll_max(n, a) == 3, "argmax");
      a[i] = i % 2 ? INFINITY : NAN;
      require(!unroll_all_finite(n, a), "all_finite");
      require(i % 2 || isnan(unroll_max(n, a)), "max of NaN");
      require(unroll_argmax(n, a) == unroll_argmax_reference(n, a), "argmax of NaN");
      a[i] = old;
    }
    free(a), free(b);
  }
  end();
  begin("column_sums");
  for (int s = 0; s < SIZES; ++s) {
    const ptrdiff_t rows = MOST_ROWS, n = sizes[s], stride = n + 3;
    float *x = random_floats(rows * stride, -2, 2), *sums = random_floats(n, -2, 2);
    float *expected = copy_of(sums, n);
    for (int accumulate = 1; accumulate >= 0; --accumulate) {
      unroll_column_sums(rows, n, x, stride, accumulate, sums);
      unroll_column_sums_reference(rows, n, x, stride, accumulate, expected);
      compare(sums, expected, n, 1, 0);
    }
    free(x), free(sums), free(expected);
  }
  end();
  begin("layer_norm_rows, backward");
  for (int s = 1; s < SIZES; ++s) {
    const ptrdiff_t rows = 4, n = sizes[s], count = rows * n;
    float *x = random_floats(count, -1, 3), *gain = random_floats(n, -1, 1);
    float *bias = random_floats(n, -1, 1), *dy = random_floats(count, -1, 1);
    float *found = copy_of(x, count), *expected = copy_of(x, count);
    float statistics[4][4];
    unroll_layer_norm_rows(rows, n, x, gain, bias, 1e-2f, found, statistics[0], statistics[1]);
    unroll_layer_norm_rows_reference(rows, n, x, gain, bias, 1e-2f, expected, statistics[2],
                                     statistics[3]);
    compare(found, expected, count, 1, 1e-6);
    compare(statistics[0], statistics[2], 8, 1, 2e-7);
    float *sums = random_floats(2 * n, 0, 0), *expected_sums = random_floats(2 * n, 0, 0);
    unroll_layer_norm_rows_backward(rows, n, x, gain, statistics[2], statistics[3], dy, found, sums,
                                    sums + n);
    unroll_layer_norm_rows_backward_reference(rows, n, x, gain, statistics[2], statistics[3], dy,
                                              expected, expected_sums, expected_sums + n);
    compare(found, expected, count, 10, 1e-6);
    compare(sums, expected_sums, 2 * n, 1, 1e-6);
    free(x), free(gain), free(bias), free(dy), free(found), free(expected), free(sums);
    free(expected_sums);
  }
  end();
}

// random.h

static void check_random(void) {
  begin("philox");
  const uint64_t firsts[] = {0, 1, 2, 3, 5, 30, 0xFFFFFFFFFull};
  for (int s = 0; s < SIZES; ++s) {
    for (size_t f = 0; f < sizeof firsts / sizeof *firsts; ++f) {
      const ptrdiff_t n = sizes[s];
      const uint64_t key = 0x123456789ABCDEFull, stream = 0xFEDCBA987654321ull, first = firsts[f];
      float *x = random_floats(n, 1, 2), *found = copy_of(x, n), *expected = copy_of(x, n);
      unroll_philox_words(key, stream, first, n, (uint32_t *)found);
      unroll_philox_words_reference(key, stream, first, n, (uint32_t *)expected);
      require(memcmp(found, expected, (size_t)n * sizeof *x) == 0, "words");
      unroll_philox_uniform(key, stream, first, n, found);
      unroll_philox_uniform_reference(key, stream, first, n, expected);
      compare(found, expected, n, 1, 0);
      memcpy(found, x, (size_t)n * sizeof *x);
      unroll_philox_dropout(key, stream, first, n, 0.7f, found, found);
      unroll_philox_dropout_reference(key, stream, first, n, 0.7f, x, expected);
      compare(found, expected, n, 1, 0);
      free(x), free(found), free(expected);
    }
  }
  end();
}

// updates.h

#define CHECK_UPDATE(name, ...)                  \
  do {                                           \
    begin(#name);                                \
    for (int s = 0; s < SIZES; ++s) {            \
      const ptrdiff_t n = sizes[s];              \
      struct pair pair = make_pair(n, 0, 1);     \
      float **p = pair.found;                    \
      unroll_##name(n, __VA_ARGS__);             \
      p = pair.expected;                         \
      unroll_##name##_reference(n, __VA_ARGS__); \
      compare_pair(pair);                        \
    }                                            \
    end();                                       \
  } while (0)

static void check_updates(void) {
  CHECK_UPDATE(sgd_update, 0.1f, 0.5f, 0.01f, p[0], p[1]);
  CHECK_UPDATE(momentum_update, 0.1f, 0.5f, 0.01f, 0.9f, false, p[0], p[1], p[2]);
  CHECK_UPDATE(momentum_update, 0.1f, 0.5f, 0.01f, 0.9f, true, p[0], p[1], p[2]);
  CHECK_UPDATE(adam_update, 0.01f, 0.5f, 0.01f, false, 0.9f, 0.999f, 1e-8f, 3, p[0], p[1], p[2],
               p[3]);
  CHECK_UPDATE(adam_update, 0.01f, 0.5f, 0.01f, true, 0.9f, 0.999f, 1e-8f, 3, p[0], p[1], p[2],
               p[3]);
}

// matrix.h

/// The same product from panels of floats and of halves; `b` becomes multiples of 2^-10.
static void check_half_panels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const float *a,
                              float *b, float *panels) {
  for (ptrdiff_t i = 0; i < columns * depth; ++i) b[i] = roundf(b[i] * 1024) / 1024;
  const size_t count = unroll_panels_count(columns, depth);
  uint16_t *halves = malloc(count * sizeof *halves);
  float *c = random_floats(rows * columns, -1, 1), *expected = copy_of(c, rows * columns);
  unroll_pack_panels(b, depth, 1, columns, depth, panels);
  require(unroll_halve_panels(count, panels, halves), "halves");
  unroll_multiply_panels(rows, columns, depth, a, depth, panels, depth, NULL, true, expected,
                         columns);
  unroll_multiply_half_panels(rows, columns, depth, a, depth, halves, depth, NULL, true, c,
                              columns);
  require(memcmp(c, expected, (size_t)(rows * columns) * sizeof *c) == 0,
          "panels of halves and of floats differ");
  free(halves), free(c), free(expected);
}

static void check_products(void) {
  begin("pack_panels, multiply_panels, multiply_half_panels, multiply");
  const ptrdiff_t rows_of[] = {1, 2, 5, 6, 7, 13}, columns_of[] = {1, 15, 16, 17, 40};
  const ptrdiff_t depth_of[] = {1, 3, 17, 512, 519};
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 5; ++j) {
      for (int k = 0; k < 5; ++k) {
        const ptrdiff_t rows = rows_of[i], columns = columns_of[j], depth = depth_of[k];
        float *a = random_floats(rows * depth, -1, 1), *b = random_floats(columns * depth, -1, 1);
        float *bias = random_floats(columns, -1, 1), *c = random_floats(rows * columns, -1, 1);
        float *expected = copy_of(c, rows * columns), *other = copy_of(c, rows * columns);
        const size_t panels_size =
            (unroll_panels_count(columns, depth) * sizeof(float) + 63) / 64 * 64;
        float *panels = aligned_alloc(64, panels_size);
        float *expected_panels = aligned_alloc(64, panels_size);
        float *workspace =
            aligned_alloc(64, (unroll_multiply_workspace_count() * sizeof(float) + 63) / 64 * 64);
        unroll_pack_panels(b, depth, 1, columns, depth, panels);
        unroll_pack_panels_reference(b, depth, 1, columns, depth, expected_panels);
        require(memcmp(panels, expected_panels,
                       unroll_panels_count(columns, depth) * sizeof(float)) == 0,
                "panels");
        const bool accumulate = (i + j + k) % 2;
        unroll_multiply_reference(rows, columns, depth, a, depth, 1, b, depth, 1, bias, accumulate,
                                  expected, columns);
        unroll_multiply_panels(rows, columns, depth, a, depth, panels, depth, bias, accumulate,
                               c, columns);
        unroll_multiply(rows, columns, depth, unroll_depth_block(depth), a, depth, 1, panels, depth,
                        bias, accumulate, other, columns, workspace);
        compare(c, expected, rows * columns, 1, 2e-5);
        require(memcmp(c, other, (size_t)(rows * columns) * sizeof *c) == 0,
                "multiply and multiply_panels differ");
        check_half_panels(rows, columns, depth, a, b, panels);
        free(a), free(b), free(bias), free(c), free(expected), free(other), free(panels);
        free(expected_panels), free(workspace);
      }
    }
  }
  end();
}

int main(void) {
  for (int isa = UNROLL_ISA_PORTABLE; isa <= UNROLL_ISA_WIDE_TEST; ++isa) {
    if (!unroll_isa_override((unroll_isa)isa)) continue;
    printf("%s: worst difference from the twin, relative\n", unroll_isa_name((unroll_isa)isa));
    random_state = 1;  // the same numbers for each
    check_elementwise();
    check_gates();
    check_softmax();
    check_reductions();
    check_random();
    check_updates();
    check_products();
    check_trees();
  }
  printf("%ld comparisons, %d failures\n", comparisons, failures);
  return failures != 0;
}
