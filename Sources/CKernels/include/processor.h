/// The processor that the calling thread runs on: what a team of threads asks of the machine.
#ifndef UNROLL_PROCESSOR_H
#define UNROLL_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>

/// A hint to the processor that this is a spinning wait.
static inline void unroll_spin_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

/// The number of the processor that the calling thread runs on, -1 where the system does not tell.
int unroll_processor(void);

/// Moves the calling thread to a processor that it may run on and that is not among the `count` numbers
/// at `taken`. Where it may run stays as it was: the system can move it again. False when there is none.
bool unroll_leave_processors(const int *taken, ptrdiff_t count);

#endif
