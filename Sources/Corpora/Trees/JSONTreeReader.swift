/// Reads JSON values as trees, one example a line.
///
/// ```
/// {"label": "ok", "value": {"a": [1, "two words"], "b": null}}
/// ```
/// becomes a tree with the label `ok` at its root, whose nodes have these tokens:
///
/// ```
/// {}            an object; its children are its keys
///   a:          a key; its child is the value
///     []        an array; its children are its elements
///       #       a number; its children are its characters
///         1
///       ""      a string; its children are its words
///         two
///         words
///   b:
///     null      null, true and false are leaves
/// ```
/// So numbers and strings that were never seen are made of parts that were. The label is a string, a number,
/// true or false; it may be missing.
public enum JSONTreeReader {
  /// The trees of `text`, whose lines are JSON objects with a `value` and perhaps a `label`; empty lines do
  /// not count.
  ///
  /// - Throws: ``TreeError`` with line and column for what is not JSON or no such object.
  public static func read(_ text: String, name: String) throws(TreeError) -> TreeBank {
    var trees: [Tree] = []
    var lines: [Int] = []
    for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
      .enumerated()
    where line.contains(where: { !isSpace($0) }) {
      let place = TextPlace(line: index + 1, column: 1)
      var parser = JSONTreeParser(Array(line), name: name, start: place)
      trees.append(try example(of: try parser.parse(), place, name))
      lines.append(index + 1)
    }
    return TreeBank(name: name, trees: trees, lines: lines)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    [0x20, 0x09, 0x0D].contains(byte)
  }

  /// The value of the member `value`, with that of `label` for a label.
  private static func example(
    of parsed: JSONTreeParser.Result, _ place: TextPlace, _ name: String
  ) throws(TreeError) -> Tree {
    guard parsed.builder.tokens[0] == "{}" else {
      throw place.error(
        "a value that is no object, expected {\"label\": …, \"value\": …}", in: name)
    }
    guard let member = parsed.member("value") else {
      throw place.error(
        "an object without \"value\", expected {\"label\": …, \"value\": …}", in: name)
    }
    var builder = parsed.builder
    // null is no label, as if there were no such member.
    if let label = parsed.member("label"), parsed.builder.tokens[label.lowerBound] != "null" {
      guard let scalar = parsed.scalars[label.lowerBound] else {
        throw place.error(
          "a \"label\" that is neither a string nor a number nor true or false", in: name)
      }
      builder.setLabel(scalar, of: member.lowerBound)
    }
    return builder.tree(member)
  }
}

/// A parser of one JSON value (RFC 8259) without recursion: however deep a value is, it needs no stack but
/// its own.
struct JSONTreeParser {
  /// A value as nodes in preorder.
  struct Result {
    var builder = TreeBuilder()
    /// What stands at nodes that are strings, numbers, true or false.
    var scalars: [Int: String] = [:]

    /// The nodes of the value of a key of the outermost object, the last one if there are several.
    func member(_ key: String) -> Range<Int>? {
      let keys = (1..<builder.count).filter { builder.parents[$0] == 0 }
      guard let place = keys.lastIndex(where: { builder.tokens[$0] == key + ":" }) else {
        return nil
      }
      let end = place + 1 < keys.count ? keys[place + 1] : builder.count
      return keys[place] + 1..<end
    }
  }

  /// What the parser is inside of.
  private enum Container {
    case array(Int)
    /// With the key whose value is being read.
    case object(Int, key: Int)
  }

  private let bytes: [UInt8]
  private let name: String
  private var at = 0
  private var place: TextPlace
  private var result = Result()
  private var stack: [Container] = []

  init(_ bytes: [UInt8], name: String, start: TextPlace) {
    self.bytes = bytes
    self.name = name
    place = start
  }

  /// The one value of the text.
  mutating func parse() throws(TreeError) -> Result {
    repeat {
      // A value, which opens containers; then whatever closes after it.
      try readValue()
      try readEnds()
    } while !stack.isEmpty
    skipSpace()
    guard at == bytes.count else { throw unexpected("the end of the line") }
    return result
  }

  private var parent: Int {
    switch stack.last {
    case nil: -1
    case .array(let node): node
    case .object(_, let key): key
    }
  }

