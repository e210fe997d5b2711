import CKernels
import Tensors

/// The output layer of a language model with its loss: logits u = W·h + b, p = softmax(u), and the
/// cross-entropy -ln p(target), with all gradients, as one node of the graph.
///
/// The rows [T·B] are worked off in blocks: logits, loss and gradients of one block exist at a time,
/// so memory never holds [T·B, V]. The gradients are computed along with the loss and wait for the
/// backward pass. Rows that do not count are left out where there are many, as beyond the ends of short
/// targets: they would cost as much as the others.
///
/// - Parameters:
///   - hidden: h [M, H].
///   - weight: W [V, H]; bias: b [V], or nil for none.
///   - targets: M tokens; rows with a negative target do not count.
///   - scale: the loss returned is scale · Σ -ln p(target).
///   - smoothing: ε of label smoothing (Szegedy et al. 2016): the loss returned is then
///     scale · Σ ((1 - ε)·(-ln p(target)) + ε·mean over all tokens of -ln p), whose gradient in the
///     logits is p - (1 - ε)·onehot(target) - ε/V.
/// - Returns: the loss as a scalar, and -ln p(target) of each row (0 where it does not count).
public func softmaxCrossEntropy(
  _ hidden: Variable, weight: Variable, bias: Variable?, targets: [Int32], scale: Float,
  smoothing: Float = 0
) -> (loss: Variable, losses: [Float]) {
  func losses(_ hidden: Variable, _ targets: [Int32]) -> (loss: Variable, losses: [Float]) {
    softmaxCrossEntropy(
      hidden, weight: weight, bias: bias, targets: targets, scale: scale, smoothing: smoothing,
      blockRows: outputBlockRows(vocabulary: weight.shape[0]))
  }
  let counting = targets.indices.filter { targets[$0] >= 0 }
  guard !counting.isEmpty, 16 * counting.count < 15 * targets.count else {
    return losses(hidden, targets)
  }
  let (loss, own) = losses(
    hidden.rows(at: counting.map { Int32($0) }), counting.map { targets[$0] })
  var all = [Float](repeating: 0, count: targets.count)
  for (row, loss) in zip(counting, own) { all[row] = loss }
  return (loss, all)
}

/// Rows whose logits are held at a time: 64 MiB of them, but enough rows that packing W pays.
func outputBlockRows(vocabulary: Int) -> Int { max(64, (16 << 20) / max(vocabulary, 1)) }

/// `softmaxCrossEntropy` in blocks of `blockRows` rows.
func softmaxCrossEntropy(
  _ hidden: Variable, weight: Variable, bias: Variable?, targets: [Int32], scale: Float,
  smoothing: Float = 0, blockRows: Int
) -> (loss: Variable, losses: [Float]) {
  let (rows, size, vocabulary) = (hidden.shape[0], weight.shape[1], weight.shape[0])
  precondition(
    hidden.shape == [targets.count, size] && (bias == nil || bias?.shape == [vocabulary]),
    "states \(hidden.shape), weight \(weight.shape), bias \(bias?.shape ?? []), "
      + "\(targets.count) targets")
  precondition(
    targets.allSatisfy { $0 < vocabulary }, "a target beyond the vocabulary of \(vocabulary)")
  let parents = [hidden, weight] + (bias.map { [$0] } ?? [])
  // A loss scaled by zero has no gradient; the kernel would take the zero for "no gradient wanted"
  // and leave logits in its place.
  let isRecorded = scale != 0 && parents.contains(where: \.isRecorded)

  var losses = [Float](repeating: 0, count: rows)
  var gradients: OutputGradients?
  if isRecorded {
    gradients = OutputGradients(
      rows: rows, size: size, vocabulary: vocabulary, hasBias: bias != nil)
  }
  var smoothed = 0.0
  for start in stride(from: 0, to: rows, by: blockRows) {
    smoothed += outputBlock(
      hidden.value, weight: weight, bias: bias?.value, targets: targets,
      rows: start..<min(rows, start + blockRows), scale: isRecorded ? scale : 0,
      smoothing: smoothing, losses: &losses, gradients: gradients)
  }

  let total = losses.reduce(smoothed) { $0 + Double($1) }
  let loss = Tensor(Float(total * Double(scale)))
  guard let gradients else { return (Variable(loss), losses) }
  let (states, offsets) = (hidden.value, bias?.value)
  return (
    Variable.operation(from: parents, output: loss) { context in
      // The loss moves along its gradient.
      var slope = 0.0
      for (parent, gradient) in gradients.all.enumerated() {
        guard let tangent = context.tangent(ofParent: parent) else { continue }
        slope += unroll_dot(gradient.count, gradient.sharedPointer, tangent.sharedPointer)
        withExtendedLifetime(tangent) {}
      }
      return Tensor(Float(slope))
    } curvature: { context in
      addOutputCurvature(
        context, states, weight: weight.value, bias: offsets, targets: targets, scale: scale,
        blockRows: blockRows)
    } backward: { context in
      let seed = context.takeGradient().scalar
      for (parent, gradient) in gradients.all.enumerated() {
        let gradient = seed != 1 && context.keepsGraph ? gradient.copied() : gradient
        if seed != 1 {
          unroll_scale(gradient.count, seed, gradient.sharedPointer, gradient.sharedPointer)
        }
        context.add(gradient, toParent: parent)
      }
    }, losses
  )
}

