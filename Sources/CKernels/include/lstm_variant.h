/// The LSTM in two halves, for its options: peepholes, an input gate coupled to the forget gate,
/// normalisation of the memory between the halves, and dropout of the candidate. One time step for
/// `rows` sequences; matrices as in gates.h, with gates [rows, 4H] in the order i, f, g, o, or
/// [rows, 3H] in the order f, g, o where `coupled`. No two arguments may alias unless a line says so.
#ifndef UNROLL_LSTM_VARIANT_H
#define UNROLL_LSTM_VARIANT_H

#include <stdbool.h>
#include <stddef.h>

/// f = σ(f + p_f ⊙ c_prev);  i = σ(i + p_i ⊙ c_prev), or 1 - f where coupled;  g = tanh(g)
/// c = f ⊙ c_prev + i ⊙ g ⊙ candidate_scale
/// gates: in the pre-activations, out the activations; the o part is left. peepholes: a row of H for
/// each gate, placed as the gates are (that of g is not read), or NULL for none. candidate_scale
/// [rows, H], or NULL for ones. c may be c_prev.
void unroll_lstm_memory_forward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                const float *peepholes, const float *candidate_scale,
                                const float *c_prev, float *c);
/// gates: in the activations and, in the o part, the gradient of its pre-activation; out the gradients
/// of all pre-activations. dc: in ∂L/∂c_t but for the peephole of o, which is added here; out
/// ∂L/∂c_{t-1}.
void unroll_lstm_memory_backward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                 const float *peepholes, const float *candidate_scale,
                                 const float *c_prev, float *dc);

/// o = σ(o + p_o ⊙ c);  squashed = tanh(read);  h = o ⊙ squashed
/// read is c or what normalising made of it; squashed may be read.
void unroll_lstm_output_forward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                const float *peepholes, const float *c, const float *read,
                                float *squashed, float *h);
/// The o part of gates: in the activation, out the gradient of its pre-activation.
/// d_read = dh ⊙ o ⊙ (1 - squashed²)
void unroll_lstm_output_backward(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                 const float *squashed, const float *dh, float *d_read);

void unroll_lstm_memory_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                const float *peepholes, const float *candidate_scale,
                                const float *c_prev, float *c);
void unroll_lstm_memory_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                 const float *peepholes, const float *candidate_scale,
                                 const float *c_prev, float *dc);
void unroll_lstm_output_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                const float *peepholes, const float *c, const float *read,
                                float *squashed, float *h);
void unroll_lstm_output_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, bool coupled, float *gates,
                                 const float *squashed, const float *dh, float *d_read);

#endif
