/// A sentence of a file with a word a line and its label in the last column.
public struct ColumnSentence: Sendable, Equatable {
  /// A line.
  public struct Row: Sendable, Equatable {
    /// The line as it is.
    public var text: String
    /// Its first column.
    public var word: String
    /// Its last column; nil where there is only one.
    public var label: String?
    /// Its number in the file, from 1.
    public var line: Int
    /// Whether its columns stand apart by tabs, else by spaces.
    public var isTabbed: Bool
  }

  /// The words.
  public var rows: [Row]
}

/// Reads files with a word a line, its label in the last column, and an empty line between sentences, as
/// those of CoNLL-2003, line by line.
///
/// The columns of a line with a tab in it stand apart by single tabs, so that a word may have spaces in
/// it; those of other lines by spaces. All lines have equally many columns. Nothing else is special: a
/// line `-DOCSTART- -X- -X- O` is a sentence of one word, as it is for conlleval.
public struct ColumnReader {
  /// What errors call the file.
  private let name: String
  private let needsLabels: Bool
  private var lineNumber = 0
  private var columns: Int?
  private var rows: [ColumnSentence.Row] = []

  /// A reader at the beginning of what an error is to call `name`.
  ///
  /// - Parameter needsLabels: whether a file with a single column is refused.
  public init(name: String, needsLabels: Bool = true) {
    self.name = name
    self.needsLabels = needsLabels
  }

  /// Takes the next line, without its end. Gives the sentence that an empty line has completed.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)``.
  public mutating func read(
    _ line: Substring
  ) throws(CorpusError) -> ColumnSentence? {
    lineNumber += 1
    let (space, tab) = (UInt8(ascii: " "), UInt8(ascii: "\t"))
    if line.utf8.allSatisfy({ $0 == space || $0 == tab }) { return complete() }
    let isTabbed = line.utf8.contains(tab)
    let fields = line.utf8.split(
      separator: isTabbed ? tab : space, omittingEmptySubsequences: !isTabbed)
    if let empty = fields.firstIndex(where: \.isEmpty) {
      throw fault("column \(empty + 1) is empty, expected a value")
    }
    let expected = columns ?? max(fields.count, needsLabels ? 2 : 1)
    guard fields.count == expected else {
      let found = fields.count == 1 ? "1 column" : "\(fields.count) columns"
      throw fault(
        columns == nil
          ? "\(found), expected a word and its label with a tab or a space between them"
          : "\(found), expected \(expected) as in the lines before")
    }
    columns = expected
    rows.append(
      ColumnSentence.Row(
        text: String(line), word: String(Substring(fields[0])),
        label: fields.count > 1 ? String(Substring(fields[fields.count - 1])) : nil,
        line: lineNumber, isTabbed: isTabbed))
    return nil
  }

  /// The sentence that the end of the file has completed, if there is one.
  public mutating func finish() -> ColumnSentence? { complete() }

  private func fault(_ detail: String) -> CorpusError {
    .malformed(path: name, line: lineNumber, detail: detail)
  }

  private mutating func complete() -> ColumnSentence? {
    defer { rows = [] }
    return rows.isEmpty ? nil : ColumnSentence(rows: rows)
  }
}