private struct OutputGradients {
  let hidden: Tensor
  let weight: Tensor
  let bias: Tensor?

  /// In the order of the parents.
  var all: [Tensor] { [hidden, weight] + (bias.map { [$0] } ?? []) }

  init(rows: Int, size: Int, vocabulary: Int, hasBias: Bool) {
    hidden = Tensor(uninitialized: [rows, size])
    weight = Tensor(uninitialized: [vocabulary, size])
    bias = hasBias ? Tensor(uninitialized: [vocabulary]) : nil
    if rows == 0 {
      for sum in all { sum.sharedPointer.update(repeating: 0, count: sum.count) }
    }
  }
}

/// - Returns: what smoothing adds to the sum of the losses.
private func outputBlock(
  _ hidden: Tensor, weight: Variable, bias: Tensor?, targets: [Int32], rows: Range<Int>,
  scale: Float, smoothing: Float, losses: inout [Float], gradients: OutputGradients?
) -> Double {
  var smoothed = 0.0
  let (size, vocabulary) = (weight.shape[1], weight.shape[0])
  let h = hidden.sharedPointer.row(rows.lowerBound, size)
  let w = weight.value
  let states = MatrixView(h, rows: rows.count, columns: size)
  let matrix = MatrixView(w.sharedPointer, rows: vocabulary, columns: size)
  withWorkspace(rows.count * vocabulary) { logits in
    multiply(states, matrix, bias: bias?.sharedPointer, into: logits)
    if smoothing > 0 {
      smoothed = smoothingLoss(smoothing, rows.count, vocabulary, logits, targets[rows])
    }
    losses.withUnsafeMutableBufferPointer { losses in
      targets.withUnsafeBufferPointer { targets in
        let losses = losses.baseAddress! + rows.lowerBound
        let targets = targets.baseAddress! + rows.lowerBound
        // About a tenth of a millisecond a task.
        let chunk = max(1, 65_536 / max(vocabulary, 1))
        ThreadTeam.current.forEach((rows.count + chunk - 1) / chunk) { task in
          let first = task * chunk
          unroll_cross_entropy_rows(
            min(chunk, rows.count - first), vocabulary, logits.row(first, vocabulary), vocabulary,
            targets + first, scale, losses + first)
        }
      }
    }
    guard let gradients else { return }
    if smoothing > 0 {
      smoothGradient(scale * smoothing, rows.count, vocabulary, logits, targets[rows])
    }
    let gradient = MatrixView(logits, rows: rows.count, columns: vocabulary)
    let isFirst = rows.lowerBound == 0
    multiply([
      MatrixProduct(
        gradient.transposed, states.transposed, accumulate: !isFirst,
        into: gradients.weight.sharedPointer),
      MatrixProduct(
        gradient, matrix.transposed,
        into: gradients.hidden.sharedPointer.row(rows.lowerBound, size)),
    ])
    if let sums = gradients.bias?.sharedPointer {
      addColumns(rows.count, vocabulary, of: logits, accumulate: !isFirst, to: sums)
    }
  }
  withExtendedLifetime((hidden, w, bias)) {}
  return smoothed
}

/// ε·Σ (x_target - mean of x) over the rows that count: by so much the smoothed losses exceed the others.
private func smoothingLoss(
  _ smoothing: Float, _ rows: Int, _ vocabulary: Int, _ logits: UnsafePointer<Float>,
  _ targets: ArraySlice<Int32>
) -> Double {
  zip(0..<rows, targets).reduce(0.0) { sum, place in
    let (row, target) = place
    guard target >= 0 else { return sum }
    let own = logits + row * vocabulary
    let mean = unroll_sum(vocabulary, own) / Double(vocabulary)
    return sum + Double(smoothing) * (Double(own[Int(target)]) - mean)
  }
}

/// Adds scale·ε·(onehot(target) - 1/V) to the gradients of the rows that count.
private func smoothGradient(
  _ scale: Float, _ rows: Int, _ vocabulary: Int, _ gradients: UnsafeMutablePointer<Float>,
  _ targets: ArraySlice<Int32>
) {
  let first = targets.startIndex
  ThreadTeam.current.forEach(rows) { row in
    let target = targets[first + row]
    guard target >= 0 else { return }
    let own = gradients.row(row, vocabulary)
    unroll_add_scalar(vocabulary, -scale / Float(vocabulary), own, own)
    own[Int(target)] += scale
  }
}

/// sums[j] = Σ_i x[i, j] (+ sums[j]) for contiguous rows, shared by the thread team.
func addColumns(
  _ rows: Int, _ columns: Int, of x: UnsafePointer<Float>, accumulate: Bool,
  to sums: UnsafeMutablePointer<Float>
) {
  let width = 1024
  ThreadTeam.current.forEach((columns + width - 1) / width) { task in
    let first = task * width
    unroll_column_sums(
      rows, min(width, columns - first), x + first, columns, accumulate, sums + first)
  }
}
