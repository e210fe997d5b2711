/// Which labels may begin a sequence, follow each other, and end one.
public struct LabelTransitions: Sendable, Equatable {
  /// K, the number of labels.
  public var count: Int { starts.count }
  /// Whether a sequence may begin with each label, [K].
  public let starts: [Bool]
  /// Whether a sequence may end with each label, [K].
  public let ends: [Bool]
  /// Whether label j may follow label i, at i·K + j.
  private let pairs: [Bool]

  /// The transitions among `count` labels that the closures allow; by default all of them.
  public init(
    count: Int, starts: (Int) -> Bool = { _ in true }, ends: (Int) -> Bool = { _ in true },
    pairs: (_ from: Int, _ to: Int) -> Bool = { _, _ in true }
  ) {
    self.starts = (0..<count).map(starts)
    self.ends = (0..<count).map(ends)
    self.pairs = (0..<count).flatMap { from in (0..<count).map { pairs(from, $0) } }
  }

  /// Whether label `to` may follow label `from`.
  public func allows(_ from: Int, _ to: Int) -> Bool { pairs[from * count + to] }

  /// The first place of a sequence of labels whose label may not stand there, nil if all may. A label
  /// that may not end the sequence is at fault where it ends.
  public func firstFault(in labels: some Sequence<Int>) -> Int? {
    var last: (place: Int, label: Int)?
    for (place, label) in labels.enumerated() {
      guard last.map({ allows($0.label, label) }) ?? starts[label] else { return place }
      last = (place, label)
    }
    return last.flatMap { ends[$0.label] ? nil : $0.place }
  }
}
