import Foundation
import Tensors
import TestSupport
import Testing

/// The elements of a matrix [rows, columns] by a formula.
func matrix(_ rows: Int, _ columns: Int, _ element: (Int, Int) -> Double) -> [Double] {
  (0..<rows * columns).map { element($0 / columns, $0 % columns) }
}

/// sin(1.3 (i + 1)(j + 2)) + (i - j) / 4, whose values NumPy was asked for.
func wavyMatrix(_ rows: Int, _ columns: Int) -> [Double] {
  matrix(rows, columns) { i, j in
    let product = Double((i + 1) * (j + 2))
    return sin(1.3 * product) + Double(i - j) / 4
  }
}

/// Random elements in [-1, 1).
func randomMatrix(_ rows: Int, _ columns: Int, seed: UInt64) -> [Double] {
  Tensor.random([rows, columns], seed: seed).scalars.map(Double.init)
}

/// The determinant, by elimination with row exchanges.
func determinant(_ matrix: [Double], _ size: Int) -> Double {
  var (a, result) = (matrix, 1.0)
  for k in 0..<size {
    let pivot = (k..<size).max { abs(a[$0 * size + k]) < abs(a[$1 * size + k]) }!
    guard a[pivot * size + k] != 0 else { return 0 }
    if pivot != k {
      result = -result
      for j in 0..<size { a.swapAt(k * size + j, pivot * size + j) }
    }
    result *= a[k * size + k]
    for i in k + 1..<max(size, k + 1) {
      let factor = a[i * size + k] / a[k * size + k]
      for j in k..<size { a[i * size + j] -= factor * a[k * size + j] }
    }
  }
  return result
}

@Suite("Singular values")
struct SingularValuesTests {
  private func values(_ matrix: [Double], _ rows: Int, _ columns: Int) throws -> [Double] {
    try #require(SingularValues(of: matrix, rows: rows, columns: columns)).values
  }

  private func transposed(_ matrix: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    (0..<columns).flatMap { j in (0..<rows).map { matrix[$0 * columns + j] } }
  }

  @Test("are NumPy's, of a square matrix, a tall one and a wide one")
  func numpy() throws {
    // A few dozen roundings of 2e-16.
    let square = [
      4.459916036296272, 4.038540964944429, 2.6052047071113553, 2.2214507638874434,
      1.7032949613381567, 1.0806385100775198, 0.6534444535541635,
    ]
    #expect(relativeError(try values(wavyMatrix(7, 7), 7, 7), square) < 1e-14)
    let tall = [6.361818289937454, 2.719124658233307, 2.2778454859188355, 0.8504758623676935]
    let matrix = wavyMatrix(9, 4)
    #expect(relativeError(try values(matrix, 9, 4), tall) < 1e-14)
    #expect(relativeError(try values(transposed(matrix, 9, 4), 4, 9), tall) < 1e-14)
  }

  @Test("of differences between neighbours are sines, each to its last digits")
  func differences() throws {
    // 1 on the diagonal, -1 beside it: σ = 2 sin((2k - 1) π / (4n + 2)).
    let n = 30
    let found = try values(matrix(n, n) { $0 == $1 ? 1 : $0 + 1 == $1 ? -1 : 0 }, n, n)
    for k in 1...n {
      let expected = 2 * sin(Double(2 * k - 1) * .pi / Double(4 * n + 2))
      #expect(abs(found[n - k] / expected - 1) < 1e-14)
    }
  }

  @Test("squared add up to the elements squared, and their product is the determinant's size")
  func invariants() throws {
    for rows in 1...8 {
      for columns in 1...8 {
        let matrix = randomMatrix(rows, columns, seed: UInt64(10 * rows + columns))
        let found = try values(matrix, rows, columns)
        #expect(found.count == min(rows, columns) && found == found.sorted(by: >))
        let squares = matrix.reduce(0) { $0 + $1 * $1 }
        #expect(abs(found.reduce(0) { $0 + $1 * $1 } / squares - 1) < 1e-14)
        if rows == columns {
          let expected = abs(determinant(matrix, rows))
          #expect(abs(found.reduce(1, *) - expected) < 1e-13)
        }
      }
    }
  }

  @Test("of an orthogonal matrix are ones; repeated ones are all found")
  func orthogonal() throws {
    // I - 2vvᵀ/vᵀv.
    let (n, v) = (12, randomMatrix(12, 1, seed: 3))
    let square = v.reduce(0) { $0 + $1 * $1 }
    let mirror = matrix(n, n) { i, j in
      let share = 2 * v[i] * v[j] / square
      return i == j ? 1 - share : -share
    }
    #expect(try values(mirror, n, n).allSatisfy { abs($0 - 1) < 1e-14 })
  }

  @Test("that are zero, huge, tiny or graded are found as such")
  func ranges() throws {
    #expect(try values([0, 0, 0, 0, 0, 0], 2, 3) == [0, 0])
    #expect(try values([], 0, 3) == [])
    #expect(try values([-3], 1, 1).map { abs($0 - 3) < 1e-14 } == [true])
    for scale in [1e200, 1e-200] {
      let found = try values([3 * scale, 0, 4 * scale, 0], 2, 2)
      #expect(abs(found[0] / (5 * scale) - 1) < 1e-14 && found[1] < 1e-15 * scale)
    }
    let graded = try values([1e-12, 0, 0, 0, 1, 0, 0, 0, 1e-6], 3, 3)
    #expect(zip(graded, [1, 1e-6, 1e-12]).allSatisfy { abs($0 / $1 - 1) < 1e-14 })
  }

  @Test("of what is no number are none")
  func notFinite() {
    #expect(SingularValues(of: [1, .nan], rows: 1, columns: 2) == nil)
    #expect(SingularValues(of: Tensor(shape: [1, 1], scalars: [.infinity])) == nil)
  }
}
