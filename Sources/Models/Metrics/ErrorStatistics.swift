/// How many tokens and sentences are wrong: the error rates of words, of characters, of phonemes, whatever
/// the tokens are.
///
/// Of several references a sentence is compared with the closest: the one with the lowest rate of edits to
/// its length, the shortest of those. A sentence is wrong if it equals none of its references. So for letters
/// to phonemes, with all pronunciations of a word as references, ``tokenErrorRate`` is the phoneme error rate
/// and ``sentenceErrorRate`` the word error rate.
public struct ErrorStatistics: CorpusStatistic {
  /// ``sentences``, ``wrongSentences``, ``substitutions``, ``insertions``, ``deletions`` and
  /// ``referenceLength``.
  public let counts: [Int]

  /// The statistics with the six counts in the order of ``counts``.
  public init(counts: [Int]) {
    precondition(counts.count == Self.size, "\(counts.count) counts of errors, not \(Self.size)")
    self.counts = counts
  }

  /// The counts of a sentence against its references, at least one.
  public init<Token: Equatable>(hypothesis: [Token], references: [[Token]]) {
    var closest: (counts: EditCounts, length: Int, rate: Double)?
    for reference in references {
      let edits = EditCounts(from: reference, to: hypothesis)
      // Infinite for edits of nothing, so that whoever says a thing is not compared with nothing.
      let rate = Self.rate(edits.edits, of: reference.count)
      if let closest, (closest.rate, closest.length) <= (rate, reference.count) { continue }
      closest = (edits, reference.count, rate)
    }
    guard let (edits, length, _) = closest else {
      preconditionFailure("a sentence without a reference")
    }
    counts = [
      1, edits.edits > 0 ? 1 : 0, edits.substitutions, edits.insertions, edits.deletions, length,
    ]
  }

  static let size = 6

  /// Sentences.
  public var sentences: Int { counts[0] }
  /// Those that equal none of their references.
  public var wrongSentences: Int { counts[1] }
  /// Tokens of the closest references with another in their place.
  public var substitutions: Int { counts[2] }
  /// Tokens that only the hypotheses have.
  public var insertions: Int { counts[3] }
  /// Tokens that only the closest references have.
  public var deletions: Int { counts[4] }
  /// Tokens of the closest references.
  public var referenceLength: Int { counts[5] }
  /// Substitutions, insertions and deletions.
  public var edits: Int { substitutions + insertions + deletions }

  /// Σ edits / Σ tokens of the closest references: 0 if nothing is wrong, above 1 if there are more edits
  /// than tokens. Where the references have no token at all, edits count as of one: a rate that is infinite
  /// could not be told from another, nor averaged over the resamples of ``Bootstrap``.
  public var tokenErrorRate: Double { Self.rate(edits, of: max(1, referenceLength)) }
  /// The share of sentences that equal none of their references; 0 of no sentences.
  public var sentenceErrorRate: Double { Self.rate(wrongSentences, of: sentences) }
  /// The share of sentences that equal one of their references; 0 of no sentences.
  public var exactShare: Double {
    sentences > 0 ? Double(sentences - wrongSentences) / Double(sentences) : 0
  }

  private static func rate(_ errors: Int, of total: Int) -> Double {
    errors == 0 ? 0 : Double(errors) / Double(total)
  }
}

/// A rate of ``ErrorStatistics``, for comparisons of two systems.
public enum ErrorRate: CorpusMetric {
  /// ``ErrorStatistics/tokenErrorRate``; lower is better.
  case tokens
  /// ``ErrorStatistics/sentenceErrorRate``; lower is better.
  case sentences
  /// ``ErrorStatistics/exactShare``; higher is better.
  case exact

  /// How many counts there are of a sentence.
  public var countsOfSentence: Int { ErrorStatistics.size }
  /// Whether a higher score is a better one.
  public var isHigherBetter: Bool { self == .exact }

  /// The rate of what was counted of a text.
  public func value(of statistic: ErrorStatistics) -> Double {
    switch self {
    case .tokens: statistic.tokenErrorRate
    case .sentences: statistic.sentenceErrorRate
    case .exact: statistic.exactShare
    }
  }
}
