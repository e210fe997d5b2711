import CKernels
import Tensors

/// A whole GRU layer, reset before the product, over a whole sequence as one node of the graph; see
/// `runLSTM` for the plan. The second product of a step waits for the first, so there are two.
///
/// - Parameter weights: W_ih [3H, I], W_hh [3H, H], b_ih [3H], b_hh [3H].
/// - Returns: outputs [T, B, H], last h [B, H].
func runGRUResetBefore(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, _ weights: [Variable]
) -> [Variable] {
  let size = weights[1].shape[1]
  checkRun(inputs, weights: weights, gates: 3, states: [h0])
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  let parents = [inputs] + weights + [h0 ?? Variable(Tensor(zeros: [plan.batch, size]))]
  let initial = parents[5].value

  let saved = ResetBeforeActivations(
    gates: Tensor(uninitialized: [plan.steps, plan.batch, 3 * size]),
    resetStates: Tensor(uninitialized: [plan.steps, plan.batch, size]),
    outputs: Tensor(uninitialized: [plan.steps, plan.batch, size]))
  projectInputs(
    inputs, weights[0], bias: sum(weights[2].value, weights[3].value),
    into: saved.gates.sharedPointer)
  forward(
    plan, saved, initial: initial,
    gateWeight: weights[1].packed(.forward, rows: 0..<2 * size),
    candidateWeight: weights[1].packed(.forward, rows: 2 * size..<3 * size))

  let results = [saved.outputs, plan.lastStates(of: saved.outputs, initial: initial)]
  let (inputValue, inputWeight) = (inputs.value, weights[0].value)
  let recurrentWeight = weights[1]
  return Variable.operation(from: parents, outputs: results) { context in
    let tangents = tangent(
      context, plan, saved, initial: initial,
      pre: projectTangents(
        context, plan, inputs: inputValue, inputWeight: inputWeight, states: nil, biases: [3, 4]),
      gateWeight: recurrentWeight.packed(.forward, rows: 0..<2 * size),
      candidateWeight: recurrentWeight.packed(.forward, rows: 2 * size..<3 * size))
    return [tangents, plan.lastStates(of: tangents, initial: context.tangent(ofParent: 5))]
  } backward: { context in
    let saved = context.keepsGraph ? saved.copyingGates() : saved
    let rows = plan.steps * plan.batch
    let dh = Tensor(zeros: [plan.batch, size])
    backward(
      plan, saved, initial: initial, dh: dh,
      gateWeight: recurrentWeight.packed(.backward, rows: 0..<2 * size),
      candidateWeight: recurrentWeight.packed(.backward, rows: 2 * size..<3 * size),
      outputGradient: context.gradient(ofOutput: 0), lastH: context.gradient(ofOutput: 1))
    let gradients = UnsafePointer(saved.gates.sharedPointer)
    accumulateProductGradients(
      context, plan, inputs: inputValue, inputWeight: inputWeight, gates: gradients
    ) {
      recurrentProducts($0, plan, saved, initial: initial)
    }
    accumulateBiasGradient(
      context, parents: [3, 4], rows: rows, gradients: gradients, columns: 3 * size)
    context.add(dh, toParent: 5)
    withExtendedLifetime((saved.gates, saved.outputs, saved.resetStates, initial)) {}
  }
}

/// What the forward pass leaves for the backward pass.
private struct ResetBeforeActivations {
  /// [T, B, 3H]: activations r, z, n; the backward pass turns them into gradients.
  let gates: Tensor
  /// r_t ⊙ h_{t-1} [T, B, H].
  let resetStates: Tensor
  /// h_t [T, B, H].
  let outputs: Tensor

  /// The same with gates of its own, for a backward pass that must not be the last.
  func copyingGates() -> ResetBeforeActivations {
    ResetBeforeActivations(gates: gates.copied(), resetStates: resetStates, outputs: outputs)
  }
}

