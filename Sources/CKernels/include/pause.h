/// A hint to the processor that this is a spinning wait.
#ifndef UNROLL_PAUSE_H
#define UNROLL_PAUSE_H

static inline void unroll_spin_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

#endif
