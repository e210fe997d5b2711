extension Tokenizer {
  /// The ids of `text` as one sequence: words with `</s>` after each line, or characters with their
  /// line feeds.
  ///
  /// With `closingLastLine` false, a last line of words without a line feed gets no `</s>`: what
  /// follows is still to be predicted, as after a prompt. Throws
  /// ``CorpusError/unknownToken(token:line:)`` only where the vocabulary has no unknown token.
  public func encode(
    _ text: String, with vocabulary: Vocabulary, closingLastLine: Bool = true
  ) throws(CorpusError) -> [Int32] {
    try encode(text, vocabulary, closingLastLine: closingLastLine) {
      (token, line) throws(CorpusError) in try id(token, vocabulary, line: line)
    }
  }

  /// The numbers of the words of `text` in `lexicon`, to which new ones are added; else as
  /// ``encode(_:with:closingLastLine:)-(_,Vocabulary,_)``.
  public func encode(
    _ text: String, with lexicon: inout Lexicon, closingLastLine: Bool = true
  ) throws(CorpusError) -> [Int32] {
    try encode(text, lexicon.vocabulary, closingLastLine: closingLastLine) { (token, _) in
      lexicon.insert(UnsafeBufferPointer(rebasing: token))
    }
  }

  @inline(__always)
  private func encode(
    _ text: String, _ vocabulary: Vocabulary, closingLastLine: Bool,
    id: (Slice<UnsafeBufferPointer<UInt8>>, _ line: Int) throws(CorpusError) -> Int32
  ) throws(CorpusError) -> [Int32] {
    var ids: [Int32] = []
    let lineEnd = try lineEndID(vocabulary)
    try text.withUTF8Bytes { (bytes) throws(CorpusError) in
      ids.reserveCapacity(self == .words ? bytes.count / 5 : bytes.count)
      var line = 1
      try scan(bytes) { (range) throws(CorpusError) in
        ids.append(try id(bytes[range], line))
      } lineEnd: { (isLineFeed) throws(CorpusError) in
        if isLineFeed || self == .words && closingLastLine {
          guard let lineEnd else { throw .unknownToken(token: "\n", line: line) }
          ids.append(lineEnd)
        }
        line += 1
      }
    }
    return ids
  }

  /// The ids of each line of `text` by itself, without `<s>` and `</s>`. An empty line is an empty
  /// sentence, so that sentence `i` is always line `i`.
  public func encodeLines(
    _ text: String, with vocabulary: Vocabulary
  ) throws(CorpusError) -> [[Int32]] {
    try encodeLines(text) { (token, line) throws(CorpusError) in
      try id(token, vocabulary, line: line)
    }
  }

  /// The numbers of the words of each line of `text` in `lexicon`, to which new ones are added.
  public func encodeLines(
    _ text: String, with lexicon: inout Lexicon
  ) throws(CorpusError) -> [[Int32]] {
    try encodeLines(text) { (token, _) in lexicon.insert(UnsafeBufferPointer(rebasing: token)) }
  }

  @inline(__always)
  private func encodeLines(
    _ text: String,
    id: (Slice<UnsafeBufferPointer<UInt8>>, _ line: Int) throws(CorpusError) -> Int32
  ) throws(CorpusError) -> [[Int32]] {
    var sentences: [[Int32]] = []
    try text.withUTF8Bytes { (bytes) throws(CorpusError) in
      var sentence: [Int32] = []
      try scan(bytes) { (range) throws(CorpusError) in
        sentence.append(try id(bytes[range], sentences.count + 1))
      } lineEnd: { (_) throws(CorpusError) in
        sentences.append(sentence)
        sentence.removeAll(keepingCapacity: true)
      }
    }
    return sentences
  }

  /// The token from which the first token of a stream is predicted: `</s>` of words, the line feed
  /// of characters, as if a line had just ended; nil if the vocabulary has none.
  public func streamStart(_ vocabulary: Vocabulary) -> Int32? {
    self == .words ? vocabulary.end : vocabulary.id(of: "\n")
  }

  /// The text of `ids`; see ``TextDecoder``.
  public func decode(_ ids: some Sequence<Int32>, with vocabulary: Vocabulary) -> String {
    var decoder = TextDecoder(tokenizer: self, vocabulary: vocabulary)
    return ids.reduce(into: "") { $0 += decoder.text(of: $1) }
  }

  /// The id that stands for a line feed, if there is one.
  private func lineEndID(_ vocabulary: Vocabulary) throws(CorpusError) -> Int32? {
    guard self == .words else { return vocabulary.id(of: "\n") }
    guard let end = vocabulary.end else {
      throw .invalidVocabulary(detail: "it has no \(Vocabulary.Role.end.token) to end lines with")
    }
    return end
  }

  @inline(__always)
  private func id(
    _ token: Slice<UnsafeBufferPointer<UInt8>>, _ vocabulary: Vocabulary, line: Int
  ) throws(CorpusError) -> Int32 {
    if let id = vocabulary.id(of: UnsafeBufferPointer(rebasing: token)) { return id }
    throw .unknownToken(token: String(decoding: token, as: UTF8.self), line: line)
  }
}

/// Turns ids into text one by one, as they are sampled.
///
/// Words are joined by spaces and `</s>` becomes a line feed, without spaces beside it; `<s>` gives
/// nothing. Of characters the unknown one becomes U+FFFD.
public struct TextDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let vocabulary: Vocabulary
  private var needsSpace: Bool

  /// A decoder at the start of a line, or, with `afterWord`, behind a word that was already
  /// printed.
  public init(tokenizer: Tokenizer, vocabulary: Vocabulary, afterWord: Bool = false) {
    self.tokenizer = tokenizer
    self.vocabulary = vocabulary
    needsSpace = afterWord && tokenizer == .words
  }

  /// The text to append for the next id.
  public mutating func text(of id: Int32) -> String {
    if id == vocabulary.start { return "" }
    if id == vocabulary.end {
      needsSpace = false
      return "\n"
    }
    switch tokenizer {
    case .characters:
      return id == vocabulary.unknown ? "\u{FFFD}" : vocabulary.token(id)
    case .words:
      defer { needsSpace = true }
      return needsSpace ? " " + vocabulary.token(id) : vocabulary.token(id)
    }
  }
}

extension Tokenizer {
  /// The tokens of `line` as they are written, without anything for the line's end.
  public func tokens(of line: String) -> [String] {
    var tokens: [String] = []
    // The scan throws only what its closures throw.
    try! line.withUTF8Bytes { (bytes) throws(CorpusError) in
      try scan(bytes) { (range) throws(CorpusError) in
        tokens.append(String(decoding: bytes[range], as: UTF8.self))
      } lineEnd: { (_) throws(CorpusError) in
      }
    }
    return tokens
  }
}
