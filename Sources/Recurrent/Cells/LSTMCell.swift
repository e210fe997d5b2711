import CKernels
import Tensors

/// The long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al.
/// 2000).
///
/// ```
/// i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)        input gate
/// f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)        forget gate
/// g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)     candidate
/// o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)        output gate
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
/// h_t = o_t ⊙ tanh(c_t)
/// ```
///
/// The gates lie in the order i, f, g, o, so W_ih is [4H, I] and W_hh [4H, H], as in PyTorch. The
/// memory is added to, not multiplied through a matrix, so the error that flows back along it fades
/// no faster than the forget gates say. Dropout goes between layers, in the stack; what may be dropped
/// in the recurrence is said by ``RecurrentDropout``.
public struct LSTMCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters

  public var parameters: [Parameter] { gates.parameters }

  /// A cell that stands at `place`, its forget bias in b_ih.
  public init(
    inputSize: Int, hiddenSize: Int, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    gates = GateParameters(
      gates: 4, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
      initialization: initialization, key: key)
    gates.setBias(ofGate: 1, hiddenSize, to: initialization.forgetBias)
  }

  public func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    guard gates.isPrediction(input, state.parts, mode) else {
      return run(input.asOneStep(), lengths: nil, from: state, mode: mode).state
    }
    let batch = input.shape[0]
    let activations = Tensor(uninitialized: [batch, 4 * hiddenSize])
    let (h, c) = (
      Tensor(uninitialized: [batch, hiddenSize]), Tensor(uninitialized: [batch, hiddenSize])
    )
    multiplyStep(
      rows: batch, x: input.value, gates.inputWeight.packed(.forward),
      inputBias: sum(gates.inputBias.value, gates.recurrentBias.value), into: activations,
      h: state.h.value, gates.recurrentWeight.packed(.forward), into: activations)
    unroll_lstm_forward(
      batch, hiddenSize, activations.sharedPointer, state.c.value.sharedPointer, c.sharedPointer,
      nil, h.sharedPointer)
    withExtendedLifetime(activations) {}
    return MemoryState(h: Variable(h), c: Variable(c))
  }

  public func branch(
    _ input: [SelectedRows], from state: MemoryState, _ parents: RowSelection
  ) -> MemoryState {
    let (count, size) = (parents.rows.count, hiddenSize)
    let (h, c) = (Tensor(uninitialized: [count, size]), Tensor(uninitialized: [count, size]))
    let before = state.c.value
    let products = BranchProducts(
      input, gates.inputWeight.packed(.forward),
      inputBias: sum(gates.inputBias.value, gates.recurrentBias.value), h: state.h, parents,
      gates.recurrentWeight.packed(.forward))
    products.forEachRow { m, gates in
      products.sumAll(m, into: gates)
      unroll_lstm_forward(
        1, size, gates, before.sharedPointer.row(Int(parents.rows[m]), size),
        c.sharedPointer.row(m, size), nil, h.sharedPointer.row(m, size))
    }
    withExtendedLifetime(before) {}
    return MemoryState(h: Variable(h), c: Variable(c))
  }

  public func run(_ inputs: Variable, lengths: [Int32]?, from state: MemoryState?, mode: Mode)
    -> (outputs: Variable, state: MemoryState)
  {
    let results = runLSTM(
      inputs, lengths: lengths, h: state?.h, c: state?.c, gates.variables(mode))
    return (results[0], MemoryState(h: results[1], c: results[2]))
  }
}
