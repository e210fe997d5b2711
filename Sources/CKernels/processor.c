// Where threads run. Linux tells and can be asked; other systems place threads on their own.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif

#include "include/processor.h"

#if defined(__linux__)

int unroll_processor(void) { return sched_getcpu(); }

bool unroll_leave_processors(const int *taken, ptrdiff_t count) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return false;
  cpu_set_t wanted = allowed;
  for (ptrdiff_t i = 0; i < count; i++) {
    if (taken[i] >= 0 && taken[i] < CPU_SETSIZE) CPU_CLR(taken[i], &wanted);
  }
  if (CPU_COUNT(&wanted) == 0 || sched_setaffinity(0, sizeof wanted, &wanted) != 0) return false;
  return sched_setaffinity(0, sizeof allowed, &allowed) == 0;
}

#else

int unroll_processor(void) { return -1; }

bool unroll_leave_processors(const int *taken, ptrdiff_t count) {
  (void)taken;
  (void)count;
  return false;
}

#endif
