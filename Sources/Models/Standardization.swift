import Corpora

/// What takes real-valued features to mean 0 and deviation 1, as they were in the training data.
///
/// ```
/// x̂ = (x - mean) / deviation
/// ```
public struct Standardization: Sendable, Equatable, Codable {
  /// A mean for each of D features.
  public var means: [Float]
  /// A deviation for each, above 0; 1 for a feature that never changes.
  public var deviations: [Float]

  /// The means and deviations of all steps of some series of D features, in double precision.
  public init(width: Int, of series: some Sequence<Series>) {
    var (count, means, squares) = (
      0.0, [Double](repeating: 0, count: width), [Double](repeating: 0, count: width)
    )
    // Welford's (1962) sums, which lose no digits where a mean is far from zero.
    for series in series {
      for step in 0..<series.steps {
        count += 1
        for j in 0..<width {
          let value = Double(series.values[step * width + j])
          let difference = value - means[j]
          means[j] += difference / count
          squares[j] += difference * (value - means[j])
        }
      }
    }
    self.means = means.map { Float($0) }
    deviations = squares.map { square in
      let deviation = Float((square / max(count, 1)).squareRoot())
      return deviation > 0 && deviation.isFinite ? deviation : 1
    }
  }

  /// D.
  public var width: Int { means.count }

  /// What is wrong with it, in words; nil if nothing is.
  var fault: String? {
    guard !means.isEmpty, means.count == deviations.count else {
      return "\(means.count) means with \(deviations.count) deviations, expected one each"
    }
    guard means.allSatisfy(\.isFinite), deviations.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      return "means are finite, and deviations are finite and above 0"
    }
    return nil
  }

  /// The standardised values of steps of D features.
  func standardized(_ values: [Float]) -> [Float] {
    values.enumerated().map { index, value in
      (value - means[index % width]) / deviations[index % width]
    }
  }
}
