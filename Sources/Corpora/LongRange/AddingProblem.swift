/// The adding problem (Hochreiter & Schmidhuber 1997, experiment 4): the sum of two marked numbers among
/// many.
///
/// ```
/// input   pairs (value, mark): values uniform in [-1, 1); marks 1 at two places, -1 at the first and
///         the last pair, else 0
/// length  uniform in T … T + T/10, each sequence its own
/// marks   the first among the first ten pairs, the second among the first T/2 - 1
/// target  0.5 + (X₁ + X₂)/4 at the end, in [0, 1); a marked first pair keeps its -1 and counts as 0
/// right   if the output is off by less than 0.04
/// ```
/// To say 0.5 always has a mean squared error of 1/48 for each number that counts: two, but for the
/// sequences whose first pair is marked, so (2 - 0.1 - 0.9/(T/2 - 2))/48 in all, 0.0394 at T = 200.
public struct AddingProblem: LongRangeProblem {
  /// T, the least length.
  public let span: Int
  public let inputSize = 2
  public let outputSize = 1

  /// An output that is off by this much is wrong.
  public static let tolerance: Float = 0.04

  /// Sequences of at least `span` pairs, 10 or more.
  public init(span: Int) {
    precondition(span >= 10, "two of the first \(span) / 2 - 1 pairs are to be marked")
    self.span = span
  }

  public func batch(
    _ index: Int, of count: Int, part: LongRangePart, seed: UInt64
  ) -> LongRangeBatch {
    var generator = part.generator(index, seed: seed)
    let lengths = (0..<count).map { _ in Int32(generator.within(span..<span + span / 10 + 1)) }
    let steps = Int(lengths.max() ?? 0)
    var values = [Float](repeating: 0, count: steps * count * 2)
    var targets: [Float] = []
    for (row, length) in lengths.enumerated() {
      let length = Int(length)
      func place(_ t: Int) -> Int { (t * count + row) * 2 }
      for t in 0..<length { values[place(t)] = generator.uniform(-1, 1) }
      let half = span / 2 - 1
      let first = generator.within(0..<min(10, half))
      var second = generator.within(0..<half - 1)
      if second >= first { second += 1 }
      var sum: Float = 0
      for marked in [first, second] where marked > 0 {
        values[place(marked) + 1] = 1
        sum += values[place(marked)]
      }
      values[place(0) + 1] = -1
      values[place(length - 1) + 1] = -1
      targets.append(0.5 + sum / 4)
    }
    return LongRangeBatch(
      steps: steps, count: count, inputs: .values(values), lengths: lengths,
      targets: .value(targets))
  }
}
