import CKernels
import Tensors

/// A whole LSTM layer over a whole sequence as one node of the graph.
///
/// Forward: the inputs of all steps are projected in one product, then each block of rows goes
/// through time. Backward: backpropagation through time by hand; the gradients of the gates replace
/// their activations in place, and the gradients of the weights, tied over time, are one product over
/// all T·B rows.
///
/// - Parameter weights: W_ih [4H, I], W_hh [4H, H], b_ih [4H], b_hh [4H].
/// - Returns: outputs [T, B, H], last h [B, H], last c [B, H].
func runLSTM(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, c c0: Variable?, _ weights: [Variable]
) -> [Variable] {
  let size = weights[1].shape[1]
  checkRun(inputs, weights: weights, gates: 4, states: [h0, c0])
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  let shape = [plan.steps, plan.batch, size]
  let parents = [inputs] + weights + [h0, c0].map { $0 ?? Variable(Tensor(zeros: [0])) }
  let isRecorded = parents.contains(where: \.isRecorded)

  let saved = LSTMActivations(
    gates: Tensor(uninitialized: [plan.steps, plan.batch, 4 * size]),
    memories: Tensor(uninitialized: shape),
    squashed: isRecorded ? Tensor(uninitialized: shape) : nil,
    outputs: Tensor(uninitialized: shape))
  projectInputs(
    inputs, weights[0], bias: sum(weights[2].value, weights[3].value),
    into: saved.gates.sharedPointer)
  forwardLSTM(
    plan, saved, h0: h0?.value, c0: c0?.value, recurrent: weights[1].packed(.forward))

  let results = [
    saved.outputs,
    plan.lastStates(of: saved.outputs, initial: h0?.value),
    plan.lastStates(of: saved.memories, initial: c0?.value),
  ]
  guard isRecorded else { return results.map { Variable($0) } }
  let (inputValue, inputWeight) = (inputs.value, weights[0].value)
  let (recurrentWeight, h0Value, c0Value) = (weights[1], h0?.value, c0?.value)
  return Variable.operation(from: parents, outputs: results) { context in
    let gates = projectTangents(
      context, plan, inputs: inputValue, inputWeight: inputWeight,
      states: (saved.outputs, h0Value), biases: [3, 4])
    let tangents = tangentLSTM(
      plan, saved, gates: gates, c0: c0Value, h0: context.tangent(ofParent: 5),
      c0Tangent: context.tangent(ofParent: 6), recurrent: recurrentWeight.packed(.forward))
    return [
      tangents.outputs,
      plan.lastStates(of: tangents.outputs, initial: context.tangent(ofParent: 5)),
      plan.lastStates(of: tangents.memories, initial: context.tangent(ofParent: 6)),
    ]
  } backward: { context in
    let saved = context.keepsGraph ? saved.copyingGates() : saved
    let gradients = LSTMStateGradients(
      h: Tensor(zeros: [plan.batch, size]), c: Tensor(zeros: [plan.batch, size]))
    backwardLSTM(
      plan, saved, gradients, c0: c0Value, recurrent: recurrentWeight.packed(.backward),
      outputs: context.gradient(ofOutput: 0), lastH: context.gradient(ofOutput: 1),
      lastC: context.gradient(ofOutput: 2),
      intoInitial: context.needsGradient(ofParent: 5))
    let gates = UnsafePointer(saved.gates.sharedPointer)
    let rows = plan.steps * plan.batch
    if plan.steps == 1 {
      accumulateStepGradients(
        context, inputs: inputValue, inputWeight: inputWeight, gates: saved.gates,
        recurrentGates: saved.gates, initial: h0Value)
    } else {
      accumulateProductGradients(
        context, plan, inputs: inputValue, inputWeight: inputWeight, gates: gates
      ) {
        recurrentProducts(
          $0, plan, gates: gates, columns: 4 * size, outputs: saved.outputs, initial: h0Value)
      }
    }
    accumulateBiasGradient(
      context, parents: [3, 4], rows: rows, gradients: gates, columns: 4 * size)
    if h0Value != nil { context.add(gradients.h, toParent: 5) }
    if c0Value != nil { context.add(gradients.c, toParent: 6) }
    withExtendedLifetime((saved.gates, saved.outputs, inputValue)) {}
  }
}

