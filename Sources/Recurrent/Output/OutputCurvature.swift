import CKernels
import Tensors

/// The curvature of `softmaxCrossEntropy`: with u = W·h + b the logits and p = softmax(u), adds
/// Jᵀ·H·J·v for H = scale·(diag(p) - p·pᵀ), the Hessian in u of a row that counts:
///
/// ```
/// Ru = W·Rh + RW·h + Rb,   q = scale·p ⊙ (Ru - p·Ru),   dh += Wᵀ·q,   dW += q·hᵀ,   db += q
/// ```
/// p is computed again, and all of it in blocks of `blockRows` rows, so memory never holds [M, V].
///
/// - Parameters: as of `softmaxCrossEntropy`.
func addOutputCurvature(
  _ context: CurvatureContext, _ hidden: Tensor, weight: Tensor, bias: Tensor?, targets: [Int32],
  scale: Float, blockRows: Int
) {
  let (rows, size, vocabulary) = (hidden.shape[0], weight.shape[1], weight.shape[0])
  let scale = scale * context.gradients.takeGradient().scalar
  guard rows > 0 else { return }
  let matrix = MatrixView(weight.sharedPointer, rows: vocabulary, columns: size)
  let parents = bias == nil ? [0, 1] : [0, 1, 2]
  let tangents = parents.map { context.tangent(ofParent: $0) } + (bias == nil ? [nil] : [])
  for start in stride(from: 0, to: rows, by: blockRows) {
    let block = start..<min(rows, start + blockRows)
    let states = MatrixView(
      hidden.sharedPointer.row(start, size), rows: block.count, columns: size)
    withWorkspace(2 * block.count * vocabulary) { logits in
      let moves = logits.row(block.count, vocabulary)
      multiply(states, matrix, bias: bias?.sharedPointer, into: logits)
      // The tangents of the logits: a part that is there overwrites, the others add.
      var hasMoves = false
      if let dw = tangents[1] {
        multiply(
          states, MatrixView(dw.sharedPointer, rows: vocabulary, columns: size),
          bias: tangents[2]?.sharedPointer, into: moves)
        hasMoves = true
      } else if let db = tangents[2] {
        for row in 0..<block.count {
          moves.row(row, vocabulary).update(from: db.sharedPointer, count: vocabulary)
        }
        hasMoves = true
      }
      if let dh = tangents[0] {
        multiply(
          MatrixView(dh.sharedPointer.row(start, size), rows: block.count, columns: size), matrix,
          accumulate: hasMoves, into: moves)
      }
      curve(logits, moves, targets: targets[block], vocabulary: vocabulary, scale: scale)
      let product = MatrixView(moves, rows: block.count, columns: vocabulary)
      context.gradients.accumulate(intoParents: parents) { sums in
        addBlock(product, moves, states, matrix, block, size: size, sums)
      }
    }
  }
  withExtendedLifetime((hidden, weight, bias, tangents)) {}
}

/// Turns the tangents of logits into scale·p ⊙ (Ru - p·Ru), 0 for rows that do not count.
private func curve(
  _ logits: UnsafeMutablePointer<Float>, _ moves: UnsafeMutablePointer<Float>,
  targets: ArraySlice<Int32>, vocabulary: Int, scale: Float
) {
  let first = targets.startIndex
  // About a tenth of a millisecond a task.
  let chunk = max(1, 65_536 / max(vocabulary, 1))
  ThreadTeam.current.forEach((targets.count + chunk - 1) / chunk) { task in
    for row in task * chunk..<min(targets.count, (task + 1) * chunk) {
      let (p, q) = (logits.row(row, vocabulary), moves.row(row, vocabulary))
      guard targets[first + row] >= 0 else {
        q.update(repeating: 0, count: vocabulary)
        continue
      }
      unroll_softmax_rows(1, vocabulary, p, p)
      unroll_softmax_rows_backward(1, vocabulary, p, q, q)
      unroll_scale(vocabulary, scale, q, q)
    }
  }
}

/// Adds what one block of rows gives to dh (its own rows of it), dW and db.
private func addBlock(
  _ product: MatrixView, _ moves: UnsafeMutablePointer<Float>, _ states: MatrixView,
  _ matrix: MatrixView, _ block: Range<Int>, size: Int, _ sums: [GradientSum?]
) {
  // A fresh sum is set by the first block that reaches it, which for dh is each block in its rows.
  var products: [MatrixProduct] = []
  if let sum = sums[0] {
    products.append(
      MatrixProduct(
        product, matrix.transposed, accumulate: !sum.isFresh,
        into: sum.values.baseAddress!.row(block.lowerBound, size)))
    if sum.isFresh {
      let end = block.upperBound * size
      UnsafeMutableBufferPointer(rebasing: sum.values[..<(block.lowerBound * size)])
        .update(repeating: 0)
      UnsafeMutableBufferPointer(rebasing: sum.values[end...]).update(repeating: 0)
    }
  }
  if let sum = sums[1] {
    products.append(
      MatrixProduct(
        product.transposed, states.transposed, accumulate: !sum.isFresh,
        into: sum.values.baseAddress!))
  }
  multiply(products)
  if sums.count > 2, let sum = sums[2] {
    addColumns(
      block.count, sum.values.count, of: moves, accumulate: !sum.isFresh,
      to: sum.values.baseAddress!)
  }
}
