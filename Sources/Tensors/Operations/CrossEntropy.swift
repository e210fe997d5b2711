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
  /// forward pass. The curvature in the logits is that of the softmax, diag(p) - p·pᵀ for a row that
  /// counts, times its weight.
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
      context.tangent().map { tangent in
        let slopes = difference.rowDots(tangent)
        return reduction == .none ? slopes : slopes.total().scaled(by: scale)
      }
    } curvature: { context in
      guard let tangent = context.tangent() else { return }
      var product = difference.softmaxCurvature(targets, tangent)
      product.scaleRows(by: context.gradients.takeGradient().broadcast(to: [rows]), times: scale)
      context.gradients.add(product, toParent: 0)
    } backward: { context in
      var gradient = difference
      gradient.scaleRows(by: context.takeGradient().broadcast(to: [rows]), times: scale)
      context.add(gradient, toParent: 0)
    }
  }
}

extension Tensor {
  /// Row i becomes factor·weights[i] times itself.
  fileprivate mutating func scaleRows(by weights: Tensor, times factor: Float) {
    let (rows, columns) = (rowCount, columnCount)
    withUnsafeMutableBufferPointer { matrix in
      weights.withUnsafeBufferPointer { weights in
        let x = matrix.baseAddress!
        ThreadTeam.current.forEachRows(rows, columns: columns) {
          for row in $0 {
            unroll_scale(columns, factor * weights[row], x + row * columns, x + row * columns)
          }
        }
      }
    }
  }

  /// Σⱼ of the products of the elements, for each row.
  fileprivate func rowDots(_ other: Tensor) -> Tensor {
    let columns = columnCount
    return Tensor(shape: [rowCount]) { sums in
      withUnsafeBufferPointer { a in
        other.withUnsafeBufferPointer { b in
          for row in sums.indices {
            sums[row] = Float(
              unroll_dot(
                columns, a.baseAddress! + row * columns, b.baseAddress! + row * columns))
          }
        }
      }
    }
  }

  /// With softmax - onehot(target) in this tensor: p ⊙ (u′ - p·u′) for each row that counts.
  fileprivate func softmaxCurvature(_ targets: [Int32], _ tangent: Tensor) -> Tensor {
    var p = self
    let columns = columnCount
    p.withUnsafeMutableBufferPointer { p in
      for (row, target) in targets.enumerated() where target >= 0 {
        p[row * columns + Int(target)] += 1
      }
    }
    var product = tangent
    product.updateRows(with: p, unroll_softmax_rows_backward)
    return product
  }

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
