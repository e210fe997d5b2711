import Tensors

/// The LSTM with options, each of which is a published variant (compared by Greff et al. 2017).
public struct LSTMVariant: Sendable, Hashable {
  /// The gates see the memory (Gers & Schmidhuber 2000).
  public var hasPeepholes: Bool
  /// The input gate is 1 - f (Greff et al. 2017).
  public var isCoupled: Bool
  /// Layer normalisation of both products and of the memory (Ba, Kiros & Hinton 2016).
  public var isNormalized: Bool
  /// P, the features to which the outputs are projected (Sak, Senior & Beaufays 2014); nil for none.
  public var projection: Int?

  /// A variant; the plain LSTM unless told otherwise.
  public init(
    hasPeepholes: Bool = false, isCoupled: Bool = false, isNormalized: Bool = false,
    projection: Int? = nil
  ) {
    self.hasPeepholes = hasPeepholes
    self.isCoupled = isCoupled
    self.isNormalized = isNormalized
    self.projection = projection
  }

  /// G, the blocks of H rows in the matrices.
  var gateCount: Int { isCoupled ? 3 : 4 }
}

/// The long short-term memory with any of its options; see ``LSTMCell`` for the plain one.
///
/// ```
/// a_t = W_ih x_t + W_hh h_{t-1} + b_ih + b_hh
///     or LN(W_ih x_t; γ_ih) + LN(W_hh h_{t-1}; γ_hh) + b_ih + b_hh       normalised
/// i_t = σ(a_i + p_i ⊙ c_{t-1})        or 1 - f_t                         coupled
/// f_t = σ(a_f + p_f ⊙ c_{t-1})
/// g_t = tanh(a_g)
/// c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
/// o_t = σ(a_o + p_o ⊙ c_t)
/// m_t = o_t ⊙ tanh(c_t)               or o_t ⊙ tanh(LN(c_t; γ_c, β_c))   normalised
/// h_t = m_t                           or W_hr m_t                        projected
/// ```
///
/// p are the peepholes, LN(a; γ, β) = γ ⊙ (a - mean a)/√(var a + 10⁻⁵) + β over a whole vector. The
/// gates lie in the order i, f, g, o (f, g, o when coupled), so W_ih is [G·H, I], W_hh [G·H, P] and
/// W_hr [P, H]; h is [B, P], c [B, H]. The projected LSTM is PyTorch's `proj_size`, its tensors named
/// alike. Peepholes start at zero, gains at one.
///
/// The cell's own dropout acts on the candidate g_t alone, so that nothing that is remembered is ever
/// lost (Semeniuta, Severyn & Barth 2016); the mask is one for all steps of a run. See
/// ``RecurrentDropout`` for what else may be dropped.
public struct LSTMVariantCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// Which options it has.
  public let variant: LSTMVariant
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters
  /// p [G, H], a row for each gate in their order; that of g is zero and stays so.
  public let peepholes: Parameter?
  /// W_hr [P, H].
  public let projection: Parameter?
  /// γ_ih [G·H], γ_hh [G·H], γ_c [H], β_c [H].
  public let norms: [Parameter]
  /// The share of the candidate's features that is dropped while training.
  public var candidateDropout: Float = 0

  public var outputSize: Int { variant.projection ?? hiddenSize }

  public var parameters: [Parameter] {
    gates.parameters + [projection, peepholes].compactMap { $0 } + norms
  }

  /// A cell that stands at `place`, its forget bias in b_ih.
  public init(
    inputSize: Int, hiddenSize: Int, variant: LSTMVariant, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    precondition(
      variant.projection.map { (1...hiddenSize).contains($0) } ?? true,
      "a projection to \(variant.projection ?? 0) features of \(hiddenSize) units")
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.variant = variant
    let size = variant.gateCount * hiddenSize
    gates = GateParameters(
      gates: variant.gateCount, inputSize: inputSize, hiddenSize: hiddenSize,
      outputSize: variant.projection, place: place, initialization: initialization, key: key)
    gates.setBias(
      ofGate: variant.isCoupled ? 0 : 1, hiddenSize, to: initialization.forgetBias)
    projection = variant.projection.map { size in
      Parameter(
        place.name("weight_hr"),
        initialization.input.matrix(outputs: size, inputs: hiddenSize, key: key.child(2)))
    }
    peepholes =
      variant.hasPeepholes
      ? Parameter(place.name("peephole"), Tensor(zeros: [variant.gateCount, hiddenSize])) : nil
    norms =
      variant.isNormalized
      ? [
        Parameter(place.name("norm_ih_weight"), Tensor(repeating: 1, shape: [size])),
        Parameter(place.name("norm_hh_weight"), Tensor(repeating: 1, shape: [size])),
        Parameter(place.name("norm_c_weight"), Tensor(repeating: 1, shape: [hiddenSize])),
        Parameter(place.name("norm_c_bias"), Tensor(zeros: [hiddenSize])),
      ] : []
  }

  public func step(_ input: Variable, _ state: MemoryState, mode: Mode) -> MemoryState {
    run(input.asOneStep(), lengths: nil, from: state, mode: mode).state
  }

  public func run(_ inputs: Variable, lengths: [Int32]?, from state: MemoryState?, mode: Mode)
    -> (outputs: Variable, state: MemoryState)
  {
    let weights = gates.variables(mode)
    let bias = weights[2] + weights[3]
    let projected =
      variant.isNormalized
      ? inputs.linear(weights[0]).layerNorm(
        gain: norms[0].variable(mode), bias: bias, epsilon: NormalizedProduct.epsilon)
      : inputs.linear(weights[0], bias: bias)
    let results = runLSTMVariant(
      projected, lengths: lengths, h: state?.h, c: state?.c,
      LSTMVariantWeights(
        recurrent: weights[1], peepholes: peepholes?.variable(mode),
        projection: projection?.variable(mode),
        recurrentGain: variant.isNormalized ? norms[1].variable(mode) : nil,
        memoryNorm: variant.isNormalized ? (norms[2].variable(mode), norms[3].variable(mode)) : nil,
        isCoupled: variant.isCoupled, candidateScale: candidateScale(inputs.shape[1], mode)))
    return (results[0], MemoryState(h: results[1], c: results[2]))
  }

  /// The mask of the candidate [B, H], divided by what it keeps; nil for no dropout.
  private func candidateScale(_ batch: Int, _ mode: Mode) -> Tensor? {
    guard mode.isTraining, candidateDropout > 0 else { return nil }
    return Variable(Tensor(repeating: 1, shape: [batch, hiddenSize]))
      .dropout(candidateDropout, mode: mode.child(-2)).value
  }
}
