// The choice of the instruction set.
#include "include/isa.h"

#include <stdatomic.h>

#include "kernel_table.h"

static const struct kernel_table *table_of(unroll_isa isa) {
  switch (isa) {
    case UNROLL_ISA_PORTABLE:
      return &unroll_kernels_portable;
#if defined(__x86_64__)
    case UNROLL_ISA_AVX2:
    case UNROLL_ISA_WIDE_TEST: {
      if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
          !__builtin_cpu_supports("f16c")) {
        return NULL;
      }
      return isa == UNROLL_ISA_AVX2 ? &unroll_kernels_avx2 : &unroll_kernels_wide_test;
    }
    case UNROLL_ISA_AVX512: {
      const bool supported = __builtin_cpu_supports("avx512f") &&
                             __builtin_cpu_supports("avx512vl") &&
                             __builtin_cpu_supports("avx512dq") &&
                             __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                             __builtin_cpu_supports("f16c");
      return supported ? &unroll_kernels_avx512 : NULL;
    }
#elif defined(__aarch64__)
    case UNROLL_ISA_NEON:
      return &unroll_kernels_neon;
#endif
    default:
      return NULL;
  }
}

// The one piece of shared state: it goes from NULL to the best table, and every thread that looks
// finds the same one.
static _Atomic(const struct kernel_table *) table_in_use;

// What this thread pinned instead, or NULL.
static _Thread_local const struct kernel_table *pinned_table;

static const struct kernel_table *choose_best(void) {
  static const unroll_isa best_first[] = {UNROLL_ISA_AVX512, UNROLL_ISA_AVX2, UNROLL_ISA_NEON};
  const struct kernel_table *best = &unroll_kernels_portable;
  for (size_t i = 0; i < sizeof best_first / sizeof *best_first; ++i) {
    const struct kernel_table *table = table_of(best_first[i]);
    if (table) {
      best = table;
      break;
    }
  }
  atomic_store_explicit(&table_in_use, best, memory_order_release);
  return best;
}

const struct kernel_table *unroll_kernels(void) {
  if (__builtin_expect(pinned_table != NULL, 0)) return pinned_table;
  const struct kernel_table *table = atomic_load_explicit(&table_in_use, memory_order_acquire);
  return __builtin_expect(table != NULL, 1) ? table : choose_best();
}

unroll_isa unroll_isa_current(void) {
  const struct kernel_table *table = unroll_kernels();
  unroll_isa isa = UNROLL_ISA_PORTABLE;
  for (unroll_isa i = UNROLL_ISA_PORTABLE; i <= UNROLL_ISA_WIDE_TEST; ++i) {
    if (table_of(i) == table) isa = i;
  }
  return isa;
}

bool unroll_isa_available(unroll_isa isa) { return table_of(isa) != NULL; }

bool unroll_isa_override(unroll_isa isa) {
  const struct kernel_table *table = table_of(isa);
  if (!table) return false;
  pinned_table = table;
  return true;
}

const char *unroll_isa_name(unroll_isa isa) {
  switch (isa) {
    case UNROLL_ISA_AVX2:
      return "AVX2";
    case UNROLL_ISA_AVX512:
      return "AVX-512";
    case UNROLL_ISA_NEON:
      return "NEON";
    case UNROLL_ISA_WIDE_TEST:
      return "16 wide on AVX2";
    default:
      return "portable";
  }
}

double unroll_peak_multiply_add(long iterations, float *sink) {
  return unroll_kernels()->isa.peak_multiply_add(iterations, sink);
}
