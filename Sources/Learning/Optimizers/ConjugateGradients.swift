import CKernels
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
    if start.contains(where: { !$0.isZero }) { residual.add(-1, try product(start)) }
    func model() -> Double { -0.5 * (x.dot(residual) + x.dot(b)) }
    func precondition(_ r: [Tensor]) -> [Tensor] {
      preconditioner.map { zip(r, $0).map { $0.divided(by: $1) } } ?? r
    }
    var preconditioned = precondition(residual)
    var direction = preconditioned
    var slope = residual.dot(preconditioned)
    var models = [model()]
    var kept: [Iterate] = []
    var nextKept = 1.0
    var iteration = 0
    while iteration < maxIterations, slope > 0 {
      let curved = try product(direction)
      let curvature = direction.dot(curved)
      // Rounding, or a matrix that is none of ours.
      guard curvature > 0, curvature.isFinite else { break }
      let length = slope / curvature
      x.add(length, direction)
      residual.add(-length, curved)
      iteration += 1
      models.append(model())
      if iteration >= Int(nextKept.rounded(.up)) {
        kept.append(Iterate(iteration: iteration, x: x, model: models[iteration]))
        while Int(nextKept.rounded(.up)) <= iteration { nextKept *= 1.3 }
      }
      if hasSettled(models) { break }
      preconditioned = precondition(residual)
      let next = residual.dot(preconditioned)
      direction.scaleAndAdd(next / slope, preconditioned)
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

// Lists of tensors as vectors. Products are summed in double precision in a fixed order.
extension [Tensor] {
  /// Σ a·b over all elements.
  func dot(_ other: [Tensor]) -> Double {
    zip(self, other).reduce(0) { sum, pair in
      precondition(
        pair.0.shape == pair.1.shape, "a product of \(pair.0.shape) and \(pair.1.shape)")
      return sum
        + pair.0.withUnsafeBufferPointer { a in
          pair.1.withUnsafeBufferPointer { unroll_dot(a.count, a.baseAddress, $0.baseAddress) }
        }
    }
  }

  /// This = this + factor·x
  mutating func add(_ factor: Double, _ x: [Tensor]) {
    for index in indices {
      x[index].withUnsafeBufferPointer { x in
        self[index].withUnsafeMutableBufferPointer { y in
          unroll_axpy(y.count, Float(factor), x.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// This = factor·this + x
  mutating func scaleAndAdd(_ factor: Double, _ x: [Tensor]) {
    for index in indices {
      x[index].withUnsafeBufferPointer { x in
        self[index].withUnsafeMutableBufferPointer { y in
          unroll_scale(y.count, Float(factor), y.baseAddress, y.baseAddress)
          unroll_axpy(y.count, 1, x.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// factor·this
  func scaled(by factor: Double) -> [Tensor] { map { $0.scaled(by: Float(factor)) } }
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
