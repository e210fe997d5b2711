/// How well sets of labels were found.
public struct LabelSetScores: Sendable, Equatable {
  /// The scores of each label.
  public private(set) var labels: [ClassScore]
  /// Cases.
  public private(set) var total = 0
  /// Cases whose whole set is right.
  public private(set) var exact = 0

  /// Nothing counted of so many labels.
  public init(labels: Int) { self.labels = Array(repeating: ClassScore(), count: labels) }

  /// Counts a case.
  public mutating func add(expected: Set<Int>, predicted: Set<Int>) {
    total += 1
    if expected == predicted { exact += 1 }
    for label in labels.indices {
      labels[label].add(
        isExpected: expected.contains(label), isPredicted: predicted.contains(label))
    }
  }

  /// The share of cases whose whole set is right; 0 of no cases.
  public var exactShare: Double { total > 0 ? Double(exact) / Double(total) : 0 }

  /// Of all labels of all cases together.
  public var micro: ClassScore {
    labels.reduce(into: ClassScore()) { sum, label in
      sum.correct += label.correct
      sum.expected += label.expected
      sum.predicted += label.predicted
    }
  }

  /// The mean of F1 over all labels, each counting alike: also those that no case has or was given, which
  /// count 0 (unlike ``ConfusionMatrix/macroF1``).
  public var macroF1: Double {
    labels.isEmpty ? 0 : labels.reduce(0) { $0 + $1.f1 } / Double(labels.count)
  }
}
