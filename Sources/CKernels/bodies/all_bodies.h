// Every kernel body, and the table of them. Included once by each isa_*.c, which defines
// UNROLL_WIDTH, UNROLL_FMA and UNROLL_TABLE, the name of its table.
#include "../kernel_table.h"
#include "../matrix_blocks.h"
#include "../vector.h"

#include "isa_body.h"
// clang-format off: tiles, then packing into them, then products
#include "tile_body.h"
#include "pack_body.h"
#include "matrix_body.h"
// clang-format on

const struct kernel_table UNROLL_TABLE = {
  .isa = ISA_KERNELS,
  .matrix = MATRIX_KERNELS,
};
