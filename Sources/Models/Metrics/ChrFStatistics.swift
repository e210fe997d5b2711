/// What ``ChrF`` counts of a sentence or a text, for each order: those of characters first, then those of
/// words.
public struct ChrFStatistics: CorpusStatistic {
  /// Of each order, the n-grams of the hypothesis, those of the reference, and those of both.
  public let counts: [Int]

  /// The statistics with counts in the order of ``counts``, three for each order.
  public init(counts: [Int]) {
    precondition(
      !counts.isEmpty && counts.count.isMultiple(of: 3), "\(counts.count) counts of chrF")
    self.counts = counts
  }

  /// How many orders of characters and of words there are.
  public var orders: Int { counts.count / 3 }
  /// The n-grams of the hypothesis; 0 for orders that the reference is too short for.
  public func hypothesisTotal(_ order: Int) -> Int { counts[3 * order] }
  /// The n-grams of the reference.
  public func referenceTotal(_ order: Int) -> Int { counts[3 * order + 1] }
  /// The n-grams that both have, each as often as the one with fewer of it.
  public func matches(_ order: Int) -> Int { counts[3 * order + 2] }
}
