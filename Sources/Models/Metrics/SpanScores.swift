/// Precision, recall and F1 of spans, of all and of each type, counted as the script conlleval of the CoNLL
/// shared tasks counts them: a span is right if its first word, its last word and its type are.
public struct SpanScores: Sendable, Equatable {
  /// Spans of all types.
  public private(set) var all = ClassScore()
  /// Spans of each type.
  public private(set) var byType: [String: ClassScore] = [:]

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
        $0.predicted += 1
        if right.contains(span) { $0.correct += 1 }
      }
    }
  }

  private mutating func count(_ span: LabelSpan, _ change: (inout ClassScore) -> Void) {
    change(&all)
    change(&byType[span.type, default: ClassScore()])
  }
}
