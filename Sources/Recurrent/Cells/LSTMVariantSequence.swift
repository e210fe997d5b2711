import CKernels
import Tensors

/// What a run of an LSTM with options reads beside its inputs.
struct LSTMVariantWeights {
  /// U [G·H, P].
  var recurrent: Variable
  /// p [G, H].
  var peepholes: Variable?
  /// W_hr [P, H].
  var projection: Variable?
  /// γ_hh [G·H].
  var recurrentGain: Variable?
  /// γ_c and β_c [H].
  var memoryNorm: (gain: Variable, bias: Variable)?
  var isCoupled: Bool
  /// [B, H].
  var candidateScale: Tensor?

  /// As parents of the node, in this order, constants where there are none.
  var variables: [Variable] {
    let none = Variable(Tensor(zeros: [0]))
    return [
      recurrent, peepholes ?? none, projection ?? none, recurrentGain ?? none,
      memoryNorm?.gain ?? none, memoryNorm?.bias ?? none,
    ]
  }
}

/// A whole LSTM layer with options over a whole sequence as one node of the graph; see `runLSTM` for
/// the plan. Its inputs are projected already: [T, B, G·H], normalised if need be.
///
/// - Returns: outputs [T, B, P], last h [B, P], last c [B, H].
func runLSTMVariant(
  _ inputs: Variable, lengths: [Int32]?, h h0: Variable?, c c0: Variable?,
  _ weights: LSTMVariantWeights
) -> [Variable] {
  let plan = SequencePlan(steps: inputs.shape[0], batch: inputs.shape[1], lengths: lengths)
  let parents =
    [inputs] + weights.variables + [h0, c0].map { $0 ?? Variable(Tensor(zeros: [0])) }
  let isRecorded = parents.contains(where: \.isRecorded)
  let run = LSTMVariantRun(
    plan, weights, h0: h0?.value, c0: c0?.value, isRecorded: isRecorded)
  run.forward(inputs.value, weights)

  let results = [
    run.outputs, plan.lastStates(of: run.outputs, initial: h0?.value),
    plan.lastStates(of: run.memories, initial: c0?.value),
  ]
  guard isRecorded else { return results.map { Variable($0) } }
  let (recurrent, projection) = (weights.recurrent, weights.projection)
  return Variable.operation(from: parents, outputs: results) { context in
    run.backward(
      context, recurrent: recurrent.packed(.backward), projection: projection?.packed(.backward))
  }
}

/// One run: what the forward pass leaves for the backward pass, and both passes.
private struct LSTMVariantRun: Sendable {
  let plan: SequencePlan
  let isCoupled: Bool
  /// H, P and G·H.
  let size: Int
  let outputSize: Int
  let width: Int
  let h0: Tensor?
  /// c_{-1} [B, H], zeros if none was given.
  let c0: Tensor
  let hasInitial: (h: Bool, c: Bool)
  let peepholes: Tensor?
  let candidateScale: Tensor?
  let memoryGain: Tensor?
  let memoryBias: Tensor?
  let product: NormalizedProduct?
  /// [T, B, G·H]: activations; the backward pass turns them into gradients.
  let gates: Tensor
  /// c_t, tanh of what is read of it, and m_t [T, B, H]; m_t is h_t where nothing is projected.
  let memories: Tensor
  let squashed: Tensor
  let memoryOutputs: Tensor
  /// h_t [T, B, P].
  let outputs: Tensor
  /// Moments of c_t [T·B].
  let means: Tensor
  let deviations: Tensor

  init(
    _ plan: SequencePlan, _ weights: LSTMVariantWeights, h0: Tensor?, c0: Tensor?,
    isRecorded: Bool
  ) {
    self.plan = plan
    isCoupled = weights.isCoupled
    width = weights.recurrent.shape[0]
    size = width / (isCoupled ? 3 : 4)
    outputSize = weights.recurrent.shape[1]
    self.h0 = h0
    self.c0 = c0 ?? Tensor(zeros: [plan.batch, size])
    hasInitial = (h0 != nil, c0 != nil)
    peepholes = weights.peepholes?.value
    candidateScale = weights.candidateScale
    memoryGain = weights.memoryNorm?.gain.value
    memoryBias = weights.memoryNorm?.bias.value
    product = weights.recurrentGain.map {
      NormalizedProduct(plan, gain: $0.value, isRecorded: isRecorded)
    }
    let shape = [plan.steps, plan.batch, size]
    gates = Tensor(uninitialized: [plan.steps, plan.batch, width])
    memories = Tensor(uninitialized: shape)
    squashed = Tensor(uninitialized: shape)
    memoryOutputs = Tensor(uninitialized: shape)
    outputs =
      weights.projection == nil
      ? memoryOutputs : Tensor(uninitialized: [plan.steps, plan.batch, outputSize])
    let rows = memoryGain == nil ? 0 : plan.steps * plan.batch
    means = Tensor(uninitialized: [rows])
    deviations = Tensor(uninitialized: [rows])
  }

