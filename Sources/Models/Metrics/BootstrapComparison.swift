/// A score and where it would be on other texts of the kind.
public struct BootstrapEstimate: Sendable, Hashable {
  /// The score of the text itself.
  public let score: Double
  /// The mean over the resamples.
  public let mean: Double
  /// Where the middle 95 % of the resamples are: of n, without the n/40 lowest and the n/40 highest.
  public let interval: ClosedRange<Double>

  /// sacreBLEU writes a score as `mean ± halfWidth`.
  public var halfWidth: Double { (interval.upperBound - interval.lowerBound) / 2 }

  init(score: Double, _ resampled: [Double]) {
    let sorted = resampled.sorted()
    let outside = sorted.count / 40
    self.score = score
    mean = sorted.reduce(0, +) / Double(sorted.count)
    interval = sorted[outside]...sorted[sorted.count - 1 - outside]
  }
}

/// Two systems on the same resamples.
public struct BootstrapComparison: Sendable, Hashable {
  /// The first system, which is the one to beat.
  public let first: BootstrapEstimate
  /// The second.
  public let second: BootstrapEstimate
  /// The second's score less the first's.
  public let difference: BootstrapEstimate
  /// The share of the resamples in which the first is better (Koehn 2004).
  public let firstWins: Double
  /// The share of the resamples in which the second is better.
  public let secondWins: Double
  /// How likely a difference as large as that of the whole text is if neither system is better, as sacreBLEU
  /// has it: of n resamples with differences dᵢ and the whole text's d,
  ///
  ///     p = (1 + number of i with |dᵢ| − mean |dⱼ| > |d|) / (1 + n)
  ///
  /// and 1 where d = 0, in which sacreBLEU differs: there two equal systems would have the lowest p.
  public let pValue: Double

  init(
    first: Double, second: Double, resampled: (first: [Double], second: [Double]),
    isHigherBetter: Bool
  ) {
    let differences = zip(resampled.first, resampled.second).map { $1 - $0 }
    let count = Double(differences.count)
    let raised = Double(differences.count { $0 > 0 }) / count
    let lowered = Double(differences.count { $0 < 0 }) / count
    let mean = differences.reduce(0) { $0 + $1.magnitude } / count
    let observed = (second - first).magnitude
    let beyond = differences.count { $0.magnitude - mean > observed }
    self.first = BootstrapEstimate(score: first, resampled.first)
    self.second = BootstrapEstimate(score: second, resampled.second)
    difference = BootstrapEstimate(score: second - first, differences)
    (firstWins, secondWins) = isHigherBetter ? (lowered, raised) : (raised, lowered)
    pValue = observed == 0 ? 1 : Double(1 + beyond) / (1 + count)
  }
}
