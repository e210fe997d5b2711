/// Sources with all that is right to say for each: several translations of a sentence, several pronunciations
/// of a word.
public struct ReferenceSet: Sendable, Equatable {
  /// What is translated.
  public private(set) var sources: [String] = []
  /// The references of each source, at least one.
  public private(set) var references: [[String]] = []

  /// Number of sources.
  public var count: Int { sources.count }

  /// The sources of the file at `path`, one a line: a source and its references, a tab before each.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)`` for a line without a reference or with an empty one,
  /// and what ``TextFile/read(_:)`` throws.
  public init(reading path: String) throws(CorpusError) {
    try self.init(tabbed: TextFile.read(path), name: path)
  }

  /// The sources of `text`, which came from what errors are to call `name`.
  init(tabbed text: String, name: String) throws(CorpusError) {
    for (index, line) in lines(of: text).enumerated() {
      let columns = ParallelFile.columns(of: line)
      guard columns.count > 1 else {
        throw .malformed(
          path: name, line: index + 1,
          detail: "no tab in \(quoted(line)), expected a source and its references, a tab before "
            + "each")
      }
      if let empty = columns.dropFirst().firstIndex(where: isBlank) {
        throw .malformed(
          path: name, line: index + 1, detail: "reference \(empty) is empty, expected some words")
      }
      sources.append(String(columns[0]))
      references.append(columns.dropFirst().map { String($0) })
    }
  }

  /// The distinct sources of `corpus` in the order of their first appearance, each with the targets of all
  /// its pairs: for lists with a line for each reference. Sources are told apart by their bytes.
  public init(grouping corpus: ParallelCorpus) {
    self = ReferenceSet(pairing: corpus).grouped
  }
}

extension ReferenceSet {
  /// Each source with the target of its own pair, line by line.
  public init(pairing corpus: ParallelCorpus) {
    sources = corpus.sources
    references = corpus.targets.map { [$0] }
  }

  /// The distinct sources in the order of their first appearance, each with the references of all its lines.
  /// Sources are told apart by their bytes.
  public var grouped: ReferenceSet {
    var set = self
    (set.sources, set.references) = ([], [])
    var table = ByteStringTable()
    for (source, references) in zip(sources, references) {
      var key = source
      let number = Int(key.withUTF8 { table.insert($0) })
      if number == set.sources.count {
        set.sources.append(source)
        set.references.append([])
      }
      set.references[number] += references
    }
    return set
  }
}

extension ReferenceSet {
  /// The same sources with the references of both, line by line. There are as many of one as of the other.
  public func joined(with other: ReferenceSet) -> ReferenceSet {
    precondition(count == other.count, "\(count) sources and \(other.count)")
    var set = self
    set.references = zip(references, other.references).map(+)
    return set
  }
}

/// A file of lines, each by itself.
public enum LinesFile {
  /// The lines of the file at `path`. Throws what ``TextFile/read(_:)`` throws.
  public static func read(_ path: String) throws(CorpusError) -> [String] {
    lines(of: try TextFile.read(path)).map { String($0) }
  }
}
