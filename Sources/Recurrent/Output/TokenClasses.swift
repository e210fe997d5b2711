/// A division of the tokens of a vocabulary into classes of about equally frequent use (Mikolov et al.
/// 2011): the tokens by falling count, cut so that each class has its share of all occurrences. So
/// a class of frequent tokens is small, and the tokens of an average class are √V where the classes are.
struct TokenClasses: Sendable {
  /// The order of the tokens, of which a class is a range.
  let ranks: FrequencyRanks
  /// The rank with which each class begins, and V.
  let starts: [Int]
  /// The class of each rank.
  let classes: [Int32]

  /// - Parameters:
  ///   - counts: of each token. One more is counted for each, so that tokens that were never seen take
  ///     their place, too.
  ///   - classCount: at most as many as there are tokens; none is empty.
  init(counts: [Int], classCount: Int) {
    precondition(
      classCount <= counts.count && classCount >= min(1, counts.count),
      "\(classCount) classes of \(counts.count) tokens")
    ranks = FrequencyRanks(counts: counts)
    let mass = ranks.ids.map { Double(counts[Int($0)]) + 1 }
    var rest = mass.reduce(0, +)
    var starts: [Int] = []
    var own = 0.0
    var share = 0.0
    for (rank, mass) in mass.enumerated() {
      let left = classCount - starts.count
      // A class is full when it has its share, or when the others need all tokens that are left.
      if starts.isEmpty || left > 0 && (own >= share || counts.count - rank <= left) {
        starts.append(rank)
        share = rest / Double(left)
        own = 0
      }
      own += mass
      rest -= mass
    }
    self.starts = starts + [counts.count]
    var classes: [Int32] = []
    for index in starts.indices {
      classes += repeatElement(Int32(index), count: self.starts[index + 1] - starts[index])
    }
    self.classes = classes
  }

  /// The number of classes.
  var count: Int { starts.count - 1 }

  /// The ranks of a class's tokens.
  func members(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }
}
