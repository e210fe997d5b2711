/// The singular values σ of a matrix A [rows, columns]: how much it stretches the directions that it
/// stretches most and least.
///
/// Goals in order: no value wrong by more than some ε·σ_max, no iteration that might not end, speed.
///
/// ```
/// A = U·B·Vᵀ       Householder reflections from both sides, B upper bidiagonal
///                  (Golub & Kahan 1965)
/// 0  d_1           the tridiagonal matrix of B's elements d_1, e_1, d_2, e_2, …, d_n
/// d_1 0  e_1       beside a diagonal of zeros has the eigenvalues ±σ;
///     e_1 0  d_2   the signs of its pivots count those below any x
///         …        (Demmel & Kahan 1990)
/// ```
/// Each σ is enclosed by bisection with that count, which gives it to the last digits of B whatever
/// the other values are. Not taken: the eigenvalues of AᵀA, whose small values have lost half of their
/// digits; Jacobi's method, ten times slower at a thousand columns; QR iteration, faster by a third
/// but with a convergence to prove.
public struct SingularValues: Sendable, Equatable {
  /// All min(rows, columns) of them, from the greatest to the least.
  public let values: [Double]

  /// The greatest: the norm of the matrix. 0 for a matrix without elements.
  public var largest: Double { values.first ?? 0 }
  /// The least. 0 for a matrix without elements.
  public var smallest: Double { values.last ?? 0 }

  /// The values of `matrix` [rows, columns], row-major; nil if an element is not finite.
  ///
  /// - Complexity: O(rows · columns · min(rows, columns)): a second for 1000 x 1000.
  public init?(of matrix: [Double], rows: Int, columns: Int) {
    precondition(
      matrix.count == rows * columns,
      "\(matrix.count) elements of a matrix [\(rows), \(columns)]")
    guard let scale = powerOfTwo(scaling: matrix) else { return nil }
    guard rows > 0, columns > 0 else {
      values = []
      return
    }
    // At least as many rows as columns.
    var tall = matrix
    if rows < columns {
      for i in 0..<rows {
        for j in 0..<columns { tall[j * rows + i] = matrix[i * columns + j] / scale }
      }
    } else if scale != 1 {
      for i in tall.indices { tall[i] /= scale }
    }
    let bidiagonal = Bidiagonal(
      reducing: &tall, rows: max(rows, columns), columns: min(rows, columns))
    values = bidiagonal.singularValues().map { $0 * scale }
  }

  /// The values of a matrix [rows, columns]; nil if an element is not finite.
  public init?(of matrix: Tensor) {
    precondition(matrix.rank == 2, "a matrix has two axes, not \(matrix.shape)")
    self.init(
      of: matrix.scalars.map(Double.init), rows: matrix.shape[0], columns: matrix.shape[1])
  }
}

/// An upper bidiagonal matrix, as the squares of d_1, e_1, d_2, e_2, …, d_n.
private struct Bidiagonal {
  private let squares: [Double]
  private var size: Int { (squares.count + 1) / 2 }

  /// Reduces A [rows, columns] with rows ≥ columns, which is overwritten.
  ///
  /// For each k, a reflection from the left clears column k below the diagonal and one from the right
  /// row k beyond e_k. The rows that are left see both in one pass, as the matrix is greater than the
  /// nearest cache:
  ///
  /// ```
  /// wᵀ = scale·vᵀA,   A ← A - v·wᵀ,   A ← A - scale′·(A·u)·uᵀ
  /// ```
  init(reducing a: inout [Double], rows: Int, columns: Int) {
    var squares: [Double] = []
    a.withUnsafeMutableBufferPointer { a in
      let base = a.baseAddress!
      var w = [Double](repeating: 0, count: columns)
      for k in 0..<columns {
        let left = Reflection(of: (k..<rows).map { base[$0 * columns + k] })
        squares.append(left.image * left.image)
        let rest = columns - k - 1
        guard rest > 0 else { continue }
        w.withUnsafeMutableBufferPointer { w in
          let w = w.baseAddress!
          w.update(repeating: 0, count: rest)
          for i in k..<rows {
            Rows.add(left.scale * left.vector[i - k], base + i * columns + k + 1, to: w, rest)
          }
          let first = base + k * columns + k + 1
          Rows.add(-left.vector[0], w, to: first, rest)
          // One element is left as it is.
          let right = Reflection(of: Array(UnsafeBufferPointer(start: first, count: rest)))
          squares.append(right.image * right.image)
          right.vector.withUnsafeBufferPointer { u in
            for i in k + 1..<max(rows, k + 1) {
              let row = base + i * columns + k + 1
              Rows.add(-left.vector[i - k], w, to: row, rest)
              let share = right.scale * Rows.dot(row, u.baseAddress!, rest)
              Rows.add(-share, u.baseAddress!, to: row, rest)
            }
          }
        }
      }
    }
    self.squares = squares
  }

  /// From the greatest to the least.
  func singularValues() -> [Double] {
    // Gershgorin: no eigenvalue of the tridiagonal matrix is greater than two neighbours together.
    let roots = squares.map { $0.squareRoot() }
    let bound = zip(roots, roots.dropFirst() + [0]).reduce(0) { max($0, $1.0 + $1.1) } * 1.0000001
    guard bound > 0 else { return [Double](repeating: 0, count: size) }
    // Far below what the reduction to B has left of a zero.
    let floor = bound * Double.ulpOfOne * Double.ulpOfOne
    var values = [Double](repeating: 0, count: size)
    // Intervals with the values in them: those of ranks `below..<through` from the least on.
    var intervals = [(low: 0.0, below: 0, high: bound, through: size)]
    while let (low, below, high, through) = intervals.popLast() {
      guard below < through else { continue }
      let middle = (low + high) / 2
      if high - low <= max(2 * Double.ulpOfOne * high, floor) {
        for rank in below..<through { values[size - 1 - rank] = middle }
        continue
      }
      let count = min(max(valuesBelow(middle), below), through)
      intervals.append((low, below, middle, count))
      intervals.append((middle, count, high, through))
    }
    return values
  }

  /// The number of singular values below x > 0: the tridiagonal matrix less x·I is factored, its
  /// pivots are q_i = -x - b_{i-1}² / q_{i-1}, and as many are negative as there are eigenvalues
  /// below x. n of those are the -σ.
  private func valuesBelow(_ x: Double) -> Int {
    let smallest = 1e-290
    var pivot = -x
    var negative = 1
    for square in squares {
      pivot = -x - square / pivot
      if abs(pivot) < smallest { pivot = -smallest }
      if pivot < 0 { negative += 1 }
    }
    return negative - size
  }
}