  private mutating func readValue() throws(TreeError) {
    while true {
      skipSpace()
      switch peek {
      case UInt8(ascii: "{"):
        advance()
        let node = result.builder.add(below: parent, token: "{}")
        skipSpace()
        guard peek != UInt8(ascii: "}") else { return advance() }
        stack.append(.object(node, key: try readKey(below: node)))
      case UInt8(ascii: "["):
        advance()
        let node = result.builder.add(below: parent, token: "[]")
        skipSpace()
        guard peek != UInt8(ascii: "]") else { return advance() }
        stack.append(.array(node))
      case UInt8(ascii: "\""):
        let text = try readString()
        let node = result.builder.add(below: parent, token: "\"\"")
        result.scalars[node] = text
        for word in text.split(whereSeparator: \.isWhitespace) {
          result.builder.add(below: node, token: String(word))
        }
        return
      case let byte? where byte == UInt8(ascii: "-") || isDigit(byte):
        let text = try readNumber()
        let node = result.builder.add(below: parent, token: "#")
        result.scalars[node] = text
        for character in text { result.builder.add(below: node, token: String(character)) }
        return
      default:
        return try readName()
      }
    }
  }

  /// After a value: commas, further keys, and brackets that close.
  private mutating func readEnds() throws(TreeError) {
    while let container = stack.last {
      skipSpace()
      switch (container, peek) {
      case (.array, UInt8(ascii: ",")):
        return advance()
      case (.object(let node, _), UInt8(ascii: ",")):
        advance()
        skipSpace()
        stack[stack.count - 1] = .object(node, key: try readKey(below: node))
        return
      case (.array, UInt8(ascii: "]")), (.object, UInt8(ascii: "}")):
        advance()
        stack.removeLast()
      case (.array, _): throw unexpected("\",\" or \"]\"")
      case (.object, _): throw unexpected("\",\" or \"}\"")
      }
    }
  }

  private mutating func readKey(below object: Int) throws(TreeError) -> Int {
    guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
    let key = try readString()
    skipSpace()
    guard peek == UInt8(ascii: ":") else { throw unexpected("\":\"") }
    advance()
    return result.builder.add(below: object, token: key + ":")
  }

  private mutating func readName() throws(TreeError) {
    for (name, isLabel) in [("true", true), ("false", true), ("null", false)]
    where bytes[at...].starts(with: name.utf8) {
      for _ in name.utf8 { advance() }
      let node = result.builder.add(below: parent, token: name)
      if isLabel { result.scalars[node] = name }
      return
    }
    throw unexpected("a value")
  }

  private mutating func readNumber() throws(TreeError) -> String {
    let start = at
    if peek == UInt8(ascii: "-") { advance() }
    guard isDigit(peek) else { throw unexpected("a digit") }
    let isZero = peek == UInt8(ascii: "0")
    advance()
    if !isZero { while isDigit(peek) { advance() } }
    if peek == UInt8(ascii: ".") {
      advance()
      guard isDigit(peek) else { throw unexpected("a digit") }
      while isDigit(peek) { advance() }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      advance()
      if peek == UInt8(ascii: "-") || peek == UInt8(ascii: "+") { advance() }
      guard isDigit(peek) else { throw unexpected("a digit") }
      while isDigit(peek) { advance() }
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func readString() throws(TreeError) -> String {
    let start = place
    advance()
    var text: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        advance()
        text += try readEscape()
      case 0..<0x20:
        throw place.error("a control character in a string, expected an escape", in: name)
      default:
        text.append(byte)
        advance()
      }
    }
    throw start.error("a string that does not end", in: name)
  }

  /// What follows a backslash, as UTF-8.
  private mutating func readEscape() throws(TreeError) -> [UInt8] {
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
      UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
      UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]
    guard let letter = peek, letter == UInt8(ascii: "u") || plain[letter] != nil else {
      throw unexpected("an escape")
    }
    let start = place
    advance()
    if let byte = plain[letter] { return [byte] }
    var units = [try readHexadecimal()]
    if UTF16.isLeadSurrogate(units[0]), bytes[at...].starts(with: Array("\\u".utf8)) {
      advance()
      advance()
      units.append(try readHexadecimal())
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw start.error("half of a surrogate pair, expected both", in: name)
    }
    return Array(text.utf8)
  }

  private mutating func readHexadecimal() throws(TreeError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      advance()
    }
    return value
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func advance() {
    place.advance(past: bytes[at])
    at += 1
  }

  private mutating func skipSpace() {
    while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { advance() }
  }

  private func unexpected(_ expected: String) -> TreeError {
    let found =
      peek == nil
      ? "the line ends" : String(decoding: bytes[at...].prefix(8), as: UTF8.self).debugDescription
    return place.error("\(found), expected \(expected)", in: name)
  }
}
