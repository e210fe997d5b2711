import CKernels
import Tensors

// The products that every gated cell shares: of the inputs before the time loop, of the states
// inside it, and the gradients of the weights after it.

/// x·Wᵀ + b for all T·B rows at once: [T, B, I] to [T·B, gates].
func projectInputs(
  _ inputs: Variable, _ weight: Variable, bias: Tensor, into gates: UnsafeMutablePointer<Float>
) {
  let (rows, size) = (inputs.shape[0] * inputs.shape[1], inputs.shape[2])
  let columns = weight.shape[0]
  inputs.value.withUnsafeBufferPointer { x in
    bias.withUnsafeBufferPointer { bias in
      guard rows > 0, columns > 0 else { return }
      if rows <= fewRows {
        multiplyShared(
          rows: rows, x.baseAddress!, rowStride: size, weight.packed(.forward),
          bias: bias.baseAddress, into: gates)
      } else {
        weight.value.withUnsafeBufferPointer { w in
          multiply(
            MatrixView(x.baseAddress!, rows: rows, columns: size),
            MatrixView(w.baseAddress!, rows: columns, columns: size), bias: bias.baseAddress,
            into: gates)
        }
      }
    }
  }
}

/// Up to so many rows a product uses the packed form kept with the parameter; above, packing on the
/// fly is cheap and a second copy of the weights in memory is not.
private let fewRows = 16

/// a·Wᵀ with W packed, its columns shared by the team when there is enough to share. Inside a loop
/// of the team it runs on the calling thread.
func multiplyShared(
  rows: Int, _ a: UnsafePointer<Float>, rowStride: Int, _ weight: PackedMatrix,
  bias: UnsafePointer<Float>? = nil, accumulate: Bool = false,
  into c: UnsafeMutablePointer<Float>
) {
  forEachColumnBlock(columns: weight.columns, work: weight.columns * weight.depth) { columns in
    weight.multiply(
      rows: rows, a, rowStride: rowStride, bias: bias, accumulate: accumulate, into: c,
      resultStride: weight.columns, columns: columns)
  }
}

/// dW += Σ_t dgates_tᵀ · x_t and so on, for a parent of the graph that is W [gates, I].
///
/// - Parameters:
///   - gradients: [rows, gatesStride], of which `columns` starting at the pointer count.
func accumulateWeightGradient(
  _ context: GradientContext, parent: Int, rows: Int, gradients: UnsafePointer<Float>,
  gatesStride: Int, columns: Int, inputs: UnsafePointer<Float>, inputSize: Int
) {
  context.accumulate(intoParent: parent) { sum, isFresh in
    multiply(
      MatrixView(gradients, rows: rows, columns: columns, rowStride: gatesStride).transposed,
      MatrixView(inputs, rows: rows, columns: inputSize).transposed,
      accumulate: !isFresh, into: sum.baseAddress!)
  }
}

/// dU += Σ_t dgates_tᵀ · h_{t-1}, where h_{-1} is the initial state (zeros when nil).
func accumulateRecurrentGradient(
  _ context: GradientContext, parent: Int, plan: SequencePlan, gradients: UnsafePointer<Float>,
  gates: Int, outputs: UnsafePointer<Float>, initial: Tensor?, hiddenSize: Int
) {
  let batch = plan.batch
  context.accumulate(intoParent: parent) { sum, isFresh in
    var isFresh = isFresh
    if plan.steps > 1 {
      let rows = (plan.steps - 1) * batch
      multiply(
        MatrixView(gradients + batch * gates, rows: rows, columns: gates).transposed,
        MatrixView(outputs, rows: rows, columns: hiddenSize).transposed,
        accumulate: !isFresh, into: sum.baseAddress!)
      isFresh = false
    }
    if let initial, plan.steps > 0 {
      initial.withUnsafeBufferPointer { h in
        multiply(
          MatrixView(gradients, rows: batch, columns: gates).transposed,
          MatrixView(h.baseAddress!, rows: batch, columns: hiddenSize).transposed,
          accumulate: !isFresh, into: sum.baseAddress!)
      }
      isFresh = false
    }
    if isFresh { sum.update(repeating: 0) }
  }
}

/// db += Σ of rows, for each of `parents` alike.
func accumulateBiasGradient(
  _ context: GradientContext, parents: [Int], rows: Int, gradients: UnsafePointer<Float>,
  columns: Int
) {
  guard parents.contains(where: context.needsGradient) else { return }
  let width = 256
  let sums = Tensor(shape: [columns]) { sums in
    ThreadTeam.current.forEach((columns + width - 1) / width) { task in
      let first = task * width
      unroll_column_sums(
        rows, min(width, columns - first), gradients + first, columns, false,
        sums.baseAddress! + first)
    }
  }
  for parent in parents { context.add(sums, toParent: parent) }
}

/// dx = dgates · W for all T·B rows at once.
func accumulateInputGradient(
  _ context: GradientContext, parent: Int, rows: Int, gradients: UnsafePointer<Float>,
  weight: Tensor
) {
  guard rows > 0 else { return }
  let (gates, size) = (weight.shape[0], weight.shape[1])
  context.accumulate(intoParent: parent) { sum, isFresh in
    weight.withUnsafeBufferPointer { w in
      multiply(
        MatrixView(gradients, rows: rows, columns: gates),
        MatrixView(w.baseAddress!, rows: gates, columns: size).transposed,
        accumulate: !isFresh, into: sum.baseAddress!)
    }
  }
}
