import Foundation

/// scale · Σ -ln p(target) over rows that count, with p = softmax(W·h + b), in Double. Operands:
/// `hidden` [M, H], `weight` [V, H], `bias` [V].
struct ReferenceSoftmax {
  let targets: [Int32]
  let scale: Double

  /// -ln p(target) of each row; 0 where it does not count.
  func losses(_ operands: [String: [Double]]) -> [Double] {
    let size = operands["hidden"]!.count / max(targets.count, 1)
    return targets.enumerated().map { row, target in
      guard target >= 0 else { return 0 }
      let h = Array(operands["hidden"]![row * size..<(row + 1) * size])
      let u = affine(operands["weight"]!, h, operands["bias"]!)
      let greatest = u.max()!
      return log(u.reduce(0) { $0 + exp($1 - greatest) }) + (greatest - u[Int(target)])
    }
  }

  func loss(_ operands: [String: [Double]]) -> Double { scale * losses(operands).reduce(0, +) }
}
