import Tensors
import Testing

@Suite("Eigensystems of symmetric matrices")
struct SymmetricEigensystemTests {
  /// A symmetric matrix with normal elements.
  private func random(_ size: Int, seed: UInt64) -> [Double] {
    let normal = RandomKey(seed: seed).normal([size, size]).scalars.map(Double.init)
    return (0..<size * size).map {
      normal[max($0 / size, $0 % size) * size + min($0 / size, $0 % size)]
    }
  }

  private func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// |A - B| / |A|, or |B| where A is 0.
  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    norm(zip(a, b).map { $0 - $1 }) / max(norm(a), .leastNormalMagnitude)
  }

  /// V·Vᵀ - 1, which is 0 when the vectors are orthogonal and of length 1.
  private func departureFromOrthogonal(_ system: SymmetricEigensystem) -> Double {
    let (n, v) = (system.size, system.vectors)
    var greatest = 0.0
    for i in 0..<n {
      for j in 0...i {
        let dot = (0..<n).reduce(0.0) { $0 + v[i * n + $1] * v[j * n + $1] }
        greatest = max(greatest, abs(dot - (i == j ? 1 : 0)))
      }
    }
    return greatest
  }

  private func check(
    _ elements: [Double], _ size: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> SymmetricEigensystem {
    let system = try #require(
      SymmetricEigensystem(size: size, elements: elements), sourceLocation: sourceLocation)
    // Some hundred rotations of 1.1e-16 each; 4e-15 is what 40 rows come to.
    #expect(distance(elements, system.matrix { $0 }) < 1e-14, sourceLocation: sourceLocation)
    #expect(departureFromOrthogonal(system) < 1e-14, sourceLocation: sourceLocation)
    #expect(
      zip(system.values, system.values.dropFirst()).allSatisfy { $0 <= $1 },
      sourceLocation: sourceLocation)
    return system
  }

  @Test("a matrix is the sum of its eigenvectors' projections, in any size")
  func sizes() throws {
    for size in 0...12 { _ = try check(random(size, seed: UInt64(size)), size) }
    _ = try check(random(40, seed: 40), 40)
  }

  @Test("the second difference has the eigenvalues of its sines")
  func closedForm() throws {
    let n = 25
    let elements = (0..<n * n).map { index -> Double in
      switch abs(index / n - index % n) {
      case 0: 2
      case 1: -1
      default: 0
      }
    }
    let system = try check(elements, n)
    // 4 sin²(kπ / (2(n + 1))), by the half-angle of a cosine summed from its recurrence.
    let step = 2 * cosine(.pi / Double(n + 1))
    var (last, cosineK) = (1.0, step / 2)
    for k in 0..<n {
      #expect(abs(system.values[k] - (2 - 2 * cosineK)) < 2e-14)
      (last, cosineK) = (cosineK, step * cosineK - last)
    }
  }

  /// cos x by its series, for small x.
  private func cosine(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for k in 1...10 {
      term *= -x * x / Double((2 * k - 1) * 2 * k)
      sum += term
    }
    return sum
  }

  @Test("zero, diagonal, repeated and rank-one matrices are no trouble")
  func special() throws {
    #expect(try check([Double](repeating: 0, count: 9), 3).values == [0, 0, 0])
    #expect(try check([3, 0, 0, 0, -1, 0, 0, 0, 2], 3).values == [-1, 2, 3])
    #expect(try check([1, 0, 0, 0, 1, 0, 0, 0, 1], 3).values == [1, 1, 1])
    let u = RandomKey(seed: 3).normal([20]).scalars.map(Double.init)
    let rankOne = (0..<400).map { u[$0 / 20] * u[$0 % 20] }
    let values = try check(rankOne, 20).values
    #expect(values.dropLast().allSatisfy { abs($0) < 1e-14 * values[19] })
    #expect(abs(values[19] / u.reduce(0) { $0 + $1 * $1 } - 1) < 1e-14)
  }

  @Test("the scale of a matrix does not matter")
  func scale() throws {
    let elements = random(6, seed: 7)
    let plain = try check(elements, 6)
    for factor in [0x1p-1000, 0x1p-60, 0x1p900] {
      let scaled = try #require(
        SymmetricEigensystem(size: 6, elements: elements.map { $0 * factor }))
      #expect(scaled.values == plain.values.map { $0 * factor })
      #expect(scaled.vectors == plain.vectors)
    }
  }

  @Test("the inverse fourth root, four times, is the inverse")
  func functions() throws {
    let n = 8
    let square = try check(random(n, seed: 9), n).matrix { $0 * $0 + 0.1 }
    let root = try check(square, n).matrix { 1 / $0.squareRoot().squareRoot() }
    func times(_ a: [Double], _ b: [Double]) -> [Double] {
      (0..<n * n).map { index in
        (0..<n).reduce(0) { $0 + a[index / n * n + $1] * b[$1 * n + index % n] }
      }
    }
    let product = times(square, times(times(root, root), times(root, root)))
    let identity = (0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }
    #expect(distance(identity, product) < 1e-12)
  }

  @Test("what is no number has no eigensystem; the upper triangle is not looked at")
  func refused() {
    #expect(SymmetricEigensystem(size: 1, elements: [.nan]) == nil)
    #expect(SymmetricEigensystem(size: 2, elements: [1, 0, .infinity, 1]) == nil)
    #expect(SymmetricEigensystem(size: 2, elements: [2, .nan, 0, 1])?.values == [1, 2])
  }
}
