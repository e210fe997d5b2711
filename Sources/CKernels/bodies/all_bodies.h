// Every kernel body, and the table of them. Included once by each isa_*.c, which defines
// UNROLL_WIDTH, UNROLL_FMA and UNROLL_TABLE, the name of its table.
#include "../kernel_table.h"
#include "../matrix_blocks.h"
#include "../vector.h"

// Vectors wider than a register have no settled calling convention. Functions that take or return
// them are all inlined.
#pragma clang diagnostic ignored "-Wpsabi"

// clang-format off: what each builds on comes first
#include "isa_body.h"
#include "tile_body.h"
#include "pack_body.h"
#include "matrix_body.h"
#include "some_body.h"
#include "math_body.h"
#include "lanes_body.h"
#include "elementwise_body.h"
#include "gates_body.h"
#include "lstm_variant_body.h"
#include "tree_body.h"
#include "attention_body.h"
#include "softmax_body.h"
#include "reductions_body.h"
#include "random_body.h"
#include "updates_body.h"
// clang-format on

const struct kernel_table UNROLL_TABLE = {
  .isa = ISA_KERNELS,
  .matrix = MATRIX_KERNELS,
  .elementwise = ELEMENTWISE_KERNELS,
  .gates = GATES_KERNELS,
  .lstm_variant = LSTM_VARIANT_KERNELS,
  .tree = TREE_KERNELS,
  .attention = ATTENTION_KERNELS,
  .softmax = SOFTMAX_KERNELS,
  .reductions = REDUCTIONS_KERNELS,
  .random = RANDOM_KERNELS,
  .updates = UPDATES_KERNELS,
};
