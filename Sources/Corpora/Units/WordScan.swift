/// Cuts marked text into words, numbers, and punctuation marks and symbols one by one.
///
/// The rule is the same for all languages:
///
/// - letters stay together, and so do digits and other numbers, but not one with the other;
/// - an apostrophe between two letters ends a word, so that French elisions become words of their own and
///   what follows them is spelled as everywhere else: l' eau, aujourd' hui, don' t, Tom' s;
/// - combining marks and the joiners U+200C and U+200D belong to what is before them;
/// - all else stands by itself.
///
/// Scripts that do not put spaces between words are cut at punctuation alone.
enum WordScan {
  private enum Class {
    case space, letter, number, mark, apostrophe, symbol
  }

  /// Calls `body` with each unit of `marked`, marks of white space in front of what follows them.
  @inline(__always)
  static func scan(
    _ marked: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var (start, index) = (0, 0)
    // What the unit so far can be continued by; a space by anything but a space.
    var last = Class.space
    while index < marked.count {
      let length = scalarLength(marked[index])
      let current = kind(marked, at: index)
      let staysTogether =
        switch current {
        case .space: false
        case .mark: true
        case .letter, .number: last == current || last == .space
        case .apostrophe: last == .space || last == .letter && isLetter(marked, at: index + length)
        case .symbol: last == .space
        }
      if !staysTogether, start < index {
        body(UnsafeBufferPointer(rebasing: marked[start..<index]))
        start = index
      }
      if current != .mark || last == .space { last = current }
      index += length
    }
    if start < index { body(UnsafeBufferPointer(rebasing: marked[start..<index])) }
  }

  @inline(__always)
  private static func isLetter(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    index < text.count && kind(text, at: index) == .letter
  }

  @inline(__always)
  private static func kind(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Class {
    switch text[index] {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: "'"): .apostrophe
    case 0..<0x80: .symbol
    default: kind(scalar(text, at: index))
    }
  }

  private static func kind(_ scalar: Unicode.Scalar) -> Class {
    switch scalar {
    case Segmenter.spaceMark: .space
    case "\u{2019}": .apostrophe
    case "\u{200C}", "\u{200D}": .mark
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        .letter
      case .decimalNumber, .letterNumber, .otherNumber: .number
      case .nonspacingMark, .spacingMark, .enclosingMark: .mark
      default: .symbol
      }
    }
  }
}
