/// The eigenvalues and eigenvectors of a symmetric matrix, A = V·diag(λ)·Vᵀ, in double precision.
///
/// Householder reflections bring A to tridiagonal form T = QᵀAQ, then implicit QR steps with
/// Wilkinson's shift make T diagonal, their rotations gathered in Q (Golub & Van Loan 2013, algorithms
/// 8.3.1 to 8.3.3). Eigenvalues are good to about the machine's precision times the greatest one, and
/// the vectors are orthogonal to as much. The work is about 9n³ multiply-adds, on the calling thread.
///
/// ```
/// let system = SymmetricEigensystem(size: 2, elements: [2, 1, 1, 2])
/// system?.values                      // [1, 3]
/// system?.matrix { 1 / $0 }           // the inverse
/// ```
public struct SymmetricEigensystem: Sendable, Equatable {
  /// n.
  public let size: Int
  /// λ, ascending.
  public let values: [Double]
  /// n × n, row-major: row i is the eigenvector of `values[i]`, of length 1.
  public let vectors: [Double]

  /// The eigensystem of a matrix of `size` rows, row-major, of which the lower triangle is read; nil
  /// if an element is no finite number.
  public init?(size: Int, elements: [Double]) {
    precondition(
      size >= 0 && elements.count == size * size,
      "a matrix of \(size) rows has \(size * size) elements, not \(elements.count)")
    // The greatest element becomes 1, so that no square overflows or vanishes.
    var greatest = 0.0
    for row in 0..<size {
      for column in 0...row {
        guard elements[row * size + column].isFinite else { return nil }
        greatest = max(greatest, abs(elements[row * size + column]))
      }
    }
    let scale = greatest > 0 ? greatest : 1
    var work = Tridiagonalisation(size: size, elements: elements.map { $0 / scale })
    guard work.diagonalise() else { return nil }
    self.size = size
    let order = (0..<size).sorted { (work.diagonal[$0], $0) < (work.diagonal[$1], $1) }
    values = order.map { work.diagonal[$0] * scale }
    vectors = order.flatMap { work.rotation[$0 * size..<($0 + 1) * size] }
  }

  /// V·diag(f(λ))·Vᵀ, row-major: f of the matrix. Exactly symmetric.
  public func matrix(_ function: (Double) -> Double) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    let images = values.map(function)
    result.withUnsafeMutableBufferPointer { result in
      vectors.withUnsafeBufferPointer { vectors in
        for (index, image) in images.enumerated() {
          let vector = vectors.baseAddress! + index * size
          for row in 0..<size {
            let factor = image * vector[row]
            let target = result.baseAddress! + row * size
            for column in 0...row { target[column] += factor * vector[column] }
          }
        }
        for row in 0..<size {
          for column in 0..<row { result[column * size + row] = result[row * size + column] }
        }
      }
    }
    return result
  }
}

/// A symmetric matrix on its way to a diagonal one.
private struct Tridiagonalisation {
  let size: Int
  /// T's diagonal.
  var diagonal: [Double]
  /// T's elements beside it: `beside[i]` stands between i and i + 1.
  var beside: [Double]
  /// Qᵀ: row i belongs to `diagonal[i]`. Rotating two columns of Q is rotating two rows here, whose
  /// elements lie side by side.
  var rotation: [Double]

  /// T = QᵀAQ with Q = H₀·H₁·…, where H_k = 1 - β v vᵀ makes column k zero below the first element
  /// beside the diagonal.
  init(size: Int, elements: [Double]) {
    self.size = size
    diagonal = []
    beside = []
    rotation = [Double](repeating: 0, count: size * size)
    for index in 0..<size { rotation[index * size + index] = 1 }
    // Row k of `matrix` holds v of H_k right of the diagonal, once its column is done with.
    var matrix = elements
    for row in 0..<size {
      for column in 0..<row { matrix[column * size + row] = matrix[row * size + column] }
    }
    var factors = [Double](repeating: 0, count: size)
    var product = [Double](repeating: 0, count: size)
    matrix.withUnsafeMutableBufferPointer { matrix in
      guard let base = matrix.baseAddress else { return }
      product.withUnsafeMutableBufferPointer { product in
        for step in 0..<max(0, size - 1) {
          diagonal.append(base[step * size + step])
          let v = base + step * size
          let (factor, length) = Self.reflect(v, from: step + 1, to: size)
          factors[step] = factor
          beside.append(length)
          guard factor != 0 else { continue }
          Self.apply(v, factor, to: base, from: step + 1, size: size, product)
        }
        if size > 0 { diagonal.append(base[size * size - 1]) }
      }
      rotation.withUnsafeMutableBufferPointer { rotation in
        // Qᵀ = …·H₁·H₀, each reflection touching rows and columns after its own only.
        for step in stride(from: size - 2, through: 0, by: -1) where factors[step] != 0 {
          let v = base + step * size
          for row in step + 1..<size {
            let target = rotation.baseAddress! + row * size
            var sum = 0.0
            for column in step + 1..<size { sum += target[column] * v[column] }
            sum *= factors[step]
            for column in step + 1..<size { target[column] -= sum * v[column] }
          }
        }
      }
    }
  }

