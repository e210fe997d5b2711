/// A text with its white space written as a mark, so that it can be cut anywhere and joined again.
///
/// The mark is ``Segmenter/spaceMark``: one for any amount of white space between two words, none at the
/// end. A mark that the text holds itself becomes U+FDD0, a code point that Unicode keeps free for use within
/// programs, and the mark again at the end. So only a text that holds U+FDD0 comes back changed.
enum MarkedText {
  /// "▁", U+2581
  static let mark: [UInt8] = [0xE2, 0x96, 0x81]
  /// U+FDD0
  private static let literalMark: [UInt8] = [0xEF, 0xB7, 0x90]

  /// `text` with its white space marked, and a mark in front of its first word if `marksFirst`.
  static func bytes(of text: String, marksFirst: Bool) -> [UInt8] {
    var marked: [UInt8] = []
    // The scan throws only what its closures throw.
    try! text.withUTF8Bytes { (bytes) throws(CorpusError) in
      marked.reserveCapacity(bytes.count + bytes.count / 2 + mark.count)
      try Tokenizer.words.scan(bytes) { (range) throws(CorpusError) in
        if marksFirst || !marked.isEmpty { marked += mark }
        append(UnsafeBufferPointer(rebasing: bytes[range]), to: &marked)
      } lineEnd: { (_) throws(CorpusError) in
      }
    }
    return marked
  }

  private static func append(_ word: UnsafeBufferPointer<UInt8>, to marked: inout [UInt8]) {
    guard word.contains(mark[0]) else { return marked.append(contentsOf: word) }
    var index = 0
    while index < word.count {
      if word[index...].starts(with: mark) {
        marked += literalMark
        index += mark.count
      } else {
        marked.append(word[index])
        index += 1
      }
    }
  }

  /// The text that `marked` stands for. Marks at its ends give nothing and several in a row one space, as a
  /// model may write them.
  static func text(of marked: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(marked.count)
    var rest = marked[...]
    var isAfterSpace = false
    while let byte = rest.first {
      if rest.starts(with: mark) {
        isAfterSpace = !text.isEmpty
        rest = rest.dropFirst(mark.count)
        continue
      }
      if isAfterSpace { text.append(UInt8(ascii: " ")) }
      isAfterSpace = false
      if rest.starts(with: literalMark) {
        text += mark
        rest = rest.dropFirst(literalMark.count)
      } else {
        text.append(byte)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
