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
}

extension ReferenceSet {
  /// The distinct sources in the order of their first appearance, each with the references of all its lines:
  /// for lists with a line for each reference. Sources are told apart by their bytes.
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
  /// The lines of the file `source`, each with what ``references(reading:)`` finds in `targets`.
  ///
  /// Throws what that throws, and ``CorpusError/malformed(path:line:detail:)`` for a line without a partner.
  public init(source: String, targets: [String]) throws(CorpusError) {
    sources = try LinesFile.read(source)
    references = try Self.references(reading: targets)
    guard sources.count == references.count else {
      throw LinesFile.unequal(
        .init(path: source, count: sources.count, role: "source"),
        .init(path: targets[0], count: references.count, role: "reference"))
    }
  }

  /// What is right for each line, from files that have a reference a line, at least one file: line i of all.
  /// A line of nothing but white space is no reference, as not everybody has translated everything; were it
  /// one, it would be right to say nothing.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)`` for a line that is blank in all files and for one
  /// without a partner, and what ``TextFile/read(_:)`` throws.
  public static func references(reading files: [String]) throws(CorpusError) -> [[String]] {
    precondition(!files.isEmpty, "no file of references")
    var columns: [[Substring]] = []
    for file in files {
      columns.append(lines(of: try TextFile.read(file)))
      let (first, last) = (columns[0].count, columns[columns.count - 1].count)
      guard first == last else {
        throw LinesFile.unequal(
          .init(path: files[0], count: first, role: "reference"),
          .init(path: file, count: last, role: "reference"))
      }
    }
    var references: [[String]] = []
    for line in columns[0].indices {
      let found = columns.map { $0[line] }.filter { !isBlank($0) }
      guard !found.isEmpty else {
        throw .malformed(
          path: files[0], line: line + 1,
          detail: files.count == 1
            ? "the reference is empty, expected some words"
            : "the line is empty in all \(files.count) files, expected some words in one of them")
      }
      references.append(found.map { String($0) })
    }
    return references
  }
}
