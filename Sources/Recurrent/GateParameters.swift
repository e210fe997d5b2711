import Tensors

/// The four tensors of a recurrent layer, named and laid out as PyTorch's: W_ih [G·H, I],
/// W_hh [G·H, H] and the biases b_ih, b_hh [G·H], for G gates.
public struct GateParameters: Module {
  /// W_ih [G·H, I], from the input.
  public let inputWeight: Parameter
  /// W_hh [G·H, H], from the state.
  public let recurrentWeight: Parameter
  /// b_ih [G·H].
  public let inputBias: Parameter
  /// b_hh [G·H].
  public let recurrentBias: Parameter

  public var parameters: [Parameter] { [inputWeight, recurrentWeight, inputBias, recurrentBias] }

  /// How a layer starts.
  public struct Initialization: Sendable {
    /// Of W_ih.
    public var input: Initializer
    /// Of W_hh.
    public var recurrent: Initializer
    /// Of an LSTM's forget gate, so that it remembers before it has learned to (Gers et al. 2000;
    /// Józefowicz et al. 2015). All other biases start at zero.
    public var forgetBias: Float

    /// Glorot from the input, orthogonal from the state, forget bias 1.
    public init(
      input: Initializer = .glorot, recurrent: Initializer = .orthogonal, forgetBias: Float = 1
    ) {
      self.input = input
      self.recurrent = recurrent
      self.forgetBias = forgetBias
    }
  }

  /// Parameters of layer `layer`, named `prefix.weight_ih_l0` and so on.
  public init(
    gates: Int, inputSize: Int, hiddenSize: Int, prefix: String, layer: Int,
    initialization: Initialization, key: RandomKey
  ) {
    let size = gates * hiddenSize
    inputWeight = Parameter(
      "\(prefix).weight_ih_l\(layer)",
      initialization.input.matrix(
        gates: gates, outputs: hiddenSize, inputs: inputSize, key: key.child(0)))
    recurrentWeight = Parameter(
      "\(prefix).weight_hh_l\(layer)",
      initialization.recurrent.matrix(
        gates: gates, outputs: hiddenSize, inputs: hiddenSize, key: key.child(1)))
    inputBias = Parameter("\(prefix).bias_ih_l\(layer)", Tensor(zeros: [size]))
    recurrentBias = Parameter("\(prefix).bias_hh_l\(layer)", Tensor(zeros: [size]))
  }

  /// The operands of a run, in the order of `parameters`.
  func variables(_ mode: Mode) -> [Variable] { parameters.map { $0.variable(mode) } }
}

/// b_ih + b_hh, the bias of cells that add both at the same place.
func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
  Tensor(shape: a.shape) { sum in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for i in sum.indices { sum[i] = a[i] + b[i] }
      }
    }
  }
}
