/// What a metric has counted of a sentence. The counts of a text are the sums of its sentences' counts, and
/// a text's score comes from them alone: so a text of any choice of the sentences, as ``Bootstrap`` draws
/// them, is scored without looking at words again.
public protocol CorpusStatistic: Sendable, Equatable {
  /// The counts, always as many for the same settings of a metric.
  var counts: [Int] { get }

  /// The statistic with such counts.
  init(counts: [Int])
}

extension CorpusStatistic {
  /// Both texts together.
  public static func + (a: Self, b: Self) -> Self {
    var sum = a
    sum += b
    return sum
  }

  /// Adds a sentence or a text.
  public static func += (a: inout Self, b: Self) {
    precondition(
      a.counts.count == b.counts.count,
      "\(a.counts.count) counts and \(b.counts.count) are of metrics with different settings")
    a = Self(counts: zip(a.counts, b.counts).map(+))
  }
}

/// A score of a text that follows from counts of its sentences.
public protocol CorpusMetric<Statistic>: Sendable {
  /// What is counted of a sentence.
  associatedtype Statistic: CorpusStatistic

  /// How many counts there are of a sentence.
  var countsOfSentence: Int { get }
  /// Whether the better of two texts is the one with the higher score; otherwise it is the lower.
  var isHigherBetter: Bool { get }

  /// The score of what was counted, a finite number for all sums of sentences' counts.
  func value(of statistic: Statistic) -> Double
}

extension CorpusMetric {
  /// The counts of the text that these sentences make; all 0 of none.
  public func total(of sentences: some Sequence<Statistic>) -> Statistic {
    var sums = Array(repeating: 0, count: countsOfSentence)
    for sentence in sentences {
      precondition(
        sentence.counts.count == sums.count,
        "\(sentence.counts.count) counts of a sentence; the metric has \(sums.count)")
      for (place, count) in sentence.counts.enumerated() { sums[place] += count }
    }
    return Statistic(counts: sums)
  }
}