  /// c_{t-1} of the rows from `row` on.
  private func memory(before t: Int, row: Int) -> UnsafeMutablePointer<Float> {
    t > 0
      ? memories.sharedPointer.row((t - 1) * plan.batch + row, size)
      : c0.sharedPointer.row(row, size)
  }

  func forward(_ inputs: Tensor, _ weights: LSTMVariantWeights) {
    precondition(
      inputs.shape == [plan.steps, plan.batch, width],
      "projected inputs \(inputs.shape) for a recurrent matrix \(weights.recurrent.shape)")
    let recurrent = weights.recurrent.packed(.forward)
    let projection = weights.projection?.packed(.forward)
    let peepholes = peepholes?.sharedPointer
    plan.forwardInTime { rows, t in
      let first = t * plan.batch + rows.lowerBound
      let gate = gates.sharedPointer.row(first, width)
      let h =
        t > 0
        ? outputs.sharedPointer.row(first - plan.batch, outputSize)
        : h0?.sharedPointer.row(rows.lowerBound, outputSize)
      if let product {
        product.forward(
          rows: rows.count, first: first, h, size: outputSize, recurrent, into: gate)
      } else if let h {
        multiplyShared(rows: rows.count, h, rowStride: outputSize, recurrent, into: gate)
      } else {
        gate.update(repeating: 0, count: rows.count * width)
      }
      unroll_add(rows.count * width, inputs.sharedPointer.row(first, width), gate, gate)

      let c = memories.sharedPointer.row(first, size)
      unroll_lstm_memory_forward(
        rows.count, size, isCoupled, gate, peepholes,
        candidateScale?.sharedPointer.row(rows.lowerBound, size),
        memory(before: t, row: rows.lowerBound), c)
      let read = squashed.sharedPointer.row(first, size)
      if let memoryGain, let memoryBias {
        unroll_layer_norm_rows(
          rows.count, size, c, memoryGain.sharedPointer, memoryBias.sharedPointer,
          NormalizedProduct.epsilon, read, means.sharedPointer + first,
          deviations.sharedPointer + first)
      }
      let output = memoryOutputs.sharedPointer.row(first, size)
      unroll_lstm_output_forward(
        rows.count, size, isCoupled, gate, peepholes, c, memoryGain == nil ? c : read, read, output)
      if let projection {
        multiplyShared(
          rows: rows.count, output, rowStride: size, projection,
          into: outputs.sharedPointer.row(first, outputSize))
      }
      plan.clearEnded(
        rows, at: t,
        [
          (gates.sharedPointer, width), (memories.sharedPointer, size),
          (memoryOutputs.sharedPointer, size), (outputs.sharedPointer, outputSize),
        ])
    }
  }

  func backward(
    _ context: GradientContext, recurrent: PackedMatrix, projection: PackedMatrix?
  ) {
    let (batch, rows) = (plan.batch, plan.steps * plan.batch)
    let dh = Tensor(zeros: [batch, outputSize])
    let dc = Tensor(zeros: [batch, size])
    // ∂L/∂h_t of every step, which only the gradient of W_hr needs.
    let outputGradients = Tensor(
      uninitialized: projection == nil ? [0] : [plan.steps, batch, outputSize])
    let dm = Tensor(uninitialized: [batch, size])
    // ∂L/∂(what is read of c_t), of every step where the gain of its norm needs it.
    let isNormalized = memoryGain != nil
    let dRead = Tensor(uninitialized: isNormalized ? [plan.steps, batch, size] : [batch, size])
    backwardInTime(
      context, recurrent, projection, dh: dh, dc: dc, outputGradients: outputGradients, dm: dm,
      dRead: dRead)

    let gradients = UnsafePointer(gates.sharedPointer)
    let recurrentGradients = product?.productGradients ?? gradients
    context.accumulate(intoParents: [1]) { sums in
      guard let sum = sums[0] else { return }
      multiply(
        recurrentProducts(
          sum, plan, gates: recurrentGradients, columns: width, outputs: outputs, initial: h0))
    }
    if context.needsGradient(ofParent: 2), peepholes != nil {
      context.add(peepholeGradient(gradients), toParent: 2)
    }
    if projection != nil {
      context.accumulate(intoParent: 3) { sum, isFresh in
        multiply(
          MatrixView(outputGradients.sharedPointer, rows: rows, columns: outputSize).transposed,
          MatrixView(memoryOutputs.sharedPointer, rows: rows, columns: size).transposed,
          accumulate: !isFresh, into: sum.baseAddress!)
      }
    }
    if let product { context.add(product.gainGradient(gradients), toParent: 4) }
    if isNormalized {
      let read = UnsafePointer(dRead.sharedPointer)
      context.add(
        normGainGradient(
          rows: rows, columns: size, memories.sharedPointer, read, means: means,
          deviations: deviations), toParent: 5)
      accumulateBiasGradient(context, parents: [6], rows: rows, gradients: read, columns: size)
    }
    if hasInitial.h { context.add(dh, toParent: 7) }
    if hasInitial.c { context.add(dc, toParent: 8) }
    context.add(gates, toParent: 0)
    withExtendedLifetime((outputGradients, dRead, dm)) {}
  }

