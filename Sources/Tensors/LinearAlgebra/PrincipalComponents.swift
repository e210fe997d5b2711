/// Points in the few directions in which they differ most (Pearson 1901; Hotelling 1933).
///
/// ```
/// C = Σ_i (x_i - x̄)(x_i - x̄)ᵀ = Σ_k λ_k u_k u_kᵀ,   y_ik = u_k·(x_i - x̄),   λ_1 ≥ λ_2 ≥ …
/// ```
public struct PrincipalComponents: Sendable, Equatable {
  /// y, of each point.
  public let coordinates: [[Double]]
  /// λ_k / Σ λ: how much of all differences each direction has.
  public let shares: [Double]

  /// The first `count` components of points of equal width; fewer where there are fewer.
  ///
  /// Signs are such that each component's coordinate of the greatest magnitude is positive. nil for
  /// numbers that are not finite, and for no points.
  public init?(of points: [[Double]], count: Int) {
    guard let first = points.first else { return nil }
    let (rows, width) = (points.count, first.count)
    precondition(points.allSatisfy { $0.count == width }, "points of different widths")
    let mean = (0..<width).map { column in
      points.reduce(0) { $0 + $1[column] } / Double(rows)
    }
    let centred = points.map { zip($0, mean).map(-) }
    // Of the smaller of X·Xᵀ and Xᵀ·X, which have the same eigenvalues.
    let isDual = rows < width
    let size = isDual ? rows : width
    var elements = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in i..<size {
        let sum =
          isDual
          ? zip(centred[i], centred[j]).reduce(0) { $0 + $1.0 * $1.1 }
          : centred.reduce(0) { $0 + $1[i] * $1[j] }
        elements[i * size + j] = sum
        elements[j * size + i] = sum
      }
    }
    guard let system = SymmetricEigensystem(size: size, elements: elements) else { return nil }
    let order = system.values.indices.sorted { system.values[$0] > system.values[$1] }
    let total = system.values.reduce(0) { $0 + max($1, 0) }
    let kept = order.prefix(count)
    shares = kept.map { total > 0 ? max(system.values[$0], 0) / total : 0 }
    var columns = kept.map { index -> [Double] in
      let vector = Array(system.vectors[index * size..<(index + 1) * size])
      return isDual
        ? vector.map { $0 * max(system.values[index], 0).squareRoot() }
        : centred.map { point in zip(point, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    for index in columns.indices {
      let greatest = columns[index].max { $0.magnitude < $1.magnitude } ?? 0
      if greatest < 0 { columns[index] = columns[index].map { -$0 } }
    }
    coordinates = (0..<rows).map { row in columns.map { $0[row] } }
  }
}
