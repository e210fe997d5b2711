import Tensors

/// Which way a layer reads a sequence.
public enum Direction: Sendable, CaseIterable {
  /// From the first step to the last.
  case forward
  /// From each sequence's own last step to the first.
  case reverse
}

/// Where a cell stands in a stack, which gives its parameters PyTorch's names.
public struct LayerPlace: Sendable, Hashable {
  /// What the names begin with.
  public var prefix: String
  /// From 0, the lowest.
  public var layer: Int
  /// Which way it reads.
  public var direction: Direction

  /// The lowest layer, forward, unless told otherwise.
  public init(prefix: String = "rnn", layer: Int = 0, direction: Direction = .forward) {
    self.prefix = prefix
    self.layer = layer
    self.direction = direction
  }

  /// `rnn.weight_ih_l0` of `weight_ih`; `rnn.weight_ih_l0_reverse` in the other direction.
  public func name(_ kind: String) -> String {
    "\(prefix).\(kind)_l\(layer)\(direction == .reverse ? "_reverse" : "")"
  }
}

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

  /// The share of W_hh that is dropped while training, one mask for a whole run (Merity et al. 2018).
  public var weightDropout: Float = 0

  public var parameters: [Parameter] { [inputWeight, recurrentWeight, inputBias, recurrentBias] }

  /// How a layer starts.
  public struct Initialization: Sendable, Equatable {
    /// Of W_ih.
    public var input: Initializer
    /// Of W_hh.
    public var recurrent: Initializer
    /// Of an LSTM's forget gate, so that it remembers before it has learned to (Gers et al. 2000;
    /// Józefowicz et al. 2015). All other biases start at zero.
    public var forgetBias: Float

    /// Glorot from the input, orthogonal from the state, forget bias 1.
    public init(
      input: Initializer = .glorot, recurrent: Initializer = .orthogonal(), forgetBias: Float = 1
    ) {
      self.input = input
      self.recurrent = recurrent
      self.forgetBias = forgetBias
    }
  }

  /// Parameters named `rnn.weight_ih_l0` and so on. `outputSize` is H unless the outputs are
  /// projected: then W_hh is [G·H, P].
  public init(
    gates: Int, inputSize: Int, hiddenSize: Int, outputSize: Int? = nil, place: LayerPlace,
    initialization: Initialization, key: RandomKey
  ) {
    let size = gates * hiddenSize
    inputWeight = Parameter(
      place.name("weight_ih"),
      initialization.input.matrix(
        gates: gates, outputs: hiddenSize, inputs: inputSize, key: key.child(0)))
    recurrentWeight = Parameter(
      place.name("weight_hh"),
      initialization.recurrent.matrix(
        gates: gates, outputs: hiddenSize, inputs: outputSize ?? hiddenSize, key: key.child(1)))
    inputBias = Parameter(place.name("bias_ih"), Tensor(zeros: [size]))
    recurrentBias = Parameter(place.name("bias_hh"), Tensor(zeros: [size]))
  }

  /// The operands of a run, in the order of `parameters`; in training W_hh has its dropout.
  func variables(_ mode: Mode) -> [Variable] {
    var variables = parameters.map { $0.variable(mode) }
    // The index only keeps this mask apart from others drawn from the same mode.
    variables[1] = variables[1].dropout(weightDropout, mode: mode.child(-1))
    return variables
  }

  /// Sets the biases b_ih of gate `gate`, of `size` units.
  func setBias(ofGate gate: Int, _ size: Int, to value: Float) {
    var bias = inputBias.value
    bias.withUnsafeMutableBufferPointer {
      $0[gate * size..<(gate + 1) * size].update(repeating: value)
    }
    inputBias.value = bias
  }
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
