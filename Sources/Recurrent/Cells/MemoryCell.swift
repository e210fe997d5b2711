import Tensors

/// A memory cell that adds up what it sees: the lecture's first step from the simple recurrent network
/// to the LSTM (Hochreiter & Schmidhuber 1997).
///
/// ```
/// c_t = c_{t-1} + tanh(W x_t + b)
/// h_t = tanh(c_t)
/// ```
///
/// ∂c_t/∂c_{t-1} is the identity: an error flows back for ever, unchanged. But nothing of h_{t-1} comes
/// in, and nothing is ever forgotten. W is [H, I].
public struct MemoryCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// W [H, I].
  public let weight: Parameter
  /// b [H].
  public let bias: Parameter

  public var parameters: [Parameter] { [weight, bias] }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    weight = Parameter(
      place.name("weight_ih"),
      initialization.input.matrix(outputs: hiddenSize, inputs: inputSize, key: key.child(0)))
    bias = Parameter(place.name("bias_ih"), Tensor(zeros: [hiddenSize]))
  }

  public func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let seen = input.linear(weight.variable(mode), bias: bias.variable(mode)).tanh()
    let c = state.c + seen
    return MemoryState(h: c.tanh(), c: c)
  }
}
