/// The eigenvalues λ of a real square matrix, among them complex pairs.
///
/// Of a recurrent matrix W, those with |λ| < 1 are directions along which a linear network forgets,
/// those with |λ| > 1 directions along which it explodes (Pascanu et al. 2013).
///
/// ```
/// D⁻¹·A·D           balanced: rows and columns of nearly equal norms (Parlett & Reinsch 1969)
/// H = Qᵀ·A·Q        Hessenberg form, by Householder reflections
/// H → quasi-triangular, by QR steps with two shifts at once (Francis 1961, 1962)
/// ```
/// The result is exact for a matrix that differs from A by some ε·‖A‖. Where A is far from normal,
/// that can be far in λ; its singular values have no such trouble.
public struct Eigenvalues: Sendable, Equatable {
  /// A complex number.
  public struct Value: Sendable, Equatable, Codable {
    /// Re λ.
    public let real: Double
    /// Im λ.
    public let imaginary: Double
    /// |λ|.
    public var magnitude: Double {
      let (great, small) = (
        max(abs(real), abs(imaginary)), min(abs(real), abs(imaginary))
      )
      guard great > 0 else { return 0 }
      return great * (1 + (small / great) * (small / great)).squareRoot()
    }

    /// real + i·imaginary.
    public init(real: Double, imaginary: Double = 0) {
      self.real = real
      self.imaginary = imaginary
    }
  }

  /// All of them, from the greatest magnitude to the least; of a complex pair the one with the
  /// positive imaginary part first.
  public let values: [Value]

  /// The greatest magnitude; 0 for a matrix without elements.
  public var spectralRadius: Double { values.first?.magnitude ?? 0 }

  /// The eigenvalues of `matrix` [size, size], row-major; nil if an element is not finite or, which
  /// has not been seen, the iteration does not converge.
  ///
  /// - Complexity: O(size³): some seconds for 1000 x 1000.
  public init?(of matrix: [Double], size: Int) {
    precondition(
      matrix.count == size * size, "\(matrix.count) elements of a matrix [\(size), \(size)]")
    guard let scale = powerOfTwo(scaling: matrix) else { return nil }
    var h = Hessenberg(elements: matrix.map { $0 / scale }, size: size)
    h.balance()
    h.reduce()
    guard let values = h.eigenvalues() else { return nil }
    self.values = values.map { Value(real: $0.real * scale, imaginary: $0.imaginary * scale) }
      .sorted {
        ($0.magnitude, $0.real, $0.imaginary) > ($1.magnitude, $1.real, $1.imaginary)
      }
  }

  /// The eigenvalues of a square matrix; nil as above.
  public init?(of matrix: Tensor) {
    precondition(
      matrix.rank == 2 && matrix.shape[0] == matrix.shape[1],
      "a square matrix has eigenvalues, \(matrix.shape) has none")
    self.init(of: matrix.scalars.map(Double.init), size: matrix.shape[0])
  }
}

/// A square matrix on its way to its eigenvalues.
private struct Hessenberg {
  var elements: [Double]
  let size: Int

  /// Scales row and column i by powers of two, which is exact and keeps the eigenvalues, until their
  /// norms are within a factor of two or nothing more is gained.
  mutating func balance() {
    let n = size
    var isChanged = true
    while isChanged {
      isChanged = false
      for i in 0..<n {
        var (row, column) = (0.0, 0.0)
        for j in 0..<n where j != i {
          row += abs(elements[i * n + j])
          column += abs(elements[j * n + i])
        }
        guard row > 0, column > 0 else { continue }
        var factor = 1.0
        var scaled = column
        while scaled < row / 2 {
          factor *= 2
          scaled *= 4
        }
        while scaled >= row * 2 {
          factor /= 2
          scaled /= 4
        }
        guard column * factor + row / factor < 0.95 * (column + row) else { continue }
        isChanged = true
        for j in 0..<n {
          elements[i * n + j] /= factor
          elements[j * n + i] *= factor
        }
      }
    }
  }

