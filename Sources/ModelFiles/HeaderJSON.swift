/// The JSON of a safetensors header.
///
/// A parser of our own, because a header decides which bytes are trusted: it keeps the order of
/// keys, refuses a name that occurs twice (general decoders silently keep one), keeps integers
/// exact, and bounds the nesting, so that a header of a million brackets is an error and not a
/// stack overflow.
enum HeaderJSON: Equatable {
  case object([Member])
  case array([HeaderJSON])
  case string(String)
  case integer(Int)
  /// A fraction, a boolean or null: valid JSON that no header field holds.
  case other

  struct Member: Equatable {
    let name: String
    let value: HeaderJSON
  }

  /// What is wrong, and at which byte of the header.
  struct Failure: Error {
    let detail: String
    let offset: Int
  }

  /// A header nests three deep; a little room is left for keys we do not know.
  static let deepestNesting = 16

  /// Arrays hold the sizes of a shape or two offsets; a header of millions of numbers would take
  /// gigabytes parsed.
  static let longestArray = 1024

  /// Parses `bytes`, which must be valid UTF-8 and hold one JSON value with nothing but white space
  /// around it.
  init(parsing bytes: UnsafeRawBufferPointer) throws(Failure) {
    var parser = HeaderJSONParser(bytes: bytes)
    self = try parser.wholeValue()
  }
}

private struct HeaderJSONParser {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func failure(_ detail: String) -> HeaderJSON.Failure {
    .init(detail: detail, offset: position)
  }

  private mutating func skipWhiteSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(HeaderJSON.Failure) {
    guard next == UInt8(ascii: character) else { throw failure("expected '\(character)'") }
    position += 1
  }

  /// Whether `character` comes next; if so it is taken.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func wholeValue() throws(HeaderJSON.Failure) -> HeaderJSON {
    skipWhiteSpace()
    let result = try value(depth: 0)
    skipWhiteSpace()
    guard next == nil else { throw failure("unexpected text after the end of the JSON") }
    return result
  }

  private mutating func value(depth: Int) throws(HeaderJSON.Failure) -> HeaderJSON {
    guard depth <= HeaderJSON.deepestNesting else {
      throw failure("nested more than \(HeaderJSON.deepestNesting) deep")
    }
    switch next {
    case UInt8(ascii: "{"): return .object(try members(depth: depth))
    case UInt8(ascii: "["): return .array(try elements(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true")
    case UInt8(ascii: "f"): return try word("false")
    case UInt8(ascii: "n"): return try word("null")
    case nil: throw failure("the JSON ends too early")
    case .some(let byte) where byte == UInt8(ascii: "-") || decimalDigit(byte) != nil:
      return try number()
    default: throw failure("expected a JSON value")
    }
  }

  private mutating func members(depth: Int) throws(HeaderJSON.Failure) -> [HeaderJSON.Member] {
    var members: [HeaderJSON.Member] = []
    var names: Set<String> = []
    try expect("{")
    skipWhiteSpace()
    if take("}") { return members }
    repeat {
      skipWhiteSpace()
      let start = position
      let name = try string()
      guard names.insert(name).inserted else {
        throw .init(detail: "the name \"\(name)\" occurs twice", offset: start)
      }
      skipWhiteSpace()
      try expect(":")
      skipWhiteSpace()
      members.append(.init(name: name, value: try value(depth: depth + 1)))
      skipWhiteSpace()
    } while take(",")
    try expect("}")
    return members
  }

  private mutating func elements(depth: Int) throws(HeaderJSON.Failure) -> [HeaderJSON] {
    var elements: [HeaderJSON] = []
    try expect("[")
    skipWhiteSpace()
    if take("]") { return elements }
    repeat {
      skipWhiteSpace()
      guard elements.count < HeaderJSON.longestArray else {
        throw failure("an array of more than \(HeaderJSON.longestArray) elements")
      }
      elements.append(try value(depth: depth + 1))
      skipWhiteSpace()
    } while take(",")
    try expect("]")
    return elements
  }

  private mutating func word(_ word: StaticString) throws(HeaderJSON.Failure) -> HeaderJSON {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[position..<end].elementsEqual(
        UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    else { throw failure("expected a JSON value") }
    position = end
    return .other
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private mutating func number() throws(HeaderJSON.Failure) -> HeaderJSON {
    let start = position
    let isNegative = take("-")
    var magnitude = 0
    var overflows = false
    let firstDigit = position
    while let byte = next, let digit = decimalDigit(byte) {
      let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(digit)
      overflows = overflows || overflow || carry
      magnitude = sum
      position += 1
    }
    let digits = position - firstDigit
    guard digits > 0 else { throw failure("expected a digit") }
    guard digits == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
      throw .init(detail: "a number starts with 0", offset: start)
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      try skipDigits()
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      try skipDigits()
    }
    guard isInteger else { return .other }
    guard !overflows else { throw .init(detail: "a number is too large", offset: start) }
    return .integer(isNegative ? -magnitude : magnitude)
  }

  private mutating func skipDigits() throws(HeaderJSON.Failure) {
    let start = position
    while let byte = next, decimalDigit(byte) != nil { position += 1 }
    guard position > start else { throw failure("expected a digit") }
  }

  private func decimalDigit(_ byte: UInt8) -> Int? {
    let digit = Int(byte) - 0x30
    return 0...9 ~= digit ? digit : nil
  }

  private mutating func string() throws(HeaderJSON.Failure) -> String {
    let start = position
    try expect("\"")
    var result: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &result)
      case 0..<0x20: throw .init(detail: "a control character in a string", offset: position - 1)
      default: result.append(byte)
      }
    }
    throw .init(detail: "a string that does not end", offset: start)
  }

  private mutating func escape(into result: inout [UInt8]) throws(HeaderJSON.Failure) {
    guard let byte = next else { throw failure("the JSON ends too early") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if 0xD800..<0xDC00 ~= code, take("\\") {
        try expect("u")
        let low = try hexadecimal()
        guard 0xDC00..<0xE000 ~= low else { throw failure("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
      result.append(contentsOf: UTF8.encode(scalar)!)
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(HeaderJSON.Failure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