  /// Replaces x by the v with (1 - β v vᵀ) x = (±|x|, 0, …, 0); gives β and ±|x|. The sign is the one
  /// that makes no difference of near numbers.
  private static func reflect(
    _ x: UnsafeMutablePointer<Double>, from first: Int, to end: Int
  ) -> (factor: Double, length: Double) {
    var rest = 0.0
    for index in first + 1..<max(end, first + 1) { rest += x[index] * x[index] }
    guard rest > 0 else { return (0, x[first]) }
    let length = (x[first] * x[first] + rest).squareRoot()
    let image = x[first] > 0 ? -length : length
    x[first] -= image
    return (2 / (x[first] * x[first] + rest), image)
  }

  /// A = H A H on the rows and columns from `first` on: with p = β A v and w = p - (β/2)(pᵀv) v, this
  /// is A - v wᵀ - w vᵀ.
  private static func apply(
    _ v: UnsafeMutablePointer<Double>, _ factor: Double, to base: UnsafeMutablePointer<Double>,
    from first: Int, size: Int, _ p: UnsafeMutableBufferPointer<Double>
  ) {
    var projection = 0.0
    for row in first..<size {
      let source = base + row * size
      var sum = 0.0
      for column in first..<size { sum += source[column] * v[column] }
      p[row] = factor * sum
      projection += p[row] * v[row]
    }
    let half = factor / 2 * projection
    for row in first..<size { p[row] -= half * v[row] }
    for row in first..<size {
      let target = base + row * size
      let (v0, w0) = (v[row], p[row])
      for column in first..<size { target[column] -= v0 * p[column] + w0 * v[column] }
    }
  }

  /// Makes T diagonal, from its end to its start; false if it takes unreasonably long.
  mutating func diagonalise() -> Bool {
    var end = size - 1
    // Two or three steps an eigenvalue are usual.
    var stepsLeft = 30 * size
    while end > 0 {
      for index in 0..<end where isNegligible(index) { beside[index] = 0 }
      if beside[end - 1] == 0 {
        end -= 1
        continue
      }
      var start = end - 1
      while start > 0, beside[start - 1] != 0 { start -= 1 }
      guard stepsLeft > 0 else { return false }
      stepsLeft -= 1
      chase(from: start, to: end)
    }
    return true
  }

  private func isNegligible(_ index: Int) -> Bool {
    // The greatest element of the matrix is 1, so 1e-18 is nothing to any eigenvalue's error.
    abs(beside[index])
      <= .ulpOfOne / 2 * (abs(diagonal[index]) + abs(diagonal[index + 1])) + 1e-18
  }

  /// One QR step on rows `start...end`, in which no element beside the diagonal is 0: a first rotation
  /// as the shifted matrix asks for it, then one after another that push what has come to stand outside
  /// of the three diagonals down and out.
  private mutating func chase(from start: Int, to end: Int) {
    var x = diagonal[start] - shift(end)
    var outside = beside[start]
    for index in start..<end {
      let (cosine, sine) = Self.givens(x, outside)
      let (a, b, d) = (diagonal[index], beside[index], diagonal[index + 1])
      if index > start { beside[index - 1] = cosine * x + sine * outside }
      diagonal[index] = cosine * cosine * a + 2 * cosine * sine * b + sine * sine * d
      diagonal[index + 1] = sine * sine * a - 2 * cosine * sine * b + cosine * cosine * d
      beside[index] = (cosine - sine) * (cosine + sine) * b + cosine * sine * (d - a)
      if index + 1 < end {
        x = beside[index]
        outside = sine * beside[index + 1]
        beside[index + 1] *= cosine
      }
      rotateRows(index, cosine, sine)
    }
  }

  /// The eigenvalue of the last two rows that is nearer to the last element.
  private func shift(_ end: Int) -> Double {
    let (a, b, d) = (diagonal[end - 1], beside[end - 1], diagonal[end])
    let half = (a - d) / 2
    let root = (half * half + b * b).squareRoot()
    return d - b * b / (half + (half < 0 ? -root : root))
  }

  /// (c, s) with c x + s y = ±√(x² + y²) and -s x + c y = 0.
  private static func givens(_ x: Double, _ y: Double) -> (cosine: Double, sine: Double) {
    let length = (x * x + y * y).squareRoot()
    return length > 0 ? (x / length, y / length) : (1, 0)
  }

  private mutating func rotateRows(_ index: Int, _ cosine: Double, _ sine: Double) {
    rotation.withUnsafeMutableBufferPointer { rotation in
      let upper = rotation.baseAddress! + index * size
      let lower = upper + size
      for column in 0..<size {
        let (a, b) = (upper[column], lower[column])
        upper[column] = cosine * a + sine * b
        lower[column] = cosine * b - sine * a
      }
    }
  }
}
