/// The random permutation problem as Pascanu et al. (2013) have it, after Hochreiter & Schmidhuber (1997):
/// say the first of many symbols again at the end.
///
/// ```
/// input   T symbols of a hundred kinds: the first is 0 or 1, all others are from 2 … 99
/// target  the first symbol again, after the last
/// right   if it is said
/// ```
/// All that is to be kept is one bit; what makes it hard is that nothing but the first step tells it. A
/// guess between the two is wrong every other time and has a cross-entropy of ln 2 = 0.693 nats. The loss
/// is at the end alone; Martens & Sutskever (2011) have the next symbol predicted at every step.
public struct RandomPermutationProblem: LongRangeProblem {
  /// T, the length.
  public let span: Int
  public let inputSize = 100
  public let outputSize = 100

  /// Sequences of `span` symbols, 2 or more.
  public init(span: Int) {
    precondition(span >= 2, "there is something after the first symbol, not \(span) in all")
    self.span = span
  }

  public func batch(
    _ index: Int, of count: Int, part: LongRangePart, seed: UInt64
  ) -> LongRangeBatch {
    var generator = part.generator(index, seed: seed)
    let firsts = (0..<count).map { _ in Int32(generator.below(2)) }
    let others = (0..<(span - 1) * count).map { _ in Int32(generator.within(2..<100)) }
    return LongRangeBatch(
      steps: span, count: count, inputs: .symbols(firsts + others), lengths: nil,
      targets: .class(firsts))
  }
}
