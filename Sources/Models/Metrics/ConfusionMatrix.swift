/// How many are right among those of a class, and among those that were called so.
public struct ClassScore: Sendable, Equatable {
  /// Cases of the class that were called so.
  public var correct = 0
  /// Cases of the class.
  public var expected = 0
  /// Cases that were called so.
  public var predicted = 0

  /// Nothing counted yet.
  public init() {}

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

/// Which classes were taken for which.
public struct ConfusionMatrix: Sendable, Equatable {
  /// Cases by their class and, in it, by what they were called.
  public private(set) var counts: [[Int]]

  /// Nothing counted of so many classes.
  public init(classes: Int) {
    counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
  }

  /// Counts a case.
  public mutating func add(expected: Int, predicted: Int) { counts[expected][predicted] += 1 }

  /// All cases.
  public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }
  /// Those that were called what they are.
  public var correct: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }
  /// Their share; 0 of no cases.
  public var accuracy: Double { total > 0 ? Double(correct) / Double(total) : 0 }

  /// The scores of each class.
  public var scores: [ClassScore] {
    counts.indices.map { index in
      var score = ClassScore()
      score.correct = counts[index][index]
      score.expected = counts[index].reduce(0, +)
      score.predicted = counts.reduce(0) { $0 + $1[index] }
      return score
    }
  }

  /// The mean of F1 over all classes, each counting alike.
  public var macroF1: Double {
    counts.isEmpty ? 0 : scores.reduce(0) { $0 + $1.f1 } / Double(counts.count)
  }
}