/// What the forward pass leaves for the backward pass.
private struct LSTMActivations {
  /// [T, B, 4H]: activations i, f, g, o; the backward pass turns them into gradients.
  let gates: Tensor
  /// c_t [T, B, H].
  let memories: Tensor
  /// tanh c_t [T, B, H]; nil when no backward pass follows.
  let squashed: Tensor?
  /// h_t [T, B, H].
  let outputs: Tensor

  /// The same with gates of its own, for a backward pass that must not be the last.
  func copyingGates() -> LSTMActivations {
    LSTMActivations(
      gates: gates.copied(), memories: memories, squashed: squashed, outputs: outputs)
  }
}

/// ∂L/∂h and ∂L/∂c [B, H] of the step at hand, and at the end of the initial state.
private struct LSTMStateGradients {
  let h: Tensor
  let c: Tensor
}

private func forwardLSTM(
  _ plan: SequencePlan, _ saved: LSTMActivations, h0: Tensor?, c0: Tensor?,
  recurrent: PackedMatrix
) {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let zeros = Tensor(zeros: c0 == nil ? [batch, size] : [0])
  let initialC = (c0 ?? zeros).sharedPointer
  let (gates, memories, outputs) = (
    saved.gates.sharedPointer, saved.memories.sharedPointer, saved.outputs.sharedPointer
  )
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let h =
      t > 0 ? outputs.row(first - batch, size) : h0?.sharedPointer.row(rows.lowerBound, size)
    if let h {
      multiplyShared(
        rows: rows.count, h, rowStride: size, recurrent, accumulate: true,
        into: gates.row(first, 4 * size))
    }
    let c = t > 0 ? memories.row(first - batch, size) : initialC.row(rows.lowerBound, size)
    unroll_lstm_forward(
      rows.count, size, gates.row(first, 4 * size), c, memories.row(first, size),
      saved.squashed?.sharedPointer.row(first, size), outputs.row(first, size))
    plan.clearEnded(
      rows, at: t, [(gates, 4 * size), (memories, size), (outputs, size)])
  }
  withExtendedLifetime((zeros, h0, c0)) {}
}

/// Rh_t and Rc_t, [T, B, H] each, where `gates` [T, B, 4H] holds what `projectTangents` made and is
/// used up:
///
/// ```
/// Rc_t = f ⊙ Rc_{t-1} + c_{t-1} ⊙ Rf + g ⊙ Ri + i ⊙ Rg
/// Rh_t = tanh c_t ⊙ Ro + o ⊙ (1 - tanh² c_t) ⊙ Rc_t
/// ```
private func tangentLSTM(
  _ plan: SequencePlan, _ saved: LSTMActivations, gates: Tensor, c0: Tensor?, h0: Tensor?,
  c0Tangent: Tensor?, recurrent: PackedMatrix
) -> (outputs: Tensor, memories: Tensor) {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let outputs = Tensor(uninitialized: saved.outputs.shape)
  let memories = Tensor(uninitialized: saved.outputs.shape)
  let zeros = Tensor(zeros: [batch, size])
  let (c0, c0Tangent) = (c0 ?? zeros, c0Tangent ?? zeros)
  plan.forwardInTime { rows, t in
    let first = t * batch + rows.lowerBound
    let pre = gates.sharedPointer.row(first, 4 * size)
    let before =
      t > 0
      ? outputs.sharedPointer.row(first - batch, size)
      : h0?.sharedPointer.row(rows.lowerBound, size)
    if let before {
      multiplyShared(
        rows: rows.count, before, rowStride: size, recurrent, accumulate: true, into: pre)
    }
    let c =
      t > 0
      ? saved.memories.sharedPointer.row(first - batch, size)
      : c0.sharedPointer.row(rows.lowerBound, size)
    let dc =
      t > 0
      ? memories.sharedPointer.row(first - batch, size)
      : c0Tangent.sharedPointer.row(rows.lowerBound, size)
    for row in 0..<rows.count {
      lstmTangentRow(
        size, saved.gates.sharedPointer.row(first + row, 4 * size), pre.row(row, 4 * size),
        c: c.row(row, size), squashed: saved.squashed!.sharedPointer.row(first + row, size),
        dc: dc.row(row, size), memory: memories.sharedPointer.row(first + row, size),
        output: outputs.sharedPointer.row(first + row, size))
    }
    plan.clearEnded(
      rows, at: t, [(outputs.sharedPointer, size), (memories.sharedPointer, size)])
  }
  withExtendedLifetime((gates, zeros, c0, c0Tangent, h0)) {}
  return (outputs, memories)
}

