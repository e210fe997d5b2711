import Tensors

/// The cells that a model can be asked for by name.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  /// Elman's network with tanh.
  case rnn
  /// Elman's network with the rectifier.
  case rnnReLU = "rnn-relu"
  /// The long short-term memory.
  case lstm
  /// The gated recurrent unit, reset after the product (PyTorch's).
  case gru
  /// The gated recurrent unit, reset before the product (Cho et al. 2014).
  case gruResetBefore = "gru-reset-before"

  /// A cell of this kind.
  public func makeCell(
    inputSize: Int, hiddenSize: Int, prefix: String, layer: Int,
    initialization: GateParameters.Initialization, key: RandomKey
  ) -> AnyCell {
    switch self {
    case .rnn, .rnnReLU:
      AnyCell(
        ElmanCell(
          inputSize: inputSize, hiddenSize: hiddenSize, activation: self == .rnn ? .tanh : .relu,
          prefix: prefix, layer: layer, initialization: initialization, key: key))
    case .lstm:
      AnyCell(
        LSTMCell(
          inputSize: inputSize, hiddenSize: hiddenSize, prefix: prefix, layer: layer,
          initialization: initialization, key: key))
    case .gru, .gruResetBefore:
      AnyCell(
        GRUCell(
          inputSize: inputSize, hiddenSize: hiddenSize,
          reset: self == .gru ? .afterProduct : .beforeProduct, prefix: prefix, layer: layer,
          initialization: initialization, key: key))
    }
  }
}
