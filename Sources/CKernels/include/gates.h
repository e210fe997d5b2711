/// Gate functions of the recurrent cells, one time step for `rows` sequences of a batch, forward
/// and backward. Every matrix is contiguous: states [rows, H], LSTM gates [rows, 4H] in the order
/// i, f, g, o, GRU gates [rows, 3H] in the order r, z, n (PyTorch's orders). σ is the logistic
/// function. No two arguments may alias unless a line says so.
#ifndef UNROLL_GATES_H
#define UNROLL_GATES_H

#include <stddef.h>

// LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000)

/// i = σ(i), f = σ(f), g = tanh(g), o = σ(o);  c = f ⊙ c_prev + i ⊙ g;  h = o ⊙ tanh(c)
/// gates: in the pre-activations, out the activations. tanh_c receives tanh(c) for the backward
/// pass, or is NULL. c may be c_prev (then the step is in place).
void unroll_lstm_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                         float *c, float *tanh_c, float *h);

/// gates: in the activations, out the gradients of the pre-activations.
/// dh = ∂L/∂h_t in full. dc: in ∂L/∂c_t from later steps, out ∂L/∂c_{t-1}.
///   dc += dh ⊙ o ⊙ (1 - tanh²c);  do = dh ⊙ tanh c · o(1-o);  di = dc ⊙ g · i(1-i)
///   df = dc ⊙ c_prev · f(1-f);    dg = dc ⊙ i · (1-g²);        dc_prev = dc ⊙ f
void unroll_lstm_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *c_prev,
                          const float *tanh_c, const float *dh, float *dc);

// GRU, reset after the product (cuDNN, PyTorch)

/// r = σ(gx_r + gh_r), z = σ(gx_z + gh_z), n = tanh(gx_n + r ⊙ gh_n), h = (1-z) ⊙ n + z ⊙ h_prev
/// gx: in the input's share of the pre-activations (with its bias), out the activations r, z, n.
/// gh: the state's share (with its bias); its n part is needed by the backward pass.
/// h may be h_prev.
void unroll_gru_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gx, const float *gh,
                        const float *h_prev, float *h);

/// gates: in the activations r, z, n, out the gradient of gx. gh: in as in the forward pass (only
/// its n part is read), out the gradient of gh. dh: in ∂L/∂h_t, out the part of ∂L/∂h_{t-1} that
/// bypasses the product, dh ⊙ z.
void unroll_gru_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, float *gh,
                         const float *h_prev, float *dh);

// GRU, reset before the product (Cho et al. 2014, the lecture's)

/// First half: gates holds gx (in) and r, z (out; its n part stays the input's share). gh_rz
/// [rows, 2H] is the state's share of r and z. reset_h = r ⊙ h_prev goes into the second product.
void unroll_gru_reset_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates, const float *gh_rz,
                              const float *h_prev, float *reset_h);
/// Second half: n = tanh(gx_n + gh_n), h = (1-z) ⊙ n + z ⊙ h_prev. gh_n [rows, H] is the product of
/// reset_h. h may be h_prev.
void unroll_gru_candidate_forward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                  const float *gh_n, const float *h_prev, float *h);
/// Backward of the second half: gates' z and n parts: in activations, out gradients of the
/// pre-activations (r stays). dh: in ∂L/∂h_t, out dh ⊙ z.
void unroll_gru_candidate_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                   const float *h_prev, float *dh);
/// Backward of the first half: d_reset_h [rows, H] is the gradient of reset_h. gates' r part: in
/// the activation, out the gradient of its pre-activation. dh += d_reset_h ⊙ r.
void unroll_gru_reset_backward(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                               const float *d_reset_h, const float *h_prev, float *dh);

// Elman RNN (Elman 1990)

/// h = tanh(pre) or max(pre, 0); h may be pre.
void unroll_rnn_tanh_forward(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h);
void unroll_rnn_relu_forward(ptrdiff_t rows, ptrdiff_t hidden, const float *pre, float *h);
/// dpre = dh ⊙ (1 - h²), or dh where h > 0 and 0 elsewhere; dpre may be dh.
void unroll_rnn_tanh_backward(ptrdiff_t rows, ptrdiff_t hidden, const float *h, const float *dh,
                              float *dpre);
void unroll_rnn_relu_backward(ptrdiff_t rows, ptrdiff_t hidden, const float *h, const float *dh,
                              float *dpre);

void unroll_lstm_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                   const float *c_prev, float *c, float *tanh_c, float *h);
void unroll_lstm_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                    const float *c_prev, const float *tanh_c, const float *dh,
                                    float *dc);
void unroll_gru_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gx, const float *gh,
                                  const float *h_prev, float *h);
void unroll_gru_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates, float *gh,
                                   const float *h_prev, float *dh);
void unroll_gru_reset_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                        const float *gh_rz, const float *h_prev, float *reset_h);
void unroll_gru_candidate_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                            const float *gh_n, const float *h_prev, float *h);
void unroll_gru_candidate_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                             const float *h_prev, float *dh);
void unroll_gru_reset_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, float *gates,
                                         const float *d_reset_h, const float *h_prev, float *dh);
void unroll_rnn_tanh_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *pre,
                                       float *h);
void unroll_rnn_relu_forward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *pre,
                                       float *h);
void unroll_rnn_tanh_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *h,
                                        const float *dh, float *dpre);
void unroll_rnn_relu_backward_reference(ptrdiff_t rows, ptrdiff_t hidden, const float *h,
                                        const float *dh, float *dpre);

#endif
