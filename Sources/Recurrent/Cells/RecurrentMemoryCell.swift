import Tensors

/// A memory cell that sees its own output: the lecture's second step to the LSTM.
///
/// ```
/// c_t = c_{t-1} + tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
/// h_t = tanh(c_t)
/// ```
///
/// ∂c_t/∂c_{t-1} is the identity and a little more, "almost constant". W_ih is [H, I], W_hh [H, H].
public struct RecurrentMemoryCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters

  public var parameters: [Parameter] { gates.parameters }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    gates = GateParameters(
      gates: 1, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
      initialization: initialization, key: key)
  }

  public func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let c = state.c + gates.sum(input, state.h, mode).tanh()
    return MemoryState(h: c.tanh(), c: c)
  }
}

extension GateParameters {
  /// W_ih x_t + b_ih + W_hh h_{t-1} + b_hh from plain operations: [B, I] and [B, P] to [B, G·H].
  func sum(_ input: Variable, _ h: Variable, _ mode: Mode) -> Variable {
    let weights = variables(mode)
    return input.linear(weights[0], bias: weights[2]) + h.linear(weights[1], bias: weights[3])
  }
}
