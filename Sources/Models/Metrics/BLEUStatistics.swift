/// What ``BLEU`` counts of a sentence or a text: n-grams of each order n = 1…N and lengths in tokens.
public struct BLEUStatistics: CorpusStatistic {
  /// The lengths of hypothesis and reference, then ``matches``, then ``totals``.
  public let counts: [Int]

  /// The statistics with counts in the order of ``counts``, an even number of them.
  public init(counts: [Int]) {
    precondition(
      counts.count >= 4 && counts.count.isMultiple(of: 2), "\(counts.count) counts of BLEU")
    self.counts = counts
  }

  /// The statistics with so many tokens and n-grams.
  public init(hypothesisLength: Int, referenceLength: Int, matches: [Int], totals: [Int]) {
    precondition(matches.count == totals.count)
    self.init(counts: [hypothesisLength, referenceLength] + matches + totals)
  }

  /// N, the highest order that was counted.
  public var maximumOrder: Int { counts.count / 2 - 1 }
  /// The tokens of the hypotheses.
  public var hypothesisLength: Int { counts[0] }
  /// The tokens of the references, of each sentence the one whose length is closest to the hypothesis'.
  public var referenceLength: Int { counts[1] }
  /// The n-grams of the hypothesis that a reference has too, each at most as often as one reference has it.
  public var matches: [Int] { Array(counts[2..<2 + maximumOrder]) }
  /// The n-grams of the hypothesis.
  public var totals: [Int] { Array(counts[(2 + maximumOrder)...]) }

  /// The counts of orders up to `order`.
  public func upTo(order: Int) -> BLEUStatistics {
    BLEUStatistics(
      hypothesisLength: hypothesisLength, referenceLength: referenceLength,
      matches: Array(matches.prefix(order)), totals: Array(totals.prefix(order)))
  }
}