/// One row of `tangentLSTM`: `gates` are the activations, `pre` the tangents of the pre-activations.
private func lstmTangentRow(
  _ size: Int, _ gates: UnsafePointer<Float>, _ pre: UnsafePointer<Float>, c: UnsafePointer<Float>,
  squashed: UnsafePointer<Float>, dc: UnsafePointer<Float>, memory: UnsafeMutablePointer<Float>,
  output: UnsafeMutablePointer<Float>
) {
  for j in 0..<size {
    let (i, f) = (gates[j], gates[size + j])
    let (g, o) = (gates[2 * size + j], gates[3 * size + j])
    let di = pre[j] * (i - i * i)
    let df = pre[size + j] * (f - f * f)
    let dg = pre[2 * size + j] * (1 - g * g)
    let change = f * dc[j] + c[j] * df + g * di + i * dg
    memory[j] = change
    let s = squashed[j]
    output[j] = s * (pre[3 * size + j] * (o - o * o)) + o * (1 - s * s) * change
  }
}

private func backwardLSTM(
  _ plan: SequencePlan, _ saved: LSTMActivations, _ gradients: LSTMStateGradients, c0: Tensor?,
  recurrent: PackedMatrix, outputs: Tensor?, lastH: Tensor?, lastC: Tensor?, intoInitial: Bool
) {
  let (batch, size) = (plan.batch, saved.outputs.shape[2])
  let zeros = Tensor(zeros: c0 == nil ? [batch, size] : [0])
  let initialC = (c0 ?? zeros).sharedPointer
  let (gates, memories) = (saved.gates.sharedPointer, saved.memories.sharedPointer)
  let squashed = saved.squashed!.sharedPointer
  plan.backwardInTime { rows, t in
    let dh = gradients.h.sharedPointer.row(rows.lowerBound, size)
    let dc = gradients.c.sharedPointer.row(rows.lowerBound, size)
    let first = t * batch + rows.lowerBound
    // Rows that have ended already have zero gradients and zero gates here, so nothing flows.
    plan.addGradient(ofLast: lastH, endingAt: t, rows, to: dh, size)
    plan.addGradient(ofLast: lastC, endingAt: t, rows, to: dc, size)
    plan.addGradient(ofOutputs: outputs, at: t, rows, to: dh, size)
    let c = t > 0 ? memories.row(first - batch, size) : initialC.row(rows.lowerBound, size)
    unroll_lstm_backward(
      rows.count, size, gates.row(first, 4 * size), c, squashed.row(first, size), dh, dc)
    if t > 0 || intoInitial {
      multiplyShared(
        rows: rows.count, gates.row(first, 4 * size), rowStride: 4 * size, recurrent, into: dh)
    }
  }
  // A row without steps hands the gradient of its last state to its initial one.
  plan.addGradient(ofLast: lastH, endingAt: -1, 0..<batch, to: gradients.h.sharedPointer, size)
  plan.addGradient(ofLast: lastC, endingAt: -1, 0..<batch, to: gradients.c.sharedPointer, size)
  withExtendedLifetime((zeros, c0)) {}
}
