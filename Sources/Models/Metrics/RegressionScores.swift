/// How near numbers came to those that were expected.
public struct RegressionScores: Sendable, Equatable {
  /// Numbers.
  public private(set) var total = 0
  private var squares = 0.0
  private var magnitudes = 0.0
  private var mean = 0.0
  private var spread = 0.0

  /// Nothing counted yet.
  public init() {}

  /// Counts a number.
  public mutating func add(expected: Double, predicted: Double) {
    let error = predicted - expected
    total += 1
    squares += error * error
    magnitudes += error.magnitude
    // Welford (1962).
    let difference = expected - mean
    mean += difference / Double(total)
    spread += difference * (expected - mean)
  }

  /// The root of the mean squared error; 0 of no numbers.
  public var rmse: Double { total > 0 ? (squares / Double(total)).squareRoot() : 0 }
  /// The mean absolute error; 0 of no numbers.
  public var mae: Double { total > 0 ? magnitudes / Double(total) : 0 }
  /// R², the share of the variance that is explained; nil where all expected numbers are the same.
  public var r2: Double? { spread > 0 ? 1 - squares / spread : nil }
}
