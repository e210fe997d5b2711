/// Headers of others that bodies need, included before a target attribute applies, so that their
/// inline functions stay as they are.
#ifndef UNROLL_KERNEL_HEADERS_H
#define UNROLL_KERNEL_HEADERS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#endif
