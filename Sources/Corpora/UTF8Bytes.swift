// What reads whole corpora goes by the bytes of UTF-8, and tells tokens apart by them.

/// Bytes of the scalar that starts with `lead`.
@inline(__always)
func scalarLength(_ lead: UInt8) -> Int {
  lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
}

/// The scalar that begins at `index` of `text`, which is UTF-8.
@inline(__always)
func scalar(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Unicode.Scalar {
  let length = scalarLength(text[index])
  var code = UInt32(text[index])
  if length > 1 { code &= 0xFF >> UInt32(length + 1) }
  for offset in 1..<max(1, length) { code = code << 6 | UInt32(text[index + offset] & 0x3F) }
  return Unicode.Scalar(code) ?? "\u{FFFD}"
}

/// Calls `body` with the bytes of each scalar of `text`, which is UTF-8.
@inline(__always)
func scanScalars(
  _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
) {
  var index = 0
  while index < text.count {
    let length = scalarLength(text[index])
    body(UnsafeBufferPointer(rebasing: text[index..<index + length]))
    index += length
  }
}

/// Bytes of the white space at `index`, or 0 if there is none. Called at continuation bytes too,
/// where it finds none: every white space starts with another byte.
@inline(__always)
func whiteSpaceLength(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
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
