import Foundation

/// A score of ``BLEU`` and what it is made of.
public struct BLEUScore: Sendable, Equatable, CustomStringConvertible {
  /// BLEU, 0…100.
  public let score: Double
  /// The precision of each order, smoothed, 0…100; all 0 if not a single token is right.
  public let precisions: [Double]
  /// The factor for texts shorter than the references, 0…1.
  public let brevityPenalty: Double
  /// What was counted.
  public let statistics: BLEUStatistics

  /// The length of the hypotheses over that of the references; 0 where these are empty.
  public var ratio: Double {
    statistics.referenceLength > 0
      ? Double(statistics.hypothesisLength) / Double(statistics.referenceLength) : 0
  }

  /// All in one line, as sacreBLEU prints it: `BLEU = 36.12 67.1/43.2/29.7/20.6 (BP = 1.000 ratio = 1.003
  /// hyp_len = 1206 ref_len = 1203)`.
  public var description: String {
    let precisions = precisions.map { String(format: "%.1f", $0) }.joined(separator: "/")
    return String(format: "BLEU = %.2f ", score) + precisions
      + String(format: " (BP = %.3f ratio = %.3f ", brevityPenalty, ratio)
      + "hyp_len = \(statistics.hypothesisLength) ref_len = \(statistics.referenceLength))"
  }
}
