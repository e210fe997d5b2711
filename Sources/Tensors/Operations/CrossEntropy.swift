import CKernels

/// How the losses of single rows become one result.
public enum LossReduction: Sendable {
  /// The mean over the rows that count, a scalar; 0 if none does.
  case mean
  /// The sum, a scalar.
  case sum
  /// Each row's own loss, [M].
  case none
}

extension Variable {
  /// The cross-entropy of logits [M, V] against M targets in 0..<V, in nats:
  ///
  ///     loss[i] = log Σⱼ exp(x[i, j]) - x[i, targets[i]]
  ///
  /// Rows with a negative target do not count: their loss is 0, and so is their gradient.
  ///
  /// Backward: dx[i] = dloss[i]·(softmax(x[i]) - onehot(targets[i])), the bracket made in the
  /// forward pass.
  public func crossEntropy(targets: [Int32], reduction: LossReduction = .mean) -> Variable {
    precondition(
      value.rank == 2 && shape[0] == targets.count,
      "\(targets.count) targets for logits of shape \(shape)")
    let (rows, columns) = (shape[0], shape[1])
    for target in targets {
      precondition(target < columns, "target \(target) among \(columns) classes")
    }
    let (losses, difference) = value.crossEntropy(targets, withGradient: isRecorded)
    let counted = targets.count { $0 >= 0 }
    let scale: Float = reduction == .mean ? 1 / Float(Swift.max(counted, 1)) : 1
    let output: Tensor
    switch reduction {
    case .none: output = losses
    case .sum, .mean:
      let sum = losses.withUnsafeBufferPointer { unroll_sum($0.count, $0.baseAddress!) }
      output = Tensor(Float(sum * Double(scale)))
    }
    guard let difference else { return Variable(output) }
    return Variable.operation(from: [self], output: output) { context in
      let weights = context.takeGradient().broadcast(to: [rows])
      var gradient = difference
      gradient.withUnsafeMutableBufferPointer { gradient in
        weights.withUnsafeBufferPointer { weights in
          let g = gradient.baseAddress!
          ThreadTeam.current.forEachRows(rows, columns: columns) {
            for row in $0 {
              unroll_scale(columns, scale * weights[row], g + row * columns, g + row * columns)
            }
          }
        }
      }
      context.add(gradient, toParent: 0)
    }
  }
}

extension Tensor {
  /// Each row's loss, and softmax(x) - onehot(target) if wanted.
  fileprivate func crossEntropy(
    _ targets: [Int32], withGradient: Bool
  ) -> (losses: Tensor, difference: Tensor?) {
    let (rows, columns) = (shape[0], shape[1])
    var logits = self
    if withGradient { logits.withUnsafeMutableBufferPointer { _ in } }
    // With a scale of 0 the kernel leaves the logits as they are, so they may be shared; else they
    // were copied just now.
    let x = logits.sharedPointer
    let losses = Tensor(shape: [rows]) { losses in
      targets.withUnsafeBufferPointer { targets in
        let losses = losses.baseAddress!
        ThreadTeam.current.forEachRows(rows, columns: columns, grain: Grain.heavy) {
          let start = $0.lowerBound
          unroll_cross_entropy_rows(
            $0.count, columns, x + start * columns, columns, targets.baseAddress! + start,
            withGradient ? 1 : 0, losses + start)
        }
      }
    }
    return withExtendedLifetime(logits) { (losses, withGradient ? logits : nil) }
  }
}
