// Every kernel body, and the table of them. Included once by each isa_*.c, which defines
// UNROLL_WIDTH, UNROLL_FMA and UNROLL_TABLE, the name of its table.
#include "../kernel_table.h"
#include "../vector.h"

#include "isa_body.h"

const struct kernel_table UNROLL_TABLE = {
  .isa = ISA_KERNELS,
};
