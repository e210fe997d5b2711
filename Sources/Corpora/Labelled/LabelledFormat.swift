/// The files that labelled sentences come in.
public enum LabelledFormat: String, Sendable, Codable, CaseIterable {
  /// CoNLL-U, see ``CoNLLUReader``.
  case conllu
  /// A word a line with its label in the last column, see ``ColumnReader``.
  case columns

  /// The format that a file's name tells: CoNLL-U of `.conllu`, else columns.
  public init(path: String) {
    self = path.lowercased().hasSuffix(".conllu") ? .conllu : .columns
  }

  /// The format that a file's name tells, or what stands in it: CoNLL-U of `.conllu`, and where the first
  /// line that is neither empty nor a comment has ten columns with tabs between them and begins with a
  /// number.
  public init(path: String, text: String) {
    self.init(path: path)
    guard self == .columns else { return }
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      if line.first == UInt8(ascii: "#") { continue }
      let columns = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      let isNumbered = columns[0].first.map { (0x30...0x39).contains($0) } ?? false
      if columns.count == CoNLLUColumn.allCases.count, isNumbered { self = .conllu }
      return
    }
  }

  /// The sentences of the file at `path`.
  ///
  /// - Parameter column: which column of CoNLL-U has the labels.
  /// - Throws: ``CorpusError``.
  public func read(
    _ path: String, column: LabelColumn = .upos
  ) throws(CorpusError) -> [LabelledSentence] {
    let sentences = try sentences(of: TextFile.read(path), name: path, column: column)
    guard !sentences.isEmpty else { throw .empty(path: path) }
    return sentences
  }

  /// The sentences of `text`, which came from what an error is to call `name`.
  public func sentences(
    of text: String, name: String, column: LabelColumn = .upos
  ) throws(CorpusError) -> [LabelledSentence] {
    switch self {
    case .conllu:
      try CoNLLUReader.sentences(of: text, name: name).map { (sentence) throws(CorpusError) in
        try LabelledSentence(sentence, column, name: name)
      }
    case .columns:
      try ColumnReader.sentences(of: text, name: name).map {
        LabelledSentence($0, name: name)
      }
    }
  }
}

extension CoNLLUReader {
  /// All sentences of `text`, which came from what an error is to call `name`. Throws
  /// ``CorpusError/malformed(path:line:detail:)``.
  public static func sentences(
    of text: String, name: String
  ) throws(CorpusError) -> [CoNLLUSentence] {
    var reader = CoNLLUReader(name: name)
    var sentences: [CoNLLUSentence] = []
    for line in lines(of: text) {
      if let sentence = try reader.read(line) { sentences.append(sentence) }
    }
    if let sentence = try reader.finish() { sentences.append(sentence) }
    return sentences
  }
}

extension ColumnReader {
  /// All sentences of `text`, which came from what an error is to call `name`. Throws
  /// ``CorpusError/malformed(path:line:detail:)``.
  public static func sentences(
    of text: String, name: String
  ) throws(CorpusError) -> [ColumnSentence] {
    var reader = ColumnReader(name: name)
    var sentences: [ColumnSentence] = []
    for line in lines(of: text) {
      if let sentence = try reader.read(line) { sentences.append(sentence) }
    }
    if let sentence = reader.finish() { sentences.append(sentence) }
    return sentences
  }
}
