/// Which classes were taken for which.
///
/// What is kept grows with the classes and with the pairs that occur, not with the square of the classes.
public struct ConfusionMatrix: Sendable, Equatable {
  private struct Pair: Hashable {
    var expected: Int
    var predicted: Int
  }

  /// The scores of each class.
  public private(set) var scores: [ClassScore]
  /// All cases.
  public private(set) var total = 0
  /// Those that were called what they are.
  public private(set) var correct = 0
  private var pairs: [Pair: Int] = [:]

  /// Nothing counted of so many classes.
  public init(classes: Int) { scores = Array(repeating: ClassScore(), count: classes) }

  /// Counts a case.
  public mutating func add(expected: Int, predicted: Int) {
    total += 1
    scores[expected].expected += 1
    scores[predicted].predicted += 1
    if expected == predicted {
      correct += 1
      scores[expected].correct += 1
    }
    pairs[Pair(expected: expected, predicted: predicted), default: 0] += 1
  }

  /// Counts a case of a class that is not among them, so wrong whatever it was called. It is in ``total``
  /// and in the score of what it was called, not in ``counts``.
  public mutating func add(predicted: Int) {
    total += 1
    scores[predicted].predicted += 1
  }

  /// Cases by their class and, in it, by what they were called. The table is made anew each time.
  public var counts: [[Int]] {
    var counts = Array(repeating: Array(repeating: 0, count: scores.count), count: scores.count)
    for (pair, count) in pairs { counts[pair.expected][pair.predicted] = count }
    return counts
  }

  /// The share of cases that were called what they are; 0 of no cases.
  public var accuracy: Double { total > 0 ? Double(correct) / Double(total) : 0 }

  /// The mean of F1 over the classes that some case has or was called, each counting alike, as
  /// scikit-learn has it; 0 of no cases.
  public var macroF1: Double {
    let seen = scores.filter { $0.expected + $0.predicted > 0 }
    return seen.isEmpty ? 0 : seen.reduce(0) { $0 + $1.f1 } / Double(seen.count)
  }
}
