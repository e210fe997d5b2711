import Tensors

/// The method of conjugate gradients (Hestenes & Stiefel 1952), preconditioned by a diagonal, for
/// A·x = b with A symmetric and positive definite, known by its products.
///
/// It goes down the quadratic φ(x) = ½ xᵀAx - bᵀx, each step to the lowest point of a space that is one
/// dimension larger. Stopped early it is a regulariser, so the stop is by the progress in φ, not by
/// the residual (Martens 2010): after step i > k, with k = max(10, i/10), if
///
/// ```
/// φ(x_i) < 0   and   (φ(x_i) - φ(x_{i-k})) / φ(x_i) < k·ε
/// ```
struct ConjugateGradients {
  /// Products at most.
  var maxIterations = 250
  /// ε.
  var tolerance = 5e-4

  /// A point on the way.
  struct Iterate {
    /// Steps that led here.
    let iteration: Int
    let x: [Tensor]
    /// φ(x).
    let model: Double
  }

  /// What was found.
  struct Solution {
    /// Points after ⌈1.3ʲ⌉ steps, ever fewer, and the last one; at least one.
    let iterates: [Iterate]
    /// Products made, beside the one for the start.
    let iterations: Int

    var last: Iterate { iterates[iterates.count - 1] }
  }

  /// Solves A·x = b.
  ///
  /// - Parameters:
  ///   - start: the first x.
  ///   - preconditioner: the diagonal of M, which should resemble A; the identity when nil.
  ///   - product: A·v.
  func solve(
    _ b: [Tensor], from start: [Tensor], preconditioner: [Tensor]? = nil,
    product: ([Tensor]) throws -> [Tensor]
  ) rethrows -> Solution {
    var x = start
    // r = b - A·x, the way down from x.
    var residual = b
    if start.contains(where: { !$0.isZero }) {
      TensorVector.add(-1, try product(start), to: &residual)
    }
    func model() -> Double { -0.5 * (TensorVector.dot(x, residual) + TensorVector.dot(x, b)) }
    func precondition(_ r: [Tensor]) -> [Tensor] {
      preconditioner.map { zip(r, $0).map { $0.divided(by: $1) } } ?? r
    }
    var direction = precondition(residual)
    var slope = TensorVector.dot(residual, direction)
    var models = [model()]
    var kept: [Iterate] = []
    var nextKept = 1.0
    var iteration = 0
    while iteration < maxIterations, slope > 0 {
      let curved = try product(direction)
      let curvature = TensorVector.dot(direction, curved)
      // Rounding, or a matrix that is none of ours.
      guard curvature > 0, curvature.isFinite else { break }
      let length = slope / curvature
      TensorVector.add(length, direction, to: &x)
      TensorVector.add(-length, curved, to: &residual)
      iteration += 1
      models.append(model())
      if iteration >= Int(nextKept.rounded(.up)) {
        kept.append(Iterate(iteration: iteration, x: x, model: models[iteration]))
        while Int(nextKept.rounded(.up)) <= iteration { nextKept *= 1.3 }
      }
      if hasSettled(models) { break }
      // Gone by the next change of the residual, whose storage it may share.
      let preconditioned = precondition(residual)
      let next = TensorVector.dot(residual, preconditioned)
      TensorVector.scale(&direction, by: next / slope)
      TensorVector.add(1, preconditioned, to: &direction)
      slope = next
    }
    if kept.last?.iteration != iteration {
      kept.append(Iterate(iteration: iteration, x: x, model: models[iteration]))
    }
    return Solution(iterates: kept, iterations: iteration)
  }

  private func hasSettled(_ models: [Double]) -> Bool {
    let i = models.count - 1
    let k = max(10, i / 10)
    guard i > k, models[i] < 0 else { return false }
    return (models[i] - models[i - k]) / models[i] < Double(k) * tolerance
  }
}

extension Tensor {
  fileprivate var isZero: Bool { withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 } } }

  fileprivate func divided(by divisor: Tensor) -> Tensor {
    Tensor(shape: shape) { result in
      withUnsafeBufferPointer { x in
        divisor.withUnsafeBufferPointer { d in
          for i in result.indices { result[i] = x[i] / d[i] }
        }
      }
    }
  }
}
