/// Precision, recall and F1 of spans, of all and of each type, counted as the script conlleval of the CoNLL
/// shared tasks counts them: a span is right if its first word, its last word and its type are.
public struct SpanScores: Sendable, Equatable {
  /// Numbers of spans.
  public struct Score: Sendable, Equatable {
    /// Those that there are.
    public var expected = 0
    /// Those that were found.
    public var found = 0
    /// Those that were found and are right.
    public var correct = 0

    /// The right ones' share of those found; 0 of none.
    public var precision: Double { Self.share(correct, of: found) }
    /// The right ones' share of those that there are; 0 of none.
    public var recall: Double { Self.share(correct, of: expected) }
    /// The harmonic mean of both; 0 if both are.
    public var f1: Double {
      // 2PR/(P + R), without the rounding of both.
      Self.share(2 * correct, of: expected + found)
    }

    private static func share(_ part: Int, of whole: Int) -> Double {
      whole > 0 ? Double(part) / Double(whole) : 0
    }
  }

  /// Spans of all types.
  public private(set) var all = Score()
  /// Spans of each type.
  public private(set) var byType: [String: Score] = [:]

  /// Nothing counted yet.
  public init() {}

  /// Counts the spans of a sentence: the right labels and the predicted ones, of the same number.
  public mutating func add(expected: [SpanLabel], predicted: [SpanLabel]) {
    precondition(
      expected.count == predicted.count,
      "\(predicted.count) predicted labels of \(expected.count) words")
    let (expected, found) = (LabelSpan.spans(expected), LabelSpan.spans(predicted))
    let right = Set(expected)
    for span in expected { count(span) { $0.expected += 1 } }
    for span in found {
      count(span) {
        $0.found += 1
        if right.contains(span) { $0.correct += 1 }
      }
    }
  }

  private mutating func count(_ span: LabelSpan, _ change: (inout Score) -> Void) {
    change(&all)
    change(&byType[span.type, default: Score()])
  }
}
