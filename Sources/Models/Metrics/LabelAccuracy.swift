/// How many words got the right label, those that occurred in training and the others apart.
public struct LabelAccuracy: Sendable, Equatable {
  /// Right ones among all.
  public struct Count: Sendable, Equatable {
    /// Words.
    public var total = 0
    /// Those with the right label.
    public var correct = 0

    /// The right ones' share; nil of no words.
    public var share: Double? { total > 0 ? Double(correct) / Double(total) : nil }
  }

  /// Words that occurred in training.
  public var known = Count()
  /// The others.
  public var unknown = Count()

  /// Nothing counted yet.
  public init() {}

  /// All words.
  public var all: Count {
    Count(total: known.total + unknown.total, correct: known.correct + unknown.correct)
  }

  /// Counts a word.
  public mutating func add(isCorrect: Bool, isKnown: Bool) {
    func count(_ count: inout Count) {
      count.total += 1
      if isCorrect { count.correct += 1 }
    }
    if isKnown { count(&known) } else { count(&unknown) }
  }
}
