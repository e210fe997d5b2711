import CKernels
import Tensors

/// A whole Elman layer over a whole sequence as one node of the graph; see `runLSTM` for the plan.
///
/// - Parameter weights: W_ih [H, I], W_hh [H, H], b_ih [H], b_hh [H].
/// - Returns: outputs [T, B, H], last h [B, H].
func runElman(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, _ weights: [Variable],
  _ activation: ElmanCell.Activation, vanishingPenalty: Float = 0
) -> [Variable] {
  let size = weights[1].shape[1]
  checkRun(inputs, weights: weights, gates: 1, states: [h0])
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  let parents = [inputs] + weights + [h0 ?? Variable(Tensor(zeros: [0]))]

  // Pre-activations become activations in place.
  let outputs = Tensor(uninitialized: [plan.steps, plan.batch, size])
  projectInputs(
    inputs, weights[0], bias: sum(weights[2].value, weights[3].value),
    into: outputs.sharedPointer)
  forwardElman(
    plan, outputs, h0: h0?.value, recurrent: weights[1].packed(.forward), activation)

  let results = [outputs, plan.lastStates(of: outputs, initial: h0?.value)]
  let (inputValue, inputWeight) = (inputs.value, weights[0].value)
  let (recurrentWeight, h0Value) = (weights[1], h0?.value)
  return Variable.operation(from: parents, outputs: results) { context in
    let tangents = projectTangents(
      context, plan, inputs: inputValue, inputWeight: inputWeight, states: (outputs, h0Value),
      biases: [3, 4])
    let initial = context.tangent(ofParent: 5)
    tangentElman(
      plan, outputs, tangents, initial: initial, recurrent: recurrentWeight.packed(.forward),
      activation)
    return [tangents, plan.lastStates(of: tangents, initial: initial)]
  } backward: { context in
    let rows = plan.steps * plan.batch
    let gates = Tensor(uninitialized: [plan.steps, plan.batch, size])
    let dh = Tensor(zeros: [plan.batch, size])
    backwardElman(
      plan, outputs, gates: gates, dh: dh, recurrent: recurrentWeight.packed(.backward),
      outputGradient: context.gradient(ofOutput: 0), lastH: context.gradient(ofOutput: 1),
      intoInitial: context.needsGradient(ofParent: 5), activation)
    let gradients = UnsafePointer(gates.sharedPointer)
    if plan.steps == 1 {
      accumulateStepGradients(
        context, inputs: inputValue, inputWeight: inputWeight, gates: gates,
        recurrentGates: gates, initial: h0Value)
    } else {
      accumulateProductGradients(
        context, plan, inputs: inputValue, inputWeight: inputWeight, gates: gradients
      ) {
        recurrentProducts(
          $0, plan, gates: gradients, columns: size, outputs: outputs, initial: h0Value)
      }
    }
    accumulateBiasGradient(
      context, parents: [3, 4], rows: rows, gradients: gradients, columns: size)
    if h0Value != nil { context.add(dh, toParent: 5) }
    if vanishingPenalty > 0, context.needsGradient(ofParent: 2) {
      context.add(
        vanishingPenaltyGradient(
          weight: vanishingPenalty, plan, gates: gates, outputs: outputs,
          recurrent: recurrentWeight.packed(.backward), activation), toParent: 2)
    }
    withExtendedLifetime((gates, inputValue, outputs)) {}
  }
}

extension ElmanCell.Activation {
  /// Pre-activations [rows, H] become activations in place.
  func apply(rows: Int, _ size: Int, _ values: UnsafeMutablePointer<Float>) {
    switch self {
    case .tanh: unroll_rnn_tanh_forward(rows, size, values, values)
    case .relu: unroll_rnn_relu_forward(rows, size, values, values)
    }
  }
}

private func forwardElman(
  _ plan: SequencePlan, _ outputs: Tensor, h0: Tensor?, recurrent: PackedMatrix,
  _ activation: ElmanCell.Activation
) {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let states = outputs.sharedPointer
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let pre = states.row(first, size)
    let h = t > 0 ? states.row(first - batch, size) : h0?.sharedPointer.row(rows.lowerBound, size)
    if let h {
      multiplyShared(rows: rows.count, h, rowStride: size, recurrent, accumulate: true, into: pre)
    }
    activation.apply(rows: rows.count, size, pre)
    plan.clearEnded(rows, at: t, [(states, size)])
  }
}

/// Rh_t = g′ ⊙ (what `tangents` [T, B, H] holds + W_hh·Rh_{t-1}), in place.
private func tangentElman(
  _ plan: SequencePlan, _ outputs: Tensor, _ tangents: Tensor, initial: Tensor?,
  recurrent: PackedMatrix, _ activation: ElmanCell.Activation
) {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let (states, moves) = (outputs.sharedPointer, tangents.sharedPointer)
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let move = moves.row(first, size)
    let before =
      t > 0 ? moves.row(first - batch, size) : initial?.sharedPointer.row(rows.lowerBound, size)
    if let before {
      multiplyShared(
        rows: rows.count, before, rowStride: size, recurrent, accumulate: true, into: move)
    }
    // The Jacobian is diagonal, so what takes a gradient back takes a tangent on.
    activation.applyBackward(
      rows: rows.count, size, states.row(first, size), move, into: move)
    plan.clearEnded(rows, at: t, [(moves, size)])
  }
  withExtendedLifetime(initial) {}
}

private func backwardElman(
  _ plan: SequencePlan, _ outputs: Tensor, gates: Tensor, dh: Tensor, recurrent: PackedMatrix,
  outputGradient: Tensor?, lastH: Tensor?, intoInitial: Bool, _ activation: ElmanCell.Activation
) {
  let (batch, size) = (plan.batch, outputs.shape[2])
  plan.backwardInTime { rows, t in
    let dh = dh.sharedPointer.row(rows.lowerBound, size)
    let first = t * batch + rows.lowerBound
    // Rows that have ended already have a zero gradient here, so nothing flows.
    plan.addGradient(ofLast: lastH, endingAt: t, rows, to: dh, size)
    plan.addGradient(ofOutputs: outputGradient, at: t, rows, to: dh, size)
    let h = outputs.sharedPointer.row(first, size)
    let dpre = gates.sharedPointer.row(first, size)
    activation.applyBackward(rows: rows.count, size, h, dh, into: dpre)
    if t > 0 || intoInitial {
      multiplyShared(rows: rows.count, dpre, rowStride: size, recurrent, into: dh)
    }
  }
  // A row without steps hands the gradient of its last state to its initial one.
  plan.addGradient(ofLast: lastH, endingAt: -1, 0..<batch, to: dh.sharedPointer, size)
}
