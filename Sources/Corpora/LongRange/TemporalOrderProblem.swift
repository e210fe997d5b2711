/// The temporal order problem (Hochreiter & Schmidhuber 1997, experiment 6a, with the places in
/// proportion to T as Pascanu et al. 2013 have them): which of two symbols came first, which second.
///
/// ```
/// input   one of six symbols a step: A and B tell something, c, d, e, f distract
/// places  A or B at t₁ in [T/10, 2T/10) and at t₂ in [5T/10, 6T/10), distractors elsewhere
/// target  at the end one of four classes: AA, BA, AB, BB
/// right   if the class is
/// ```
/// A guess is wrong three times in four and has a cross-entropy of ln 4 = 1.386 nats.
public struct TemporalOrderProblem: LongRangeProblem {
  /// T, the length.
  public let span: Int
  public let inputSize = 6
  public let outputSize = 4

  /// Sequences of `span` symbols, 10 or more.
  public init(span: Int) {
    precondition(span >= 10, "a tenth of \(span) symbols is no place")
    self.span = span
  }

  public func batch(
    _ index: Int, of count: Int, part: LongRangePart, seed: UInt64
  ) -> LongRangeBatch {
    var generator = part.generator(index, seed: seed)
    var symbols = (0..<span * count).map { _ in Int32(generator.within(2..<6)) }
    let tenth = span / 10
    let targets = (0..<count).map { row in
      let (first, second) = (Int32(generator.below(2)), Int32(generator.below(2)))
      symbols[generator.within(tenth..<2 * tenth) * count + row] = first
      symbols[(span / 2 + generator.within(0..<tenth)) * count + row] = second
      return first + 2 * second
    }
    return LongRangeBatch(
      steps: span, count: count, inputs: .symbols(symbols), lengths: nil, targets: .class(targets))
  }
}
