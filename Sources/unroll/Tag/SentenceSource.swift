import Corpora

/// A sentence to be labelled, and how it looks with its labels.
struct SourceSentence {
  var words: [String]
  /// The sentence with a label for each word, ended.
  var text: ([String]) -> String
}

/// Makes sentences of lines.
protocol SentenceSource {
  /// Takes the next line, and gives the sentence that it has completed.
  ///
  /// - Throws: `CorpusError` that names the line.
  mutating func read(_ line: String) throws -> SourceSentence?

  /// The sentence that the end has completed.
  mutating func finish() throws -> SourceSentence?
}

/// A sentence a line. An empty line is a sentence without words.
struct TextSentences: SentenceSource {
  func read(_ line: String) -> SourceSentence? {
    let words = Tokenizer.words.tokens(of: line)
    return SourceSentence(words: words) { labels in
      var text = ""
      for (word, label) in zip(words, labels) { text += "\(word)\t\(label)\n" }
      return text + "\n"
    }
  }

  func finish() -> SourceSentence? { nil }
}

/// A word a line, perhaps with more columns; the label becomes the last one.
struct ColumnSentences: SentenceSource {
  private var reader: ColumnReader

  init(name: String) { reader = ColumnReader(name: name, needsLabels: false) }

  mutating func read(_ line: String) throws -> SourceSentence? {
    try reader.read(Substring(line)).map(Self.source)
  }

  mutating func finish() -> SourceSentence? { reader.finish().map(Self.source) }

  private static func source(_ sentence: ColumnSentence) -> SourceSentence {
    SourceSentence(words: sentence.rows.map(\.word)) { labels in
      var text = ""
      for (row, label) in zip(sentence.rows, labels) {
        // A lone word has no separator of its own.
        let separator = row.isTabbed || row.label == nil ? "\t" : " "
        text += "\(row.text)\(separator)\(label)\n"
      }
      return text + "\n"
    }
  }
}

/// CoNLL-U; one of its columns is filled in, and everything else stays as it is.
struct CoNLLUSentences: SentenceSource {
  private var reader: CoNLLUReader
  private let column: LabelColumn

  init(name: String, column: LabelColumn) {
    reader = CoNLLUReader(name: name)
    self.column = column
  }

  mutating func read(_ line: String) throws -> SourceSentence? {
    try reader.read(Substring(line)).map(source)
  }

  mutating func finish() throws -> SourceSentence? { try reader.finish().map(source) }

  private func source(_ sentence: CoNLLUSentence) -> SourceSentence {
    SourceSentence(words: sentence.words.map(\.form)) { labels in
      var sentence = sentence
      for (index, label) in labels.enumerated() { sentence.words[index][column] = label }
      return sentence.text
    }
  }
}
