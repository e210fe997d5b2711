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

/// Bytes of the scalar that starts with `lead`.
@inline(__always)
func scalarLength(_ lead: UInt8) -> Int {
  lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
}

/// Bytes of the white space at `index`, or 0 if there is none. Called at continuation bytes too,
/// where it finds none: every white space starts with another byte.
@inline(__always)
private func whiteSpaceLength(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
  switch text[index] {
  case 0x09...0x0D, 0x1C...0x20: return 1
  case 0xC2:  // U+0085 next line, U+00A0 no-break space
    return text[index + 1] == 0x85 || text[index + 1] == 0xA0 ? 2 : 0
  case 0xE1:  // U+1680 ogham space mark
    return text[index + 1] == 0x9A && text[index + 2] == 0x80 ? 3 : 0
  case 0xE2:
    switch (text[index + 1], text[index + 2]) {
    // U+2000 to U+200A, U+2028 and U+2029 line and paragraph separator, U+202F; U+205F
    case (0x80, 0x80...0x8A), (0x80, 0xA8), (0x80, 0xA9), (0x80, 0xAF), (0x81, 0x9F): return 3
    default: return 0
    }
  case 0xE3:  // U+3000 ideographic space
    return text[index + 1] == 0x80 && text[index + 2] == 0x80 ? 3 : 0
  default: return 0
  }
}

extension String {
  /// Calls `body` with the UTF-8 bytes, copied only if they do not lie in one piece already.
  func withUTF8Bytes<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(CorpusError) -> Result
  ) throws(CorpusError) -> Result {
    var copy = self
    copy.makeContiguousUTF8()
    do {
      return try copy.withUTF8(body)
    } catch let error as CorpusError {
      throw error
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
