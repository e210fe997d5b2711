import Foundation

/// Strict reading of text.
///
/// Text is UTF-8; a byte-order mark at the start is dropped and CR LF becomes LF. Anything that is
/// not UTF-8 is an error with its place: a replacement character in a corpus is a token that nobody
/// wrote.
public enum TextFile {
  /// The text of the file at `path`.
  public static func read(_ path: String) throws(CorpusError) -> String {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw .unreadable(path: path, reason: "no such file")
    }
    guard !isDirectory.boolValue else {
      throw .unreadable(path: path, reason: "it is a directory, expected a file")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let reason =
        FileManager.default.isReadableFile(atPath: path)
        ? "reading failed" : "permission denied"
      throw .unreadable(path: path, reason: reason)
    }
    return try decode(data, name: path)
  }

  /// The text in `bytes`, read from what an error is to call `name` (a path, or "standard input").
  public static func decode(_ bytes: some Sequence<UInt8>, name: String) throws(CorpusError)
    -> String
  {
    var text = ContiguousArray(bytes)
    if let place = text.withUnsafeBufferPointer(firstInvalidUTF8) {
      let line = 1 + text[..<place].count { $0 == UInt8(ascii: "\n") }
      throw .notUTF8(path: name, line: line, offset: place)
    }
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
    dropCarriageReturns(&text)
    guard !text.isEmpty else { throw .empty(path: name) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Removes every CR that stands before an LF.
  private static func dropCarriageReturns(_ text: inout ContiguousArray<UInt8>) {
    let count = text.withUnsafeMutableBufferPointer { text in
      var kept = 0
      for index in text.indices {
        let isLineEnd =
          text[index] == UInt8(ascii: "\r") && index + 1 < text.count
          && text[index + 1] == UInt8(ascii: "\n")
        guard !isLineEnd else { continue }
        text[kept] = text[index]
        kept += 1
      }
      return kept
    }
    text.removeLast(text.count - count)
  }
}

/// The offset of the first byte at which `bytes` stops being UTF-8, or nil if all of it is:
/// continuation bytes without a lead, overlong forms, surrogates, values above U+10FFFF and
/// sequences cut short are not (RFC 3629). The offset is that of the sequence's lead byte.
func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
  var index = 0
  while index < bytes.count {
    let lead = bytes[index]
    if lead < 0x80 {
      index += 1
      continue
    }
    let length: Int
    // The range of the second byte excludes overlong forms, surrogates and what lies above
    // U+10FFFF.
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    case 0xF1...0xF3: length = 4
    default: return index
    }
    guard index + length <= bytes.count, second ~= bytes[index + 1] else { return index }
    for offset in stride(from: 2, to: length, by: 1) where bytes[index + offset] & 0xC0 != 0x80 {
      return index
    }
    index += length
  }
  return nil
}
