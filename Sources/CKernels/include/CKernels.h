/// The arithmetic of Unroll: matrix products, gate functions, softmax and friends, in C.
///
/// Rules every kernel keeps:
/// - No allocation, no threads, no global mutable state. The caller owns every buffer.
/// - Matrices are row-major floats. Unless a stride is a parameter, rows are contiguous.
/// - Shapes in the field's letters: H hidden units, V vocabulary, rows = sequences of a batch.
/// - The value of an element never depends on where it stands in the array, on how many rows are
///   processed together, or on alignment: a batch of N gives the bits of N batches of one.
/// - Every reduction has one fixed order, so results do not depend on how work was split.
///
/// Each kernel has a plain C twin, `NAME_reference`, which is the readable definition.
#ifndef UNROLL_CKERNELS_H
#define UNROLL_CKERNELS_H

#include "attention.h"
#include "elementwise.h"
#include "gates.h"
#include "isa.h"
#include "lstm_variant.h"
#include "matrix.h"
#include "processor.h"
#include "random.h"
#include "reductions.h"
#include "softmax.h"
#include "tree.h"
#include "updates.h"

#endif
