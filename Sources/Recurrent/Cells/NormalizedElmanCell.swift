import CKernels
import Tensors

/// The simple recurrent network with layer normalisation (Ba, Kiros & Hinton 2016).
///
/// ```
/// h_t = g(LN(W_ih x_t; γ_ih) + LN(W_hh h_{t-1}; γ_hh) + b_ih + b_hh),   g = tanh or max(·, 0)
/// ```
///
/// LN(a; γ) = γ ⊙ (a - mean a)/√(var a + 10⁻⁵). W_ih is [H, I], W_hh [H, H]; gains start at one.
public struct NormalizedElmanCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// g.
  public let activation: ElmanCell.Activation
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters
  /// γ_ih and γ_hh [H].
  public let norms: [Parameter]

  public var parameters: [Parameter] { gates.parameters + norms }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, activation: ElmanCell.Activation = .tanh,
    place: LayerPlace = LayerPlace(), initialization: GateParameters.Initialization = .init(),
    key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.activation = activation
    gates = GateParameters(
      gates: 1, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
      initialization: initialization, key: key)
    norms = gates.norms(place)
  }

  public func step(_ input: Variable, _ state: HiddenState, mode: Mode) -> HiddenState {
    run(input.asOneStep(), lengths: nil, from: state, mode: mode).state
  }

  public func run(_ inputs: Variable, lengths: [Int32]?, from state: HiddenState?, mode: Mode)
    -> (outputs: Variable, state: HiddenState)
  {
    let weights = gates.variables(mode)
    let projected = inputs.linear(weights[0]).layerNorm(
      gain: norms[0].variable(mode), bias: weights[2] + weights[3],
      epsilon: NormalizedProduct.epsilon)
    let results = runNormalizedElman(
      projected, lengths: lengths, h: state?.h, weight: weights[1],
      gain: norms[1].variable(mode), activation)
    return (results[0], HiddenState(h: results[1]))
  }
}

extension GateParameters {
  /// γ_ih and γ_hh [G·H] of a normalised cell, ones.
  func norms(_ place: LayerPlace) -> [Parameter] {
    ["norm_ih_weight", "norm_hh_weight"].map {
      Parameter(place.name($0), Tensor(repeating: 1, shape: inputBias.shape))
    }
  }
}

/// A whole normalised Elman layer over inputs projected already, [T, B, H]; see `runLSTM` for the plan.
///
/// - Returns: outputs [T, B, H], last h [B, H].
private func runNormalizedElman(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, weight: Variable, gain: Variable,
  _ activation: ElmanCell.Activation
) -> [Variable] {
  let size = weight.shape[1]
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  let parents = [inputs, weight, gain, h0 ?? Variable(Tensor(zeros: [0]))]
  let product = NormalizedProduct(
    plan, gain: gain.value, isRecorded: parents.contains(where: \.isRecorded))
  let outputs = Tensor(uninitialized: [plan.steps, plan.batch, size])
  let (states, initial, projected) = (outputs.sharedPointer, h0?.value, inputs.value)
  let recurrent = weight.packed(.forward)
  plan.forwardInTime { rows, t in
    let first = t * plan.batch + rows.lowerBound
    let h =
      t > 0
      ? states.row(first - plan.batch, size) : initial?.sharedPointer.row(rows.lowerBound, size)
    let pre = states.row(first, size)
    product.forward(rows: rows.count, first: first, h, size: size, recurrent, into: pre)
    unroll_add(rows.count * size, projected.sharedPointer.row(first, size), pre, pre)
    activation.apply(rows: rows.count, size, pre)
    plan.clearEnded(rows, at: t, [(states, size)])
  }
  let results = [outputs, plan.lastStates(of: outputs, initial: initial)]
  return Variable.operation(from: parents, outputs: results) { context in
    let (states, recurrent) = (outputs.sharedPointer, weight.packed(.backward))
    let gates = Tensor(uninitialized: [plan.steps, plan.batch, size])
    let dh = Tensor(zeros: [plan.batch, size])
    let (above, last) = (context.gradient(ofOutput: 0), context.gradient(ofOutput: 1))
    let intoInitial = context.needsGradient(ofParent: 3)
    plan.backwardInTime { rows, t in
      let dh = dh.sharedPointer.row(rows.lowerBound, size)
      let first = t * plan.batch + rows.lowerBound
      // Rows that have ended already have a zero gradient here, so nothing flows.
      plan.addGradient(ofLast: last, endingAt: t, rows, to: dh, size)
      plan.addGradient(ofOutputs: above, at: t, rows, to: dh, size)
      let dpre = gates.sharedPointer.row(first, size)
      activation.applyBackward(rows: rows.count, size, states.row(first, size), dh, into: dpre)
      let gradient = product.backward(rows: rows.count, first: first, dpre)
      if t > 0 || intoInitial {
        multiplyShared(rows: rows.count, gradient, rowStride: size, recurrent, into: dh)
      }
    }
    plan.addGradient(ofLast: last, endingAt: -1, 0..<plan.batch, to: dh.sharedPointer, size)
    accumulateRecurrentGradients(
      context, plan, product, gates: gates, outputs: outputs, initial: initial)
    if initial != nil { context.add(dh, toParent: 3) }
    context.add(gates, toParent: 0)
  }
}

extension ElmanCell.Activation {
  /// ∂L/∂(pre-activation) [rows, H] from h and ∂L/∂h.
  func applyBackward(
    rows: Int, _ size: Int, _ h: UnsafePointer<Float>, _ dh: UnsafePointer<Float>,
    into dpre: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .tanh: unroll_rnn_tanh_backward(rows, size, h, dh, dpre)
    case .relu: unroll_rnn_relu_backward(rows, size, h, dh, dpre)
    }
  }
}

/// The gradients of U (parent 1) and γ_hh (parent 2) of a normalised run, from those of what the
/// normalised product gave.
func accumulateRecurrentGradients(
  _ context: GradientContext, _ plan: SequencePlan, _ product: NormalizedProduct, gates: Tensor,
  outputs: Tensor, initial: Tensor?
) {
  context.accumulate(intoParents: [1]) { sums in
    guard let sum = sums[0] else { return }
    multiply(
      recurrentProducts(
        sum, plan, gates: product.productGradients, columns: gates.shape[2], outputs: outputs,
        initial: initial))
  }
  context.add(product.gainGradient(gates.sharedPointer), toParent: 2)
}
