/// What a token is.
public enum Tokenizer: String, Sendable, Codable, CaseIterable {
  /// Everything between white space: that of Unicode and the ASCII separators U+001C to U+001F, as
  /// in Python's `str.split()`. Every line ends with `</s>`, an empty one too, as Penn Treebank
  /// results are counted; a last line without a line feed also gets it.
  case words = "word"
  /// Every Unicode scalar. A line feed is one as well, except where each line is a sentence of its
  /// own.
  case characters = "character"
}

/// Whether a text is one sequence or a sequence of sentences.
public enum TextUnit: String, Sendable, Codable, CaseIterable {
  /// The whole text is one sequence of tokens.
  case stream
  /// Each line is a sequence of its own, from `<s>` to `</s>`.
  case sentence
}

extension Tokenizer {
  /// Calls `token` with the range of each token in `text`, which is UTF-8, and `lineEnd` after each
  /// line: with true for a line feed, with false at the end of a text that does not end with one.
  @inline(__always)
  func scan(
    _ text: UnsafeBufferPointer<UInt8>, token: (Range<Int>) throws(CorpusError) -> Void,
    lineEnd: (_ isLineFeed: Bool) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    var start = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\n") {
        if start < index { try token(start..<index) }
        try lineEnd(true)
        index += 1
        start = index
        continue
      }
      switch self {
      case .characters:
        index += scalarLength(byte)
        try token(start..<index)
        start = index
      case .words:
        let space = whiteSpaceLength(text, at: index)
        if space > 0 {
          if start < index { try token(start..<index) }
          index += space
          start = index
        } else {
          index += 1
        }
      }
    }
    if start < index { try token(start..<index) }
    if let last = text.last, last != UInt8(ascii: "\n") { try lineEnd(false) }
  }
}