  private func backwardInTime(
    _ context: GradientContext, _ recurrent: PackedMatrix, _ projection: PackedMatrix?,
    dh: Tensor, dc: Tensor, outputGradients: Tensor, dm: Tensor, dRead: Tensor
  ) {
    let batch = plan.batch
    let above = context.gradient(ofOutput: 0)
    let (lastH, lastC) = (context.gradient(ofOutput: 1), context.gradient(ofOutput: 2))
    let intoInitial = context.needsGradient(ofParent: 7)
    plan.backwardInTime { rows, t in
      let first = t * batch + rows.lowerBound
      let dh = dh.sharedPointer.row(rows.lowerBound, outputSize)
      let dc = dc.sharedPointer.row(rows.lowerBound, size)
      // Rows that have ended already have zero gradients here, so nothing flows.
      plan.addGradient(ofLast: lastH, endingAt: t, rows, to: dh, outputSize)
      plan.addGradient(ofLast: lastC, endingAt: t, rows, to: dc, size)
      plan.addGradient(ofOutputs: above, at: t, rows, to: dh, outputSize)
      var output = dh
      let scratch = dm.sharedPointer.row(rows.lowerBound, size)
      if let projection {
        outputGradients.sharedPointer.row(first, outputSize)
          .update(from: dh, count: rows.count * outputSize)
        multiplyShared(rows: rows.count, dh, rowStride: outputSize, projection, into: scratch)
        output = scratch
      }
      let gate = gates.sharedPointer.row(first, width)
      let read = dRead.sharedPointer.row(memoryGain == nil ? rows.lowerBound : first, size)
      unroll_lstm_output_backward(
        rows.count, size, isCoupled, gate, squashed.sharedPointer.row(first, size), output, read)
      if let memoryGain {
        unroll_layer_norm_rows_backward(
          rows.count, size, memories.sharedPointer.row(first, size), memoryGain.sharedPointer,
          means.sharedPointer + first, deviations.sharedPointer + first, read, scratch, nil, nil)
        unroll_add(rows.count * size, scratch, dc, dc)
      } else {
        unroll_add(rows.count * size, read, dc, dc)
      }
      unroll_lstm_memory_backward(
        rows.count, size, isCoupled, gate, peepholes?.sharedPointer,
        candidateScale?.sharedPointer.row(rows.lowerBound, size),
        memory(before: t, row: rows.lowerBound), dc)
      let gradient = product?.backward(rows: rows.count, first: first, gate) ?? gate
      if t > 0 || intoInitial {
        multiplyShared(rows: rows.count, gradient, rowStride: width, recurrent, into: dh)
      }
    }
    // A row without steps hands the gradient of its last state to its initial one.
    plan.addGradient(ofLast: lastH, endingAt: -1, 0..<batch, to: dh.sharedPointer, outputSize)
    plan.addGradient(ofLast: lastC, endingAt: -1, 0..<batch, to: dc.sharedPointer, size)
  }

  /// ∂L/∂p [G, H]: Σ_t da_i ⊙ c_{t-1}, Σ_t da_f ⊙ c_{t-1}, 0, Σ_t da_o ⊙ c_t.
  private func peepholeGradient(_ gradients: UnsafePointer<Float>) -> Tensor {
    let (batch, gateCount) = (plan.batch, width / size)
    let later = max(plan.steps - 1, 0) * batch
    return Tensor(shape: [gateCount, size]) { sums in
      sums.update(repeating: 0)
      for gate in 0..<gateCount {
        let target = sums.baseAddress! + gate * size
        if gate == gateCount - 1 {
          productSums(
            rows: plan.steps * batch, columns: size, gradients + gate * size, aStride: width,
            memories.sharedPointer, bStride: size, into: target)
        } else if gate < gateCount - 2, plan.steps > 0 {
          productSums(
            rows: later, columns: size, gradients + batch * width + gate * size, aStride: width,
            memories.sharedPointer, bStride: size, into: target)
          guard hasInitial.c else { continue }
          for row in 0..<batch {
            unroll_multiply_accumulate(
              size, gradients + row * width + gate * size, c0.sharedPointer.row(row, size), target)
          }
        }
      }
    }
  }
}
