/// Lines and their translations.
public struct ParallelCorpus: Sendable, Equatable {
  /// What is translated.
  public private(set) var sources: [String] = []
  /// What it is translated into, one for each source.
  public private(set) var targets: [String] = []
  /// Pairs with nothing but white space on one side or both, whether left out or kept.
  public private(set) var emptyPairs = 0

  /// Number of pairs.
  public var count: Int { sources.count }

  /// The pairs of all `files`, one file after the other.
  ///
  /// - Parameter keepsEmptyPairs: whether pairs with an empty side stay, as in evaluation, where pair i has
  ///   to be line i. There is nothing to learn from them.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)`` for a line without a partner and for a line that has
  /// not one tab, ``CorpusError/noSentences`` where no pair is left, and what ``TextFile/read(_:)`` throws.
  public init(
    reading files: [ParallelFile], keepsEmptyPairs: Bool = false
  ) throws(CorpusError) {
    for file in files { append(try file.read(), keepsEmptyPairs: keepsEmptyPairs) }
    guard !sources.isEmpty else { throw .noSentences }
  }

  private mutating func append(_ sides: ParallelFile.Sides, keepsEmptyPairs: Bool) {
    sources.reserveCapacity(sources.count + sides.sources.count)
    targets.reserveCapacity(targets.count + sides.targets.count)
    for (source, target) in zip(sides.sources, sides.targets) {
      let isEmpty = isBlank(source) || isBlank(target)
      if isEmpty { emptyPairs += 1 }
      guard keepsEmptyPairs || !isEmpty else { continue }
      sources.append(String(source))
      targets.append(String(target))
    }
  }
}
