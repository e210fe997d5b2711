import Tensors

/// The simple recurrent network (Elman 1990).
///
/// ```
/// h_t = g(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh),   g = tanh or max(·, 0)
/// ```
///
/// W_ih is [H, I], W_hh [H, H], as in PyTorch. Going back k steps multiplies a gradient by W_hhᵀ and
/// g′ k times, so it vanishes or explodes at the rate of the spectrum of W_hh: start from an
/// orthogonal matrix (the default) or, with the rectifier, from the identity (Le et al. 2015).
public struct ElmanCell: Cell {
  /// g.
  public enum Activation: Sendable {
    /// The hyperbolic tangent.
    case tanh
    /// max(x, 0).
    case relu
  }

  public let inputSize: Int
  public let hiddenSize: Int
  /// g.
  public let activation: Activation
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters

  /// What the regulariser Ω of Pascanu et al. (2013) counts in training: it keeps errors from fading on
  /// their way back.
  public var vanishingGradientPenalty: Float = 0

  public var parameters: [Parameter] { gates.parameters }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, activation: Activation = .tanh,
    place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.activation = activation
    gates = GateParameters(
      gates: 1, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
      initialization: initialization, key: key)
  }

  public func step(_ input: Variable, _ state: HiddenState, mode: Mode) -> HiddenState {
    guard gates.isPrediction(input, state.parts, mode) else {
      return run(input.asOneStep(), lengths: nil, from: state, mode: mode).state
    }
    let batch = input.shape[0]
    let h = Tensor(uninitialized: [batch, hiddenSize])
    multiplyStep(
      rows: batch, x: input.value, gates.inputWeight.packed(.forward),
      inputBias: sum(gates.inputBias.value, gates.recurrentBias.value), into: h,
      h: state.h.value, gates.recurrentWeight.packed(.forward), into: h)
    activation.apply(rows: batch, hiddenSize, h.sharedPointer)
    return HiddenState(h: Variable(h))
  }

  public func branch(
    _ input: [SelectedRows], from state: HiddenState, _ parents: RowSelection
  ) -> HiddenState {
    let h = Tensor(uninitialized: [parents.rows.count, hiddenSize])
    let products = BranchProducts(
      input, gates.inputWeight.packed(.forward),
      inputBias: sum(gates.inputBias.value, gates.recurrentBias.value), h: state.h, parents,
      gates.recurrentWeight.packed(.forward))
    products.forEachRow { m, _ in
      let row = h.sharedPointer.row(m, hiddenSize)
      products.sumAll(m, into: row)
      activation.apply(rows: 1, hiddenSize, row)
    }
    return HiddenState(h: Variable(h))
  }

  public func run(_ inputs: Variable, lengths: [Int32]?, from state: HiddenState?, mode: Mode)
    -> (outputs: Variable, state: HiddenState)
  {
    let results = runElman(
      inputs, lengths: lengths, h: state?.h, gates.variables(mode), activation,
      vanishingPenalty: vanishingGradientPenalty)
    return (results[0], HiddenState(h: results[1]))
  }
}
