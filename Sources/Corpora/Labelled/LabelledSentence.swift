/// A sentence with a label for each word.
public struct LabelledSentence: Sendable, Equatable {
  /// The words.
  public var words: [String]
  /// Their labels.
  public var labels: [String]
  /// The line that each word stands in, from 1.
  public var lines: [Int]
  /// What errors call the file that it stands in.
  public var file: String

  /// A sentence of so many words and labels.
  public init(words: [String], labels: [String], lines: [Int]? = nil, file: String = "") {
    precondition(
      words.count == labels.count && lines?.count ?? words.count == words.count,
      "\(words.count) words with \(labels.count) labels")
    self.words = words
    self.labels = labels
    self.lines = lines ?? Array(1..<words.count + 1)
    self.file = file
  }

  /// An error at word `index`.
  public func fault(_ index: Int, _ detail: String) -> CorpusError {
    .malformed(path: file, line: lines[index], detail: detail)
  }

  /// The words of a CoNLL-U sentence with one of its columns.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)``, with `name` for the file, where a label is not
  /// given.
  public init(
    _ sentence: CoNLLUSentence, _ column: LabelColumn, name: String
  ) throws(CorpusError) {
    if column != .feats, let word = sentence.words.first(where: { $0[column] == "_" }) {
      throw .malformed(
        path: name, line: word.line,
        detail: "column \(column.column.rawValue) (\(column.column.title)) is \"_\", expected a "
          + "label")
    }
    self.init(
      words: sentence.words.map(\.form), labels: sentence.words.map { $0[column] },
      lines: sentence.words.map(\.line), file: name)
  }

  /// The words of a sentence in columns. Those without a label get an empty one.
  public init(_ sentence: ColumnSentence, name: String) {
    self.init(
      words: sentence.rows.map(\.word), labels: sentence.rows.map { $0.label ?? "" },
      lines: sentence.rows.map(\.line), file: name)
  }
}
