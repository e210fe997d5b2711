import CKernels
import Tensors

/// A whole GRU layer, reset after the product, over a whole sequence as one node of the graph; see
/// `runLSTM` for the plan.
///
/// - Parameter weights: W_ih [3H, I], W_hh [3H, H], b_ih [3H], b_hh [3H].
/// - Returns: outputs [T, B, H], last h [B, H].
func runGRU(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, _ weights: [Variable]
) -> [Variable] {
  let size = weights[1].shape[1]
  checkRun(inputs, weights: weights, gates: 3, states: [h0])
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  // Without an initial state the recurrent product of the first step is its bias alone, which a
  // state of zeros gives without a case of its own.
  let parents = [inputs] + weights + [h0 ?? Variable(Tensor(zeros: [plan.batch, size]))]
  let initial = parents[5].value

  let gateShape = [plan.steps, plan.batch, 3 * size]
  let gates = Tensor(uninitialized: gateShape)
  let recurrentGates = Tensor(uninitialized: gateShape)
  let outputs = Tensor(uninitialized: [plan.steps, plan.batch, size])
  projectInputs(inputs, weights[0], bias: weights[2].value, into: gates.sharedPointer)
  forwardGRU(
    plan, outputs, gates: gates, recurrentGates: recurrentGates, initial: initial,
    recurrent: weights[1].packed(.forward), bias: weights[3].value)

  let results = [outputs, plan.lastStates(of: outputs, initial: initial)]
  let (inputValue, inputWeight) = (inputs.value, weights[0].value)
  let (recurrentWeight, hasInitial) = (weights[1], h0 != nil)
  return Variable.operation(from: parents, outputs: results) { context in
    let tangents = tangentGRU(
      context, plan, outputs, gates: gates, recurrentGates: recurrentGates, initial: initial,
      inputTangents: projectTangents(
        context, plan, inputs: inputValue, inputWeight: inputWeight, states: nil, biases: [3]),
      recurrent: recurrentWeight.packed(.forward))
    return [tangents, plan.lastStates(of: tangents, initial: context.tangent(ofParent: 5))]
  } backward: { context in
    // The gradients of the gates take their place.
    let gates = context.keepsGraph ? gates.copied() : gates
    let recurrentGates = context.keepsGraph ? recurrentGates.copied() : recurrentGates
    let rows = plan.steps * plan.batch
    let dh = Tensor(zeros: [plan.batch, size])
    backwardGRU(
      plan, outputs, gates: gates, recurrentGates: recurrentGates, initial: initial, dh: dh,
      recurrent: recurrentWeight.packed(.backward), outputGradient: context.gradient(ofOutput: 0),
      lastH: context.gradient(ofOutput: 1), intoInitial: context.needsGradient(ofParent: 5))
    let inputGradients = UnsafePointer(gates.sharedPointer)
    let recurrentGradients = UnsafePointer(recurrentGates.sharedPointer)
    if plan.steps == 1 {
      accumulateStepGradients(
        context, inputs: inputValue, inputWeight: inputWeight, gates: gates,
        recurrentGates: recurrentGates, initial: hasInitial ? initial : nil)
    } else {
      accumulateProductGradients(
        context, plan, inputs: inputValue, inputWeight: inputWeight, gates: inputGradients
      ) {
        recurrentProducts(
          $0, plan, gates: recurrentGradients, columns: 3 * size, outputs: outputs,
          initial: hasInitial ? initial : nil)
      }
    }
    accumulateBiasGradient(
      context, parents: [3], rows: rows, gradients: inputGradients, columns: 3 * size)
    accumulateBiasGradient(
      context, parents: [4], rows: rows, gradients: recurrentGradients, columns: 3 * size)
    context.add(dh, toParent: 5)
    withExtendedLifetime((gates, recurrentGates, inputValue, outputs)) {}
  }
}

private func forwardGRU(
  _ plan: SequencePlan, _ outputs: Tensor, gates: Tensor, recurrentGates: Tensor, initial: Tensor,
  recurrent: PackedMatrix, bias: Tensor
) {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let (gx, gh) = (gates.sharedPointer, recurrentGates.sharedPointer)
  let states = outputs.sharedPointer
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let h =
      t > 0 ? states.row(first - batch, size) : initial.sharedPointer.row(rows.lowerBound, size)
    multiplyShared(
      rows: rows.count, h, rowStride: size, recurrent, bias: bias.sharedPointer,
      into: gh.row(first, 3 * size))
    unroll_gru_forward(
      rows.count, size, gx.row(first, 3 * size), gh.row(first, 3 * size), h,
      states.row(first, size))
    plan.clearEnded(rows, at: t, [(gx, 3 * size), (states, size)])
  }
}

