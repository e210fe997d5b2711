import CKernels
import Tensors

// The products that every gated cell shares: of the inputs before the time loop, of the states
// inside it, and the gradients of the weights after it.

/// x·Wᵀ + b for all T·B rows at once: [T, B, I] to [T·B, gates].
func projectInputs(
  _ inputs: Variable, _ weight: Variable, bias: Tensor, into gates: UnsafeMutablePointer<Float>
) {
  if let known = inputs.tableRows, projectTable(known, weight, bias: bias, into: gates) { return }
  // A single step is one of many, whose weights are better packed once.
  projectRows(
    inputs.value, weight, bias: bias, isRepeated: inputs.shape[0] == 1, into: gates)
}

/// The same for inputs of which many are equal: once for each row of their table that occurs. False, and
/// nothing done, if too few are equal.
private func projectTable(
  _ inputs: TableRows, _ weight: Variable, bias: Tensor, into gates: UnsafeMutablePointer<Float>
) -> Bool {
  let (count, columns) = (inputs.rows.count, weight.shape[0])
  // To look for what is equal must not cost more than the products of some rows.
  guard count >= 32, inputs.table.shape[0] <= 64 * count else { return false }
  let selection = RowSelection(inputs.rows, of: inputs.table.shape[0])
  guard 2 * selection.distinct.count <= count else { return false }
  let products = Tensor(uninitialized: [selection.distinct.count, columns])
  projectRows(
    inputs.table.gathered(rows: selection.distinct), weight, bias: bias, isRepeated: true,
    into: products.sharedPointer)
  let source = UnsafePointer(products.sharedPointer)
  ThreadTeam.current.forEachRows(count, columns: columns) {
    for row in $0 {
      (gates + row * columns).update(
        from: source + Int(selection.places[row]) * columns, count: columns)
    }
  }
  withExtendedLifetime(products) {}
  return true
}

/// x·Wᵀ + b for all rows of x [..., I].
///
/// - Parameter isRepeated: whether the same weights will be asked for again before they change.
func projectRows(
  _ x: Tensor, _ weight: Variable, bias: Tensor, isRepeated: Bool = false,
  into gates: UnsafeMutablePointer<Float>
) {
  let (columns, size) = (weight.shape[0], weight.shape[1])
  let rows = x.shape.dropLast().reduce(1, *)
  x.withUnsafeBufferPointer { x in
    bias.withUnsafeBufferPointer { bias in
      guard rows > 0, columns > 0 else { return }
      if rows <= fewRows || isRepeated {
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

/// The gradients of a run's inputs (parent 0), of W [G·H, I] (parent 1) and of U [G·H, H] (parent 2), over
/// all T·B rows in one round of the thread team:
///
/// ```
/// dx = dgates·W,   dW += Σ_t dgates_tᵀ·x_t,   dU += …
/// ```
/// - Parameters:
///   - gates: dgates [T·B, G·H].
///   - recurrentProducts: the products that are to be added to dU.
func accumulateProductGradients(
  _ context: GradientContext, _ plan: SequencePlan, inputs: Tensor, inputWeight: Tensor,
  gates: UnsafePointer<Float>, recurrentProducts: (GradientSum) -> [MatrixProduct]
) {
  let (columns, size) = (inputWeight.shape[0], inputWeight.shape[1])
  let rows = plan.steps * plan.batch
  let gradients = MatrixView(gates, rows: rows, columns: columns)
  context.accumulate(intoParents: [0, 1, 2]) { sums in
    var products: [MatrixProduct] = []
    if let sum = sums[1] {
      let x = MatrixView(inputs.sharedPointer, rows: rows, columns: size)
      products.append(
        MatrixProduct(
          gradients.transposed, x.transposed, accumulate: !sum.isFresh,
          into: sum.values.baseAddress!))
    }
    if let sum = sums[2] { products += recurrentProducts(sum) }
    if let sum = sums[0], rows > 0 {
      let w = MatrixView(inputWeight.sharedPointer, rows: columns, columns: size)
      products.append(
        MatrixProduct(
          gradients, w.transposed, accumulate: !sum.isFresh, into: sum.values.baseAddress!))
    }
    multiply(products)
  }
  withExtendedLifetime((inputs, inputWeight)) {}
}

/// The same for a run of one step, of which a decoder takes many: the weights are packed once for all
/// steps, and the gradients of the weights of all steps are one product at the end.
///
/// - Parameters:
///   - gates: ∂L/∂(W x), [1, B, G·H]; recurrentGates: ∂L/∂(U h), of the same shape.
///   - initial: h [B, H] before the step; nil for zeros.
func accumulateStepGradients(
  _ context: GradientContext, inputs: Tensor, inputWeight: Tensor, gates: Tensor,
  recurrentGates: Tensor, initial: Tensor?
) {
  let (batch, columns, size) = (gates.shape[1], gates.shape[2], inputWeight.shape[1])
  context.accumulate(intoParent: 0) { sum, isFresh in
    guard let target = sum.baseAddress else { return }
    if let weight = context.packed(ofParent: 1, .backward) {
      multiplyShared(
        rows: batch, gates.sharedPointer, rowStride: columns, weight, accumulate: !isFresh,
        into: target)
    } else {
      multiply(
        MatrixView(gates.sharedPointer, rows: batch, columns: columns),
        MatrixView(inputWeight.sharedPointer, rows: columns, columns: size).transposed,
        accumulate: !isFresh, into: target)
    }
  }
  context.addProduct(
    of: gates.reshaped(to: [batch, columns]), inputs.reshaped(to: [batch, size]), toParent: 1)
  if let initial {
    context.addProduct(
      of: recurrentGates.reshaped(to: [batch, columns]), initial, toParent: 2)
  } else {
    context.accumulate(intoParent: 2) { if $1 { $0.update(repeating: 0) } }
  }
  withExtendedLifetime((gates, inputWeight)) {}
}

/// dU += Σ_t dgates_tᵀ·h_{t-1}, where h_{-1} is the initial state (zeros when nil): adds the part of the
/// initial state, and gives the product that is left to do.
///
/// - Parameters:
///   - gates: dgates [T·B, `columns`]; outputs: h [T, B, H].
func recurrentProducts(
  _ sum: GradientSum, _ plan: SequencePlan, gates: UnsafePointer<Float>, columns: Int,
  outputs: Tensor, initial: Tensor?
) -> [MatrixProduct] {
  let (batch, size) = (plan.batch, outputs.shape[2])
  let target = sum.values.baseAddress!
  var isFresh = sum.isFresh
  if let initial, plan.steps > 0 {
    multiply(
      MatrixView(gates, rows: batch, columns: columns).transposed,
      MatrixView(initial.sharedPointer, rows: batch, columns: size).transposed,
      accumulate: !isFresh, into: target)
    isFresh = false
  }
  guard plan.steps > 1 else {
    if isFresh { sum.values.update(repeating: 0) }
    return []
  }
  let rows = (plan.steps - 1) * batch
  return [
    MatrixProduct(
      MatrixView(gates + batch * columns, rows: rows, columns: columns).transposed,
      MatrixView(outputs.sharedPointer, rows: rows, columns: size).transposed,
      accumulate: !isFresh, into: target)
  ]
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
