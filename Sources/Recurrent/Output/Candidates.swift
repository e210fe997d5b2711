/// The tokens against which the rows of a batch are trained: a sample that they share, and all their
/// targets.
struct Candidates: Sendable {
  /// The tokens, rising.
  let tokens: [Int32]
  /// 1 for those of the sample, 0 for those that are here as targets alone.
  let isSampled: [Float]
  /// For each row the place of its target among the tokens; negative for one that does not count.
  let targets: [Int32]

  /// - Parameters:
  ///   - sample: different tokens, rising.
  ///   - targets: a token for each row, or a negative number.
  init(sample: [Int32], targets: [Int32]) {
    var tokens: [Int32] = []
    var isSampled: [Float] = []
    var drawn = sample[...]
    func takeSampled(before token: Int32) {
      while let next = drawn.first, next < token {
        tokens.append(next)
        isSampled.append(1)
        drawn.removeFirst()
      }
    }
    for target in targets.sorted() where target >= 0 && target != tokens.last {
      takeSampled(before: target)
      tokens.append(target)
      isSampled.append(drawn.first == target ? 1 : 0)
      if drawn.first == target { drawn.removeFirst() }
    }
    takeSampled(before: .max)
    self.targets = targets.map { $0 < 0 ? -1 : Self.place(of: $0, in: tokens) }
    self.tokens = tokens
    self.isSampled = isSampled
  }

  /// By bisection; the token is there.
  private static func place(of token: Int32, in tokens: [Int32]) -> Int32 {
    var (low, high) = (0, tokens.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if tokens[middle] < token { low = middle + 1 } else { high = middle }
    }
    return Int32(low)
  }
}
