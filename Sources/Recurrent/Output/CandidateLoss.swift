import CKernels
import Tensors

/// What a row learns from its candidates.
enum CandidateObjective: Sendable {
  /// Which of the sample and its target is the target, by a softmax.
  case softmax
  /// Of each whether it is data or noise, by a logistic function.
  case noiseContrast
}

/// The loss of output layers that are trained on samples, with all gradients, as one node of the graph:
/// with S the sample, π(w) the expected number of times that it has w, t the target of a row and u =
/// W·h + b of the candidates alone,
///
/// ```
/// v_w = u_w - ln π(w)
/// softmax:         L = ln Σ_{w ∈ S ∪ t} e^{v_w} - v_t
/// noise contrast:  L = ln(1 + e^{-(v_t - c)}) + Σ_{w ∈ S} ln(1 + e^{v_w - c})
/// ```
/// Softmax (Jean et al. 2015): the posterior of which candidate is the target, if each other one was
/// drawn by itself; a target that is in the sample too stands once, so there are no accidental hits.
/// Noise contrast (Gutmann & Hyvärinen 2010): least in expectation where e^{u - c} is the distribution
/// of the targets, c = ln Z. There a target that was drawn is noise as well, as it has to be.
///
/// Rows share S, so the products are with one small matrix, the gathered rows of W, and the gradient of W
/// is the rows of S and the targets. Rows of h are worked off in blocks; logits, loss and gradients of
/// one block exist at a time. The gradients are computed along with the loss and wait for the backward
/// pass.
///
/// - Parameters:
///   - hidden: h [M, H].
///   - weight: W [V, H]; bias: b [V]; normalizer: c [1], for noise contrast.
///   - logProbabilities: ln π of all V tokens.
///   - scale: the loss returned is scale · Σ L.
/// - Returns: the loss as a scalar, and L of each row (0 where it does not count).
func candidateLoss(
  _ objective: CandidateObjective, _ hidden: Variable, weight: Variable, bias: Variable,
  normalizer: Variable? = nil, candidates: Candidates, logProbabilities: [Float], scale: Float,
  blockRows: Int? = nil
) -> (loss: Variable, losses: [Float]) {
  let (rows, size, vocabulary) = (hidden.shape[0], weight.shape[1], weight.shape[0])
  precondition(
    hidden.shape == [candidates.targets.count, size] && bias.shape == [vocabulary]
      && logProbabilities.count == vocabulary,
    "states \(hidden.shape), weight \(weight.shape), bias \(bias.shape), "
      + "\(candidates.targets.count) targets")
  let count = candidates.tokens.count
  precondition(
    candidates.tokens.last.map { $0 < vocabulary } ?? true,
    "a candidate beyond the vocabulary of \(vocabulary)")
  let parents = [hidden, weight, bias] + (normalizer.map { [$0] } ?? [])
  let isRecorded = scale != 0 && parents.contains(where: \.isRecorded)

  let gathered = weight.value.gathered(rows: candidates.tokens)
  let shift = normalizer?.value.scalar ?? 0
  let offsets = bias.value.withUnsafeBufferPointer { bias in
    candidates.tokens.map { bias[Int($0)] - logProbabilities[Int($0)] - shift }
  }
  var losses = [Float](repeating: 0, count: rows)
  let gradients = isRecorded ? CandidateGradients(rows: rows, size: size, count: count) : nil
  let blockRows = blockRows ?? outputBlockRows(vocabulary: count)
  for start in stride(from: 0, to: rows, by: blockRows) {
    let block = CandidateBlock(
      objective: objective, rows: start..<min(rows, start + blockRows), candidates: candidates)
    block.run(
      hidden.value, gathered, offsets, scale: isRecorded ? scale : 0, losses: &losses, gradients)
  }

  let total = losses.reduce(0.0) { $0 + Double($1) }
  let loss = Tensor(Float(total * Double(scale)))
  guard let gradients else { return (Variable(loss), losses) }
  return (
    Variable.operation(from: parents, output: loss) { context in
      let seed = context.takeGradient().scalar
      if seed != 1 { gradients.scale(by: seed) }
      context.add(gradients.hidden, toParent: 0)
      context.addRows(candidates.tokens, gradients.weight, toParent: 1)
      context.accumulate(intoParent: 2) { sum, isFresh in
        if isFresh { sum.update(repeating: 0) }
        gradients.bias.withUnsafeBufferPointer { bias in
          for (token, gradient) in zip(candidates.tokens, bias) { sum[Int(token)] += gradient }
        }
      }
      guard parents.count > 3 else { return }
      // c moves all logits down.
      let slope = -unroll_sum(count, gradients.bias.sharedPointer)
      context.add(Tensor(shape: [1], scalars: [Float(slope)]), toParent: 3)
    }, losses
  )
}