private func forward(
  _ plan: SequencePlan, _ saved: ResetBeforeActivations, initial: Tensor,
  gateWeight: PackedMatrix, candidateWeight: PackedMatrix
) {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let (gates, states) = (saved.gates.sharedPointer, saved.outputs.sharedPointer)
  let products = Tensor(uninitialized: [batch, 2 * size])
  plan.forwardInTime { rows, t in
    let product = products.sharedPointer.row(rows.lowerBound, 2 * size)
    let first = t * batch + rows.lowerBound
    let h =
      t > 0 ? states.row(first - batch, size) : initial.sharedPointer.row(rows.lowerBound, size)
    let reset = saved.resetStates.sharedPointer.row(first, size)
    multiplyShared(rows: rows.count, h, rowStride: size, gateWeight, into: product)
    unroll_gru_reset_forward(
      rows.count, size, gates.row(first, 3 * size), product, h, reset)
    multiplyShared(rows: rows.count, reset, rowStride: size, candidateWeight, into: product)
    unroll_gru_candidate_forward(
      rows.count, size, gates.row(first, 3 * size), product, h, states.row(first, size))
    plan.clearEnded(rows, at: t, [(gates, 3 * size), (states, size)])
  }
}

/// Rh_t [T, B, H], where `pre` [T, B, 3H] holds the share of the pre-activations' tangents that comes
/// of the inputs and the biases, and is used up:
///
/// ```
/// R(r ⊙ h) = Rr ⊙ h_{t-1} + r ⊙ Rh_{t-1}
/// Rh_t     = (1 - z) ⊙ Rn + z ⊙ Rh_{t-1} + (h_{t-1} - n) ⊙ Rz
/// ```
private func tangent(
  _ context: TangentContext, _ plan: SequencePlan, _ saved: ResetBeforeActivations,
  initial: Tensor, pre: Tensor, gateWeight: PackedMatrix, candidateWeight: PackedMatrix
) -> Tensor {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let tangents = Tensor(uninitialized: saved.outputs.shape)
  let start = context.tangent(ofParent: 5) ?? Tensor(zeros: [batch, size])
  let products = Tensor(uninitialized: [batch, 2 * size])
  let resets = Tensor(uninitialized: [batch, size])
  if let weight = context.tangent(ofParent: 2) {
    addRecurrentTangents(weight, plan, saved, initial: initial, to: pre)
  }
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let before =
      t > 0
      ? tangents.sharedPointer.row(first - batch, size)
      : start.sharedPointer.row(rows.lowerBound, size)
    let h =
      t > 0
      ? saved.outputs.sharedPointer.row(first - batch, size)
      : initial.sharedPointer.row(rows.lowerBound, size)
    let product = products.sharedPointer.row(rows.lowerBound, 2 * size)
    let reset = resets.sharedPointer.row(rows.lowerBound, size)
    let gates = saved.gates.sharedPointer.row(first, 3 * size)
    let moves = pre.sharedPointer.row(first, 3 * size)
    multiplyShared(rows: rows.count, before, rowStride: size, gateWeight, into: product)
    for row in 0..<rows.count {
      let (gates, moves) = (gates.row(row, 3 * size), moves.row(row, 3 * size))
      let (product, reset) = (product.row(row, 2 * size), reset.row(row, size))
      let (h, before) = (h.row(row, size), before.row(row, size))
      for j in 0..<size {
        let r = gates[j]
        reset[j] = (moves[j] + product[j]) * (r - r * r) * h[j] + r * before[j]
        moves[size + j] += product[size + j]
      }
    }
    // The candidate's product fits where the gates' was.
    multiplyShared(rows: rows.count, reset, rowStride: size, candidateWeight, into: product)
    for row in 0..<rows.count {
      let (gates, moves) = (gates.row(row, 3 * size), moves.row(row, 3 * size))
      let (h, before, product) = (h.row(row, size), before.row(row, size), product.row(row, size))
      let output = tangents.sharedPointer.row(first + row, size)
      for j in 0..<size {
        let (z, n) = (gates[size + j], gates[2 * size + j])
        let dn = (moves[2 * size + j] + product[j]) * (1 - n * n)
        let dz = moves[size + j] * (z - z * z)
        output[j] = (1 - z) * dn + z * before[j] + (h[j] - n) * dz
      }
    }
    plan.clearEnded(rows, at: t, [(tangents.sharedPointer, size)])
  }
  withExtendedLifetime((start, products, resets, pre, initial)) {}
  return tangents
}

