import Recurrent

/// Some words in a row that are one thing, such as a name or a noun phrase.
public struct LabelSpan: Sendable, Hashable {
  /// What it is; empty where labels name no types.
  public var type: String
  /// The words.
  public var words: Range<Int>

  /// A span.
  public init(type: String, words: Range<Int>) {
    self.type = type
    self.words = words
  }
}

/// A label that says where spans begin and go on: `B-PER` begins one, `I-PER` goes on with it, `O` is
/// outside of all (IOB2, Tjong Kim Sang & Veenstra 1999).
public struct SpanLabel: Sendable, Hashable {
  /// A word's place in a span.
  public enum Place: Sendable {
    /// It begins one.
    case begin
    /// It goes on with one.
    case inside
    /// It is in none.
    case outside
  }
  /// The word's place.
  public let place: Place
  /// The type of the span, what stands behind the first hyphen; empty for none.
  public let type: String

  /// The meaning of `label`; nil if it is no such label.
  public init?(_ label: String) {
    let parts = label.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    switch parts[0] {
    case "B": place = .begin
    case "I": place = .inside
    case "O" where parts.count == 1: place = .outside
    default: return nil
    }
    type = parts.count > 1 ? String(parts[1]) : ""
  }

  /// The meanings of all `labels`; nil unless each has one.
  public static func meanings(_ labels: [String]) -> [SpanLabel]? {
    let meanings = labels.compactMap(SpanLabel.init)
    return meanings.count == labels.count ? meanings : nil
  }

  /// The meanings of all `labels` that there are; nil unless each has one, and some are about spans.
  public static func all(_ labels: [String]) -> [SpanLabel]? {
    meanings(labels).flatMap { $0.contains { $0.place != .outside } ? $0 : nil }
  }
}

extension LabelSpan {
  /// The spans of a sequence of labels, as conlleval sees them: one begins with `B`, and also with an `I`
  /// that has nothing of its type to go on with; it ends before the next that begins, before `O`, and
  /// at the end.
  public static func spans(_ labels: [SpanLabel]) -> [LabelSpan] {
    var spans: [LabelSpan] = []
    for (place, label) in labels.enumerated() where label.place != .outside {
      let continued = spans.last.map {
        label.place == .inside && $0.words.upperBound == place && $0.type == label.type
      }
      if continued == true {
        spans[spans.count - 1].words = spans[spans.count - 1].words.lowerBound..<place + 1
      } else {
        spans.append(LabelSpan(type: label.type, words: place..<place + 1))
      }
    }
    return spans
  }
}

extension LabelTransitions {
  /// What IOB2 allows: `I` goes on with a `B` or an `I` of its type, and stands nowhere else.
  public init(iob2 labels: [SpanLabel]) {
    self.init(count: labels.count) {
      labels[$0].place != .inside
    } pairs: { from, to in
      labels[to].place != .inside
        || (labels[from].place != .outside && labels[from].type == labels[to].type)
    }
  }
}
