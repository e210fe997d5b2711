import Tensors

/// A memory cell that can forget and ignore: the lecture's third step, one gate short of the LSTM.
///
/// ```
/// i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)        input gate
/// f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)        forget gate
/// g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)     candidate
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
/// h_t = tanh(c_t)
/// ```
///
/// The gates lie in the order i, f, g, so W_ih is [3H, I] and W_hh [3H, H].
public struct GatedMemoryCell: Cell {
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
      gates: 3, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
      initialization: initialization, key: key)
    gates.setBias(ofGate: 1, hiddenSize, to: initialization.forgetBias)
  }

  public func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    let gate = gates.sum(input, state.h, mode).split(into: 3, axis: 1)
    let (i, f, g) = (gate[0].sigmoid(), gate[1].sigmoid(), gate[2].tanh())
    let c = f * state.c + i * g
    return MemoryState(h: c.tanh(), c: c)
  }
}