  /// Clears what lies below the first subdiagonal: for each column a reflection from the left, and
  /// the same from the right, both in one pass over the rows.
  mutating func reduce() {
    let n = size
    elements.withUnsafeMutableBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      var w = [Double](repeating: 0, count: n)
      for k in 0..<max(n - 2, 0) {
        let reflection = Reflection(of: (k + 1..<n).map { base[$0 * n + k] })
        guard reflection.scale > 0 else { continue }
        let rest = n - k - 1
        base[(k + 1) * n + k] = reflection.image
        for i in k + 2..<n { base[i * n + k] = 0 }
        w.withUnsafeMutableBufferPointer { w in
          let w = w.baseAddress!
          w.update(repeating: 0, count: rest)
          for i in k + 1..<n {
            Rows.add(
              reflection.scale * reflection.vector[i - k - 1], base + i * n + k + 1, to: w, rest)
          }
          reflection.vector.withUnsafeBufferPointer { v in
            for i in 0..<n {
              let row = base + i * n + k + 1
              if i > k { Rows.add(-v[i - k - 1], w, to: row, rest) }
              let share = reflection.scale * Rows.dot(row, v.baseAddress!, rest)
              Rows.add(-share, v.baseAddress!, to: row, rest)
            }
          }
        }
      }
    }
  }

  /// Splits eigenvalues off at the lower end, by QR steps on the block that is left.
  mutating func eigenvalues() -> [Eigenvalues.Value]? {
    var values: [Eigenvalues.Value] = []
    var last = size - 1
    var steps = 0
    while last >= 0 {
      let first = startOfBlock(endingAt: last)
      switch last - first {
      case 0:
        values.append(Eigenvalues.Value(real: self[last, last]))
        last -= 1
        steps = 0
      case 1:
        values += eigenvaluesOfPair(endingAt: last)
        last -= 2
        steps = 0
      default:
        steps += 1
        guard steps <= 300 else { return nil }
        takeStep(first, last, isExceptional: steps % 10 == 0)
      }
    }
    return values
  }

  subscript(_ i: Int, _ j: Int) -> Double {
    get { elements[i * size + j] }
    set { elements[i * size + j] = newValue }
  }

  /// The first row of the lowest block that no negligible element of the subdiagonal divides.
  private mutating func startOfBlock(endingAt last: Int) -> Int {
    var first = last
    while first > 0 {
      let neighbours = abs(self[first - 1, first - 1]) + abs(self[first, first])
      // The matrix is scaled to a greatest element near 1, which stands in for two zeros.
      let limit = Double.ulpOfOne * (neighbours > 0 ? neighbours : 1)
      if abs(self[first, first - 1]) <= limit {
        self[first, first - 1] = 0
        break
      }
      first -= 1
    }
    return first
  }

  /// The eigenvalues of the 2 x 2 block whose lower right corner is at `last`: the roots of
  /// λ² - (a + d)λ + ad - bc, the smaller real one from the product of both.
  private func eigenvaluesOfPair(endingAt last: Int) -> [Eigenvalues.Value] {
    let d = self[last, last]
    let half = (self[last - 1, last - 1] - d) / 2
    let product = self[last - 1, last] * self[last, last - 1]
    let discriminant = half * half + product
    guard discriminant >= 0 else {
      let imaginary = (-discriminant).squareRoot()
      return [imaginary, -imaginary].map { Eigenvalues.Value(real: d + half, imaginary: $0) }
    }
    let root = half + (half < 0 ? -1 : 1) * discriminant.squareRoot()
    return [
      Eigenvalues.Value(real: d + root),
      Eigenvalues.Value(real: root == 0 ? d : d - product / root),
    ]
  }

  /// One step with the two eigenvalues of the lowest 2 x 2 block as shifts: the first column of
  /// (H - σ₁)(H - σ₂) is reflected onto its first element, and the bulge that this raises is chased
  /// out at the lower end. Eigenvalues alone need nothing outside of the block.
  private mutating func takeStep(_ first: Int, _ last: Int, isExceptional: Bool) {
    let n = size
    let h00 = self[first, first]
    // The block's diagonal less h00, and the product of its other two elements.
    var a = self[last - 1, last - 1] - h00
    var d = self[last, last] - h00
    var product = self[last - 1, last] * self[last, last - 1]
    if isExceptional {
      // A cycle is broken by shifts from elsewhere (Martin et al. 1970).
      let size = abs(self[last, last - 1]) + abs(self[last - 1, last - 2])
      d += 0.75 * size
      a = d
      product = -0.4375 * size * size
    }
    var p = (a * d - product) / self[first + 1, first] + self[first, first + 1]
    var q = self[first + 1, first + 1] - h00 - a - d
    var r = self[first + 2, first + 1]

    elements.withUnsafeMutableBufferPointer { elements in
      let base = elements.baseAddress!
      for k in first..<last {
        let isTriple = k + 2 <= last
        if k > first {
          p = base[k * n + k - 1]
          q = base[(k + 1) * n + k - 1]
          r = isTriple ? base[(k + 2) * n + k - 1] : 0
        }
        let scale = abs(p) + abs(q) + abs(r)
        guard scale > 0 else { continue }
        (p, q, r) = (p / scale, q / scale, r / scale)
        let norm = (p * p + q * q + r * r).squareRoot()
        let image = p > 0 ? -norm : norm
        // I - t·(1, v, u)·(1, v, u)ᵀ
        let t = (image - p) / image
        let (v, u) = (q / (p - image), r / (p - image))
        if k > first {
          base[k * n + k - 1] = image * scale
          base[(k + 1) * n + k - 1] = 0
          if isTriple { base[(k + 2) * n + k - 1] = 0 }
        }
        let top = base + k * n
        if isTriple {
          for j in k...last {
            let share = t * (top[j] + v * top[n + j] + u * top[2 * n + j])
            top[j] -= share
            top[n + j] -= share * v
            top[2 * n + j] -= share * u
          }
          for i in first...min(k + 3, last) {
            let row = base + i * n + k
            let share = t * (row[0] + v * row[1] + u * row[2])
            row[0] -= share
            row[1] -= share * v
            row[2] -= share * u
          }
        } else {
          for j in k...last {
            let share = t * (top[j] + v * top[n + j])
            top[j] -= share
            top[n + j] -= share * v
          }
          for i in first...last {
            let row = base + i * n + k
            let share = t * (row[0] + v * row[1])
            row[0] -= share
            row[1] -= share * v
          }
        }
      }
    }
  }
}
