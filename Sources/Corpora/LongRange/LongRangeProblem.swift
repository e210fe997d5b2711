/// A made-up task that cannot be solved without remembering something over many steps.
///
/// Sequences are drawn, not read: batch k of seed s is a function of (s, k) alone, so any batch can be
/// made again, in any order and on any thread.
public protocol LongRangeProblem: Sendable {
  /// T, the length that the task is measured by. Sequences may be somewhat longer.
  var span: Int { get }
  /// I, the features of an input: values, or kinds of symbols.
  var inputSize: Int { get }
  /// Outputs of the network: one value, or the scores of so many classes.
  var outputSize: Int { get }

  /// Batch `index` of `count` sequences.
  func batch(_ index: Int, of count: Int, part: LongRangePart, seed: UInt64) -> LongRangeBatch
}

/// Sequences to learn from and sequences to judge by, which have no batch in common.
public enum LongRangePart: Sendable {
  case training
  case heldOut

  /// The numbers of batch `index` of this part.
  func generator(_ index: Int, seed: UInt64) -> SplitMix64 {
    let stream = UInt64(index) << 1
    return SplitMix64(seed: seed, epoch: self == .training ? stream : stream | 1)
  }
}

/// B sequences of a ``LongRangeProblem``, time-major.
public struct LongRangeBatch: Sendable, Equatable {
  /// What is read at each step.
  public enum Inputs: Sendable, Equatable {
    /// Numbers [T, B, I].
    case values([Float])
    /// One symbol of I a step, [T, B].
    case symbols([Int32])
  }

  /// What is to be said.
  public enum Targets: Sendable, Equatable {
    /// A number at the end, [B].
    case value([Float])
    /// A class at the end, [B].
    case `class`([Int32])
    /// A class at every step, [T, B], of which those from step `judged` on are judged.
    case classes([Int32], judged: Int)
  }

  /// T, the steps of the longest sequence.
  public let steps: Int
  /// B.
  public let count: Int
  /// What is read.
  public let inputs: Inputs
  /// The steps of each sequence, [B]; nil if all have T.
  public let lengths: [Int32]?
  /// What is to be said.
  public let targets: Targets
}

extension SplitMix64 {
  /// A number uniform in `low` ..< `high`, on a grid of 2²⁴ points.
  mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(next() >> 40) * 0x1p-24
  }

  /// A number in `range`, each equally likely.
  mutating func within(_ range: Range<Int>) -> Int {
    range.lowerBound + Int(below(UInt64(range.count)))
  }
}
