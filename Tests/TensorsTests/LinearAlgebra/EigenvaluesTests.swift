import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Eigenvalues")
struct EigenvaluesTests {
  private func values(_ matrix: [Double], _ size: Int) throws -> [Eigenvalues.Value] {
    try #require(Eigenvalues(of: matrix, size: size)).values
  }

  /// The greatest distance from an expected value to the nearest found one that is not yet taken.
  private func distance(_ found: [Eigenvalues.Value], _ expected: [(Double, Double)]) -> Double {
    var left = found
    var worst = found.count == expected.count ? 0 : Double.infinity
    for (real, imaginary) in expected where !left.isEmpty {
      let distances = left.map { hypot($0.real - real, $0.imaginary - imaginary) }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }!
      worst = max(worst, distances[nearest])
      left.remove(at: nearest)
    }
    return worst
  }

  @Test("are NumPy's, in the order of their magnitudes")
  func numpy() throws {
    let found = try values(wavyMatrix(7, 7), 7)
    let expected = [
      (0.011203298634891778, 3.643274711989084), (0.011203298634891778, -3.643274711989084),
      (2.4204718377099095, 0.0), (-0.2431619317213456, 1.5285090919107696),
      (-0.2431619317213456, -1.5285090919107696), (-1.3040699580750215, 0.0),
      (1.2491928732207562, 0.0),
    ]
    // Conditioned a little worse than the singular values.
    #expect(
      zip(found, expected).allSatisfy {
        hypot($0.real - $1.0, $0.imaginary - $1.1) < 1e-13
      })
    #expect(found.count == 7)
  }

  @Test("of a cycle are the roots of unity, where plain QR steps go round in circles")
  func cycles() throws {
    for n in 2...12 {
      var matrix = [Double](repeating: 0, count: n * n)
      for i in 0..<n { matrix[i * n + (i + 1) % n] = 1 }
      let roots = (0..<n).map { k in
        (cos(2 * .pi * Double(k) / Double(n)), sin(2 * .pi * Double(k) / Double(n)))
      }
      #expect(distance(try values(matrix, n), roots) < 1e-14)
    }
  }

  @Test("of a companion matrix are its polynomial's roots")
  func companion() throws {
    // (x - 1)(x + 2)(x - 3)(x² - 2x + 5), highest power left out.
    let coefficients = [30.0, -37, 6, 4, -4]
    var matrix = [Double](repeating: 0, count: 25)
    for i in 0..<5 {
      if i > 0 { matrix[i * 5 + i - 1] = 1 }
      matrix[i * 5 + 4] = -coefficients[i]
    }
    let roots = [(1.0, 0.0), (-2, 0), (3, 0), (1, 2), (1, -2)]
    #expect(distance(try values(matrix, 5), roots) < 1e-13)
  }

  @Test("add up to the trace, multiply to the determinant, and come in conjugate pairs")
  func invariants() throws {
    for n in 1...16 {
      let matrix = randomMatrix(n, n, seed: UInt64(n))
      let found = try values(matrix, n)
      #expect(found.count == n)
      let trace = (0..<n).reduce(0) { $0 + matrix[$1 * n + $1] }
      #expect(abs(found.reduce(0) { $0 + $1.real } - trace) < 1e-13)
      #expect(abs(found.reduce(0) { $0 + $1.imaginary }) < 1e-14)
      var product = (1.0, 0.0)
      for value in found {
        product = (
          product.0 * value.real - product.1 * value.imaginary,
          product.0 * value.imaginary + product.1 * value.real
        )
      }
      let expected = determinant(matrix, n)
      #expect(abs(product.0 - expected) < 1e-12 * max(1, abs(expected)) && abs(product.1) < 1e-12)
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.magnitude >= $1.magnitude - 1e-14 })
      var place = 0
      while place < n {
        guard found[place].imaginary != 0 else {
          place += 1
          continue
        }
        // The magnitudes of a pair are equal to the last bit, so its two stand side by side.
        #expect(found[place].imaginary > 0)
        #expect(found[place + 1].imaginary == -found[place].imaginary)
        place += 2
      }
    }
  }

  @Test("survive a scaling of rows and columns, which balancing takes back")
  func scaled() throws {
    let n = 7
    let plain = try values(wavyMatrix(n, n), n)
    var matrix = wavyMatrix(n, n)
    for i in 0..<n {
      for j in 0..<n { matrix[i * n + j] *= pow(2, Double(12 * (i - j))) }
    }
    #expect(distance(try values(matrix, n), plain.map { ($0.real, $0.imaginary) }) < 1e-12)
    let huge = try values(wavyMatrix(n, n).map { $0 * 0x1p700 }, n)
    #expect(
      distance(huge, plain.map { ($0.real * 0x1p700, $0.imaginary * 0x1p700) }) < 0x1p700 * 1e-13)
  }

  @Test("of triangles are the diagonal, of a turn its angle, of zeros zero")
  func simple() throws {
    #expect(
      distance(try values([2, 5, 7, 0, -3, 11, 0, 0, 1], 3), [(2, 0), (-3, 0), (1, 0)]) < 1e-15)
    // One eigenvalue three times, with a single eigenvector: the cube root of a rounding.
    #expect(distance(try values([2, 1, 0, 0, 2, 1, 0, 0, 2], 3), [(2, 0), (2, 0), (2, 0)]) < 1e-5)
    let turn = try values([0, -2, 2, 0], 2)
    #expect(turn == [.init(real: 0, imaginary: 2), .init(real: 0, imaginary: -2)])
    #expect(try values([Double](repeating: 0, count: 9), 3).allSatisfy { $0.magnitude == 0 })
    #expect(try values([], 0).isEmpty && Eigenvalues(of: [], size: 0)?.spectralRadius == 0)
    #expect(Eigenvalues(of: [1, .infinity, 0, 1], size: 2) == nil)
    #expect(Eigenvalues(of: Tensor(shape: [1, 1], scalars: [-4]))?.spectralRadius == 4)
  }
}
