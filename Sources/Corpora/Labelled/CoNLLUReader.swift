/// Reads CoNLL-U line by line, so that sentences can be had as they arrive.
///
/// ```swift
/// var reader = CoNLLUReader(name: path)
/// for line in lines {
///   if let sentence = try reader.read(line) { … }
/// }
/// if let sentence = try reader.finish() { … }
/// ```
/// What the format asks for is checked: ten columns, none of them empty, no spaces but in FORM, LEMMA and
/// MISC, words numbered from 1, ranges and empty nodes in their places, heads that exist. That the heads
/// make a tree is not: a sentence may have none.
public struct CoNLLUReader {
  /// What errors call the file.
  private let name: String
  private var lineNumber = 0
  private var sentence = CoNLLUSentence(comments: [], words: [], interludes: [])
  /// The last range, until its last word has come.
  private var openRange: (last: Int, line: Int)?
  /// The last M of an empty node N.M behind the present word.
  private var emptyNodes = 0

  /// A reader at the beginning of what an error is to call `name`.
  public init(name: String) { self.name = name }

  /// Takes the next line, without its end. Gives the sentence that an empty line has completed.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)``.
  public mutating func read(
    _ line: Substring
  ) throws(CorpusError) -> CoNLLUSentence? {
    lineNumber += 1
    if line.isEmpty { return try complete() }
    if line.utf8.first == UInt8(ascii: "#") {
      guard sentence.words.isEmpty, sentence.interludes.isEmpty else {
        throw fault("a comment within a sentence, expected it before the first word")
      }
      sentence.comments.append(String(line))
      return nil
    }
    let columns = line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    try check(columns)
    try add(columns, line: String(line))
    return nil
  }

  /// The sentence that the end of the file has completed, if there is one.
  ///
  /// Throws ``CorpusError/malformed(path:line:detail:)``.
  public mutating func finish() throws(CorpusError) -> CoNLLUSentence? {
    lineNumber += 1
    return try complete()
  }

  private func fault(_ detail: String, line: Int? = nil) -> CorpusError {
    .malformed(path: name, line: line ?? lineNumber, detail: detail)
  }

  private func fault(
    _ column: CoNLLUColumn, _ detail: String, line: Int? = nil
  ) -> CorpusError {
    fault("column \(column.rawValue) (\(column.title)) \(detail)", line: line)
  }

  private func check(_ columns: [String]) throws(CorpusError) {
    let expected = CoNLLUColumn.allCases.count
    guard columns.count == expected else {
      let found = columns.count == 1 ? "1 column" : "\(columns.count) columns"
      let missing = CoNLLUColumn(rawValue: columns.count + 1).map { ": \($0.title) is missing" }
      throw fault("\(found), expected \(expected) with tabs between them\(missing ?? "")")
    }
    for column in CoNLLUColumn.allCases {
      let value = columns[column.rawValue - 1]
      guard !value.isEmpty else { throw fault(column, "is empty, expected a value or \"_\"") }
      switch column {
      case .form, .lemma, .misc: continue
      default:
        guard !value.utf8.contains(UInt8(ascii: " ")) else {
          throw fault(column, "is \(quoted(value)), expected no spaces")
        }
      }
    }
  }

  private mutating func add(_ columns: [String], line: String) throws(CorpusError) {
    let id = columns[0]
    let next = sentence.words.count + 1
    func wrong(_ expected: String) -> CorpusError {
      fault(.id, "is \(quoted(id)), expected \(expected)")
    }
    if let (first, last) = pair(id, separator: "-") {
      guard first == next, last >= first else { throw wrong("a range from \(next) on") }
      guard openRange == nil else { throw wrong("no range within another") }
      openRange = (last, lineNumber)
    } else if let (word, node) = pair(id, separator: ".") {
      guard word == next - 1, node == emptyNodes + 1 else {
        throw wrong("\(next) or \(next - 1).\(emptyNodes + 1)")
      }
      emptyNodes = node
    } else {
      guard number(id) == next else { throw wrong("\(next)") }
      sentence.words.append(try word(columns))
      emptyNodes = 0
      if let range = openRange, range.last == next { openRange = nil }
      return
    }
    sentence.interludes.append(.init(wordsBefore: next - 1, text: line))
  }

  private func word(_ columns: [String]) throws(CorpusError) -> CoNLLUWord {
    let head = number(columns[6])
    guard head != nil || columns[6] == "_" else {
      throw fault(.head, "is \(quoted(columns[6])), expected a word's number, 0 or \"_\"")
    }
    return CoNLLUWord(
      form: columns[1], lemma: columns[2], upos: columns[3], xpos: columns[4], feats: columns[5],
      head: head, deprel: columns[7], deps: columns[8], misc: columns[9], line: lineNumber)
  }

  private mutating func complete() throws(CorpusError) -> CoNLLUSentence? {
    defer {
      sentence = CoNLLUSentence(comments: [], words: [], interludes: [])
      openRange = nil
      emptyNodes = 0
    }
    let count = sentence.words.count
    guard count > 0 else {
      guard sentence.comments.isEmpty, sentence.interludes.isEmpty else {
        throw fault("the sentence ends without a word, expected at least one")
      }
      return nil
    }
    if let (last, line) = openRange {
      throw fault(
        .id, "begins a range up to \(last), but the last word of the sentence is \(count)",
        line: line)
    }
    for (index, word) in sentence.words.enumerated() {
      guard let head = word.head else { continue }
      guard head <= count else {
        throw fault(.head, "is \(head), but the sentence has \(count) words", line: word.line)
      }
      guard head != index + 1 else {
        throw fault(.head, "is \(head), the word itself", line: word.line)
      }
    }
    return sentence
  }
}

/// The whole number that `text` spells with digits alone.
private func number(_ text: some StringProtocol) -> Int? {
  guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return Int(text)
}

/// The two numbers that `separator` stands between.
private func pair(_ text: String, separator: Character) -> (Int, Int)? {
  let parts = text.split(separator: separator, omittingEmptySubsequences: false)
  guard parts.count == 2, let first = number(parts[0]), let second = number(parts[1]) else {
    return nil
  }
  return (first, second)
}

/// `text` in quotes, for a message: without control characters, and not longer than a line bears.
func quoted(_ text: some StringProtocol) -> String {
  let shown = text.unicodeScalars.prefix(41)
  guard shown.count > 40 else { return String(text).debugDescription }
  var cut = ""
  cut.unicodeScalars.append(contentsOf: shown.prefix(40))
  return (cut + "…").debugDescription
}
