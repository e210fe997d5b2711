import Tensors
import TestSupport
import Testing

@testable import Learning

@Suite struct ConjugateGradientsTests {
  private static let size = 12

  /// AᵀA + I/2 for a random A.
  private static let matrix: [[Double]] = {
    let a = RandomKey(seed: 1).normal([size, size]).scalars.map(Double.init)
    func element(_ i: Int, _ j: Int) -> Double {
      var sum = i == j ? 0.5 : 0
      for k in 0..<size { sum += a[k * size + i] * a[k * size + j] }
      return sum
    }
    return (0..<size).map { i in (0..<size).map { element(i, $0) } }
  }()
  private static let right = Tensor.random([12], seed: 2)

  /// A·v for v in two parts, of 5 and 7 elements.
  private static func product(_ v: [Tensor]) -> [Tensor] {
    let v = v.flatMap(\.scalars).map(Double.init)
    return parts(
      matrix.map { row in
        var sum = 0.0
        for (a, v) in zip(row, v) { sum += a * v }
        return Float(sum)
      })
  }

  private static func parts(_ x: [Float]) -> [Tensor] {
    [Tensor(shape: [5], scalars: x[..<5]), Tensor(shape: [7], scalars: x[5...])]
  }

  /// A⁻¹b by elimination.
  private static func directSolution() -> [Double] {
    var rows = zip(matrix, right.scalars).map { $0 + [Double($1)] }
    for pivot in 0..<size {
      for row in 0..<size where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot...size { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    return (0..<size).map { rows[$0][size] / rows[$0][$0] }
  }

  @Test(
    "find what elimination finds, from any start, with and without a preconditioner",
    arguments: [false, true], [false, true])
  func solves(_ isWarm: Bool, _ isPreconditioned: Bool) {
    let solver = ConjugateGradients(maxIterations: 40, tolerance: 1e-12)
    let start = Self.parts(
      isWarm ? Tensor.random([12], seed: 3).scalars : Array(repeating: 0, count: 12))
    let diagonal = Self.parts((0..<Self.size).map { Float(Self.matrix[$0][$0]) })
    let solution = solver.solve(
      Self.parts(Self.right.scalars), from: start,
      preconditioner: isPreconditioned ? diagonal : nil, product: Self.product)
    let x = solution.last.x.flatMap(\.scalars).map(Double.init)
    // Rounding of Floats times the condition number, a few hundred.
    #expect(relativeError(x, Self.directSolution()) < 1e-4)
    // φ = ½ xᵀAx - bᵀx = -½ bᵀx at the minimum.
    let model = -0.5 * zip(x, Self.right.scalars).reduce(0) { $0 + $1.0 * Double($1.1) }
    #expect(abs(solution.last.model - model) < 1e-5 * abs(model))
  }

  @Test("go downhill, and keep points on the way that lie ever farther apart")
  func iterates() {
    let solver = ConjugateGradients(maxIterations: 9, tolerance: 0)
    let solution = solver.solve(
      Self.parts(Self.right.scalars), from: Self.parts(Array(repeating: 0, count: 12)),
      product: Self.product)
    #expect(solution.iterations == 9)
    #expect(solution.iterates.map(\.iteration) == [1, 2, 3, 4, 5, 7, 9])
    let models = solution.iterates.map(\.model)
    #expect(zip(models, models.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test("stop when ten steps bring less than ten times the tolerance")
  func stop() {
    var products = 0
    // With ε = 0.1 ten steps would have to more than double what there is.
    let solver = ConjugateGradients(maxIterations: 100, tolerance: 0.1)
    let solution = solver.solve(
      Self.parts(Self.right.scalars), from: Self.parts(Array(repeating: 0, count: 12))
    ) {
      products += 1
      return Self.product($0)
    }
    #expect(solution.iterations == 11)
    // A start of zeros costs none.
    #expect(products == 11)
  }

  @Test("stay where they are when there is nothing to do")
  func nothing() {
    let zeros = Self.parts(Array(repeating: 0, count: 12))
    let solution = ConjugateGradients().solve(zeros, from: zeros, product: Self.product)
    #expect(solution.iterations == 0)
    #expect(solution.last.x.flatMap(\.scalars).allSatisfy { $0 == 0 })
  }
}