/// Adds RU·h_{t-1} to the gates' tangents and RU·(r_t ⊙ h_{t-1}) to the candidate's, for all steps.
private func addRecurrentTangents(
  _ weight: Tensor, _ plan: SequencePlan, _ saved: ResetBeforeActivations, initial: Tensor,
  to pre: Tensor
) {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  guard plan.steps > 0, batch > 0 else { return }
  let target = pre.sharedPointer
  let gates = MatrixView(weight.sharedPointer, rows: 2 * size, columns: size)
  let candidate = MatrixView(
    weight.sharedPointer.row(2 * size, size), rows: size, columns: size)
  func product(
    _ states: Tensor, _ rows: Int, _ matrix: MatrixView, into c: UnsafeMutablePointer<Float>
  ) -> MatrixProduct {
    MatrixProduct(
      MatrixView(states.sharedPointer, rows: rows, columns: size), matrix, accumulate: true,
      into: c,
      rowStride: 3 * size)
  }
  multiply([
    product(initial, batch, gates, into: target),
    product(
      saved.outputs, (plan.steps - 1) * batch, gates, into: target.row(batch, 3 * size)),
    product(saved.resetStates, plan.steps * batch, candidate, into: target + 2 * size),
  ])
  withExtendedLifetime((weight, initial)) {}
}

private func backward(
  _ plan: SequencePlan, _ saved: ResetBeforeActivations, initial: Tensor, dh: Tensor,
  gateWeight: PackedMatrix, candidateWeight: PackedMatrix, outputGradient: Tensor?, lastH: Tensor?
) {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let resetGradients = Tensor(uninitialized: [batch, size])
  plan.backwardInTime { rows, t in
    let dReset = resetGradients.sharedPointer.row(rows.lowerBound, size)
    let dh = dh.sharedPointer.row(rows.lowerBound, size)
    let first = t * batch + rows.lowerBound
    // Rows that have ended already have a zero gradient here, so nothing flows.
    plan.addGradient(ofLast: lastH, endingAt: t, rows, to: dh, size)
    plan.addGradient(ofOutputs: outputGradient, at: t, rows, to: dh, size)
    let h =
      t > 0
      ? saved.outputs.sharedPointer.row(first - batch, size)
      : initial.sharedPointer.row(rows.lowerBound, size)
    let gates = saved.gates.sharedPointer.row(first, 3 * size)
    unroll_gru_candidate_backward(rows.count, size, gates, h, dh)
    multiplyShared(
      rows: rows.count, gates + 2 * size, rowStride: 3 * size, candidateWeight, into: dReset)
    unroll_gru_reset_backward(rows.count, size, gates, dReset, h, dh)
    multiplyShared(
      rows: rows.count, gates, rowStride: 3 * size, gateWeight, accumulate: true, into: dh)
  }
  // A row without steps hands the gradient of its last state to its initial one.
  plan.addGradient(ofLast: lastH, endingAt: -1, 0..<batch, to: dh.sharedPointer, size)
}

/// The rows of W_hh for r and z saw h_{t-1}, those for n saw r_t ⊙ h_{t-1}.
private func recurrentProducts(
  _ sum: GradientSum, _ plan: SequencePlan, _ saved: ResetBeforeActivations, initial: Tensor
) -> [MatrixProduct] {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let (gates, target) = (saved.gates.sharedPointer, sum.values.baseAddress!)
  guard plan.steps > 0 else {
    if sum.isFresh { sum.values.update(repeating: 0) }
    return []
  }
  func view(_ base: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ stride: Int) -> MatrixView
  {
    MatrixView(base, rows: rows, columns: columns, rowStride: stride).transposed
  }
  multiply(
    view(gates, batch, 2 * size, 3 * size), view(initial.sharedPointer, batch, size, size),
    accumulate: !sum.isFresh, into: target)
  let later = (plan.steps - 1) * batch
  return [
    MatrixProduct(
      view(gates + batch * 3 * size, later, 2 * size, 3 * size),
      view(saved.outputs.sharedPointer, later, size, size), accumulate: true, into: target),
    MatrixProduct(
      view(gates + 2 * size, plan.steps * batch, size, 3 * size),
      view(saved.resetStates.sharedPointer, plan.steps * batch, size, size),
      accumulate: !sum.isFresh, into: target + 2 * size * size),
  ]
}
