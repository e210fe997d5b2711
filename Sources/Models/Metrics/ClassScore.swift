/// How many are right among those of a class, and among those that were called so: cases, or spans of a type.
public struct ClassScore: Sendable, Equatable {
  /// Cases of the class that were called so.
  public var correct = 0
  /// Cases of the class.
  public var expected = 0
  /// Cases that were called so.
  public var predicted = 0

  /// Nothing counted yet, unless told otherwise.
  public init(correct: Int = 0, expected: Int = 0, predicted: Int = 0) {
    (self.correct, self.expected, self.predicted) = (correct, expected, predicted)
  }

  /// The share of right ones among those that were called so; 0 of none.
  public var precision: Double { predicted > 0 ? Double(correct) / Double(predicted) : 0 }
  /// The share of the class that was found; 0 of none.
  public var recall: Double { expected > 0 ? Double(correct) / Double(expected) : 0 }
  /// The harmonic mean of precision and recall: 2·correct / (expected + predicted); 0 of none.
  public var f1: Double {
    expected + predicted > 0 ? 2 * Double(correct) / Double(expected + predicted) : 0
  }

  /// Counts a case.
  mutating func add(isExpected: Bool, isPredicted: Bool) {
    if isExpected { expected += 1 }
    if isPredicted { predicted += 1 }
    if isExpected, isPredicted { correct += 1 }
  }
}