/// Rh_t [T, B, H], where `inputTangents` [T, B, 3H] are those of the inputs' share of the
/// pre-activations:
///
/// ```
/// Ra = U·Rh_{t-1} + RU·h_{t-1} + Rb_hh               the state's share, for r, z and n
/// Rh_t = (1 - z) ⊙ Rn + z ⊙ Rh_{t-1} + (h_{t-1} - n) ⊙ Rz
/// Rn = (1 - n²) ⊙ (Rgx_n + r ⊙ Ra_n + Rr ⊙ a_n)
/// ```
private func tangentGRU(
  _ context: TangentContext, _ plan: SequencePlan, _ outputs: Tensor, gates: Tensor,
  recurrentGates: Tensor, initial: Tensor, inputTangents: Tensor, recurrent: PackedMatrix
) -> Tensor {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let tangents = Tensor(uninitialized: outputs.shape)
  let zeros = Tensor(zeros: [batch, size])
  let start = context.tangent(ofParent: 5) ?? zeros
  let shares = recurrentTangents(
    plan, context.tangent(ofParent: 2), bias: context.tangent(ofParent: 4), outputs: outputs,
    initial: initial)
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let before =
      t > 0
      ? tangents.sharedPointer.row(first - batch, size)
      : start.sharedPointer.row(rows.lowerBound, size)
    let h =
      t > 0
      ? outputs.sharedPointer.row(first - batch, size)
      : initial.sharedPointer.row(rows.lowerBound, size)
    let share = shares.sharedPointer.row(first, 3 * size)
    multiplyShared(
      rows: rows.count, before, rowStride: size, recurrent, accumulate: true, into: share)
    for row in 0..<rows.count {
      gruTangentRow(
        size, gates.sharedPointer.row(first + row, 3 * size),
        recurrentGates.sharedPointer.row(first + row, 3 * size),
        inputTangents.sharedPointer.row(first + row, 3 * size), share.row(row, 3 * size),
        h: h.row(row, size), dh: before.row(row, size),
        output: tangents.sharedPointer.row(first + row, size))
    }
    plan.clearEnded(rows, at: t, [(tangents.sharedPointer, size)])
  }
  withExtendedLifetime((zeros, start, shares, inputTangents, initial)) {}
  return tangents
}

/// RU·h_{t-1} + Rb for all steps, [T, B, 3H].
private func recurrentTangents(
  _ plan: SequencePlan, _ weight: Tensor?, bias: Tensor?, outputs: Tensor, initial: Tensor
) -> Tensor {
  let size = outputs.shape[2]
  let shares = Tensor(zeros: [plan.steps, plan.batch, 3 * size])
  if let bias { addToRows(bias, of: shares) }
  guard let weight, plan.steps > 0, plan.batch > 0 else { return shares }
  let matrix = MatrixView(weight.sharedPointer, rows: 3 * size, columns: size)
  let target = shares.sharedPointer
  multiply([
    MatrixProduct(
      MatrixView(initial.sharedPointer, rows: plan.batch, columns: size), matrix, accumulate: true,
      into: target),
    MatrixProduct(
      MatrixView(outputs.sharedPointer, rows: (plan.steps - 1) * plan.batch, columns: size), matrix,
      accumulate: true, into: target.row(plan.batch, 3 * size)),
  ])
  withExtendedLifetime((weight, initial)) {}
  return shares
}

/// One row of `tangentGRU`: `gates` are r, z, n, `recurrentGates` the state's share of the
/// pre-activations, `inputs` and `share` the tangents of both shares.
private func gruTangentRow(
  _ size: Int, _ gates: UnsafePointer<Float>, _ recurrentGates: UnsafePointer<Float>,
  _ inputs: UnsafePointer<Float>, _ share: UnsafePointer<Float>, h: UnsafePointer<Float>,
  dh: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
) {
  for j in 0..<size {
    let (r, z, n) = (gates[j], gates[size + j], gates[2 * size + j])
    let dr = (inputs[j] + share[j]) * (r - r * r)
    let dz = (inputs[size + j] + share[size + j]) * (z - z * z)
    let pull = inputs[2 * size + j] + r * share[2 * size + j] + dr * recurrentGates[2 * size + j]
    output[j] = (1 - z) * (pull * (1 - n * n)) + z * dh[j] + (h[j] - n) * dz
  }
}

private func backwardGRU(
  _ plan: SequencePlan, _ outputs: Tensor, gates: Tensor, recurrentGates: Tensor, initial: Tensor,
  dh: Tensor, recurrent: PackedMatrix, outputGradient: Tensor?, lastH: Tensor?, intoInitial: Bool
) {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let (gx, gh) = (gates.sharedPointer, recurrentGates.sharedPointer)
  plan.backwardInTime { rows, t in
    let dh = dh.sharedPointer.row(rows.lowerBound, size)
    let first = t * batch + rows.lowerBound
    // Rows that have ended already have a zero gradient here, so nothing flows.
    plan.addGradient(ofLast: lastH, endingAt: t, rows, to: dh, size)
    plan.addGradient(ofOutputs: outputGradient, at: t, rows, to: dh, size)
    let h =
      t > 0
      ? outputs.sharedPointer.row(first - batch, size)
      : initial.sharedPointer.row(rows.lowerBound, size)
    unroll_gru_backward(
      rows.count, size, gx.row(first, 3 * size), gh.row(first, 3 * size), h, dh)
    if t > 0 || intoInitial {
      multiplyShared(
        rows: rows.count, gh.row(first, 3 * size), rowStride: 3 * size, recurrent,
        accumulate: true, into: dh)
    }
  }
  // A row without steps hands the gradient of its last state to its initial one.
  plan.addGradient(ofLast: lastH, endingAt: -1, 0..<batch, to: dh.sharedPointer, size)
}