/// Of the rows, of the candidates' rows of W, and of the candidates' elements of b.
private struct CandidateGradients {
  let hidden: Tensor
  let weight: Tensor
  let bias: Tensor

  init(rows: Int, size: Int, count: Int) {
    hidden = Tensor(uninitialized: [rows, size])
    weight = Tensor(uninitialized: [count, size])
    bias = Tensor(uninitialized: [count])
    if rows == 0 {
      for sum in [weight, bias] { sum.sharedPointer.update(repeating: 0, count: sum.count) }
    }
  }

  func scale(by factor: Float) {
    for gradient in [hidden, weight, bias] {
      unroll_scale(gradient.count, factor, gradient.sharedPointer, gradient.sharedPointer)
    }
  }
}

/// Some rows of a batch with their candidates.
private struct CandidateBlock {
  let objective: CandidateObjective
  let rows: Range<Int>
  let candidates: Candidates

  private var count: Int { candidates.tokens.count }

  func run(
    _ hidden: Tensor, _ weight: Tensor, _ offsets: [Float], scale: Float,
    losses: inout [Float], _ gradients: CandidateGradients?
  ) {
    let size = weight.shape[1]
    let states = MatrixView(
      hidden.sharedPointer.row(rows.lowerBound, size), rows: rows.count, columns: size)
    let matrix = MatrixView(weight.sharedPointer, rows: count, columns: size)
    withWorkspace(rows.count * count) { logits in
      offsets.withUnsafeBufferPointer {
        multiply(states, matrix, bias: $0.baseAddress, into: logits)
      }
      losses.withUnsafeMutableBufferPointer {
        lose(logits, scale: scale, losses: $0.baseAddress! + rows.lowerBound)
      }
      guard let gradients else { return }
      let gradient = MatrixView(logits, rows: rows.count, columns: count)
      let isFirst = rows.lowerBound == 0
      multiply([
        MatrixProduct(
          gradient.transposed, states.transposed, accumulate: !isFirst,
          into: gradients.weight.sharedPointer),
        MatrixProduct(
          gradient, matrix.transposed,
          into: gradients.hidden.sharedPointer.row(rows.lowerBound, size)),
      ])
      addColumns(
        rows.count, count, of: logits, accumulate: !isFirst, to: gradients.bias.sharedPointer)
    }
    withExtendedLifetime((hidden, weight)) {}
  }

  /// Turns logits into losses and, unless scale is 0, into their gradient.
  private func lose(
    _ logits: UnsafeMutablePointer<Float>, scale: Float, losses: UnsafeMutablePointer<Float>
  ) {
    let others = candidates.isSampled.indices.filter { candidates.isSampled[$0] == 0 }
    candidates.targets.withUnsafeBufferPointer { targets in
      candidates.isSampled.withUnsafeBufferPointer { isSampled in
        let targets = targets.baseAddress! + rows.lowerBound
        let isSampled = isSampled.baseAddress!
        // About a tenth of a millisecond a task.
        let chunk = max(1, 65_536 / max(count, 1))
        ThreadTeam.current.forEach((rows.count + chunk - 1) / chunk) { task in
          let first = task * chunk
          let (some, logits) = (min(chunk, rows.count - first), logits.row(first, count))
          switch objective {
          case .softmax:
            for row in 0..<some {
              let own = Int(targets[first + row])
              for other in others where other != own { logits.row(row, count)[other] = -.infinity }
            }
            unroll_cross_entropy_rows(
              some, count, logits, count, targets + first, scale, losses + first)
          case .noiseContrast:
            unroll_noise_contrast_rows(
              some, count, logits, count, isSampled, targets + first, scale, losses + first)
          }
        }
      }
    }
  }
}
