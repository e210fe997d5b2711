import CKernels
import Tensors

/// The gated recurrent unit with layer normalisation (Ba, Kiros & Hinton 2016), reset after the
/// product.
///
/// ```
/// x̂_t = LN(W_ih x_t; γ_ih) + b_ih,   ĥ_t = LN(W_hh h_{t-1}; γ_hh) + b_hh
/// r_t = σ(x̂_r + ĥ_r),   z_t = σ(x̂_z + ĥ_z),   n_t = tanh(x̂_n + r_t ⊙ ĥ_n)
/// h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}
/// ```
///
/// LN(a; γ) = γ ⊙ (a - mean a)/√(var a + 10⁻⁵) over all 3H features. The gates lie in the order r, z,
/// n, so W_ih is [3H, I] and W_hh [3H, H]; gains start at one.
public struct NormalizedGRUCell: Cell {
  public let inputSize: Int
  public let hiddenSize: Int
  /// W_ih, W_hh, b_ih, b_hh.
  public var gates: GateParameters
  /// γ_ih and γ_hh [3H].
  public let norms: [Parameter]

  public var parameters: [Parameter] { gates.parameters + norms }

  /// A cell that stands at `place`.
  public init(
    inputSize: Int, hiddenSize: Int, place: LayerPlace = LayerPlace(),
    initialization: GateParameters.Initialization = .init(), key: RandomKey
  ) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    gates = GateParameters(
      gates: 3, inputSize: inputSize, hiddenSize: hiddenSize, place: place,
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
      gain: norms[0].variable(mode), bias: weights[2], epsilon: NormalizedProduct.epsilon)
    let results = runNormalizedGRU(
      projected, lengths: lengths, h: state?.h, weight: weights[1],
      gain: norms[1].variable(mode), bias: weights[3])
    return (results[0], HiddenState(h: results[1]))
  }
}

/// A whole normalised GRU layer over inputs projected already, [T, B, 3H]; see `runLSTM` for the plan.
///
/// - Returns: outputs [T, B, H], last h [B, H].
private func runNormalizedGRU(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, weight: Variable, gain: Variable,
  bias: Variable
) -> [Variable] {
  let (width, size) = (weight.shape[0], weight.shape[1])
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  let hasInitial = h0 != nil
  let parents = [
    inputs, weight, gain, bias, h0 ?? Variable(Tensor(zeros: [plan.batch, size])),
  ]
  let initial = parents[4].value
  let product = NormalizedProduct(
    plan, gain: gain.value, bias: bias.value,
    isRecorded: parents.contains(where: \.isRecorded))
  let gateShape = [plan.steps, plan.batch, width]
  let gates = Tensor(uninitialized: gateShape)
  let recurrentGates = Tensor(uninitialized: gateShape)
  let outputs = Tensor(uninitialized: [plan.steps, plan.batch, size])

  let (projected, recurrent) = (inputs.value, weight.packed(.forward))
  func state(before t: Int, _ row: Int) -> UnsafeMutablePointer<Float> {
    t > 0
      ? outputs.sharedPointer.row((t - 1) * plan.batch + row, size)
      : initial.sharedPointer.row(row, size)
  }
  plan.forwardInTime { rows, t in
    let first = t * plan.batch + rows.lowerBound
    let (gx, gh) = (
      gates.sharedPointer.row(first, width), recurrentGates.sharedPointer.row(first, width)
    )
    let h = state(before: t, rows.lowerBound)
    gx.update(from: projected.sharedPointer.row(first, width), count: rows.count * width)
    product.forward(rows: rows.count, first: first, h, size: size, recurrent, into: gh)
    unroll_gru_forward(
      rows.count, size, gx, gh, h, outputs.sharedPointer.row(first, size))
    plan.clearEnded(
      rows, at: t, [(gates.sharedPointer, width), (outputs.sharedPointer, size)])
  }

  let results = [outputs, plan.lastStates(of: outputs, initial: initial)]
  return Variable.operation(from: parents, outputs: results) { context in
    let recurrent = weight.packed(.backward)
    let dh = Tensor(zeros: [plan.batch, size])
    let (above, last) = (context.gradient(ofOutput: 0), context.gradient(ofOutput: 1))
    plan.backwardInTime { rows, t in
      let dh = dh.sharedPointer.row(rows.lowerBound, size)
      let first = t * plan.batch + rows.lowerBound
      // Rows that have ended already have a zero gradient here, so nothing flows.
      plan.addGradient(ofLast: last, endingAt: t, rows, to: dh, size)
      plan.addGradient(ofOutputs: above, at: t, rows, to: dh, size)
      let h =
        t > 0
        ? outputs.sharedPointer.row(first - plan.batch, size)
        : initial.sharedPointer.row(rows.lowerBound, size)
      let gh = recurrentGates.sharedPointer.row(first, width)
      unroll_gru_backward(
        rows.count, size, gates.sharedPointer.row(first, width), gh, h, dh)
      let gradient = product.backward(rows: rows.count, first: first, gh)
      guard t > 0 || context.needsGradient(ofParent: 4) else { return }
      multiplyShared(
        rows: rows.count, gradient, rowStride: width, recurrent, accumulate: true, into: dh)
    }
    plan.addGradient(ofLast: last, endingAt: -1, 0..<plan.batch, to: dh.sharedPointer, size)
    accumulateRecurrentGradients(
      context, plan, product, gates: recurrentGates, outputs: outputs,
      initial: hasInitial ? initial : nil)
    accumulateBiasGradient(
      context, parents: [3], rows: plan.steps * plan.batch,
      gradients: recurrentGates.sharedPointer, columns: width)
    context.add(dh, toParent: 4)
    context.add(gates, toParent: 0)
    withExtendedLifetime((recurrentGates, outputs)) {}
  }
}
