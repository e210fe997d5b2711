import Foundation

/// The copying memory problem (Arjovsky et al. 2016, after Hochreiter & Schmidhuber 1997): say ten
/// symbols again after T steps.
///
/// ```
/// input   T + 20 symbols of ten kinds: ten from a₀ … a₇, then T - 1 blanks a₈, the delimiter a₉, and
///         ten blanks
/// target  T + 10 blanks, then the first ten symbols
/// right   each of the last ten symbols for itself
/// ```
/// A net without memory says blanks, then anything: its cross-entropy is 10·ln 8 / (T + 20) nats a step.
public struct CopyMemoryProblem: LongRangeProblem {
  /// T, the steps between reading and saying.
  public let span: Int
  public let inputSize = 10
  public let outputSize = 10

  /// Symbols to remember.
  public static let symbols = 10
  private static let kinds = 8
  private static let blank: Int32 = 8
  private static let delimiter: Int32 = 9

  /// Sequences of `span` + 20 symbols.
  public init(span: Int) {
    precondition(span >= 1, "the symbols are to be remembered over at least 1 step, not \(span)")
    self.span = span
  }

  /// The cross-entropy of a net without memory, 10·ln 8 / (T + 20) nats a step.
  public var lossWithoutMemory: Double {
    Double(Self.symbols) * log(Double(Self.kinds)) / Double(span + 2 * Self.symbols)
  }

  public func batch(
    _ index: Int, of count: Int, part: LongRangePart, seed: UInt64
  ) -> LongRangeBatch {
    var generator = part.generator(index, seed: seed)
    let memory = Self.symbols
    let steps = span + 2 * memory
    var inputs = [Int32](repeating: Self.blank, count: steps * count)
    var targets = inputs
    for row in 0..<count {
      for t in 0..<memory {
        let symbol = Int32(generator.within(0..<Self.kinds))
        inputs[t * count + row] = symbol
        targets[(span + memory + t) * count + row] = symbol
      }
      inputs[(span + memory - 1) * count + row] = Self.delimiter
    }
    return LongRangeBatch(
      steps: steps, count: count, inputs: .symbols(inputs), lengths: nil,
      targets: .classes(targets, judged: span + memory))
  }
}
