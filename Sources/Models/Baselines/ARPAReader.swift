import Corpora
import ModelFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension NGramLanguageModel {
  /// Reads an ARPA file, of ``save(to:)`` or of any other program that models words.
  ///
  /// Nothing in it is trusted: every n-gram must be of known tokens, stand once, and have the n-gram
  /// without its last token above it; counts must be as announced. Whether probabilities add up to 1
  /// is not looked at. Throws ``ARPAError`` for a malformed file, ``ModelFileError`` for one that
  /// cannot be read.
  public init(contentsOf path: String) throws {
    let file = try FileBytes(path: path)
    self = try withExtendedLifetime(file) {
      var reader = ARPAReader(file.bytes.bindMemory(to: UInt8.self), path: path)
      return try reader.model()
    }
  }

  /// Whether the file at `path` is an ARPA file: whether one of its first lines is `\data\`.
  public static func isARPA(_ path: String) -> Bool {
    guard let file = try? FileBytes(path: path) else { return false }
    return withExtendedLifetime(file) {
      let bytes = file.bytes.prefix(1 << 16)
      // A safetensors file begins with a length and an object of JSON.
      if bytes.count > 8, bytes[8] == UInt8(ascii: "{") { return false }
      return bytes.split(separator: UInt8(ascii: "\n")).contains {
        trimmed($0).elementsEqual(dataLine.utf8)
      }
    }
  }

  private static func trimmed(_ line: Slice<UnsafeRawBufferPointer>) -> some Sequence<UInt8> {
    let start = line.drop(while: ARPAReader.isBlank)
    return start.prefix(start.count - start.reversed().prefix(while: ARPAReader.isBlank).count)
  }
}

/// Reads the lines of an ARPA file one after the other.
struct ARPAReader {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  private let bytes: Bytes
  private let path: String
  private var position = 0
  /// The number of `line`, from 1 on.
  private var lineNumber = 0
  /// The fields of the line that is looked at; none in an empty one.
  private var fields: [Bytes] = []
  private var isAtEnd = false

  /// The most orders that a file may announce; more than any text has use for.
  private static let highestOrder = 100

  init(_ bytes: Bytes, path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// What separates tokens. Other white space of Unicode may be part of one.
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || 0x09...0x0D ~= byte
  }

  mutating func model() throws -> NGramLanguageModel {
    let said = try kind()
    let announced = try counts()
    var (vocabulary, levels) = (nil as Vocabulary?, [NGramLevel]())
    var (level, unit) = (Tokenizer.words, TextUnit.stream)
    var (logProbabilities, logBackoffs): ([[Double]], [[Double]]) = ([], [])
    for length in 1...announced.count {
      try expect(NGramLanguageModel.sectionLine(length))
      var section = Section(
        length: length, hasBackoffs: length < announced.count,
        // What is announced is not yet there: a line has at least two bytes for each field.
        capacity: min(announced[length - 1], (bytes.count - position) / (2 * length + 2)))
      if let vocabulary {
        try read(&section, vocabulary, levels)
        levels.append(section.level)
      } else {
        let tokens = try readTokens(&section, isCharacters: said?.level == .characters)
        (level, unit) =
          said
          ?? NGramLanguageModel.defaultKind(
            hasStart: tokens.contains(Vocabulary.Role.start.token))
        vocabulary = try makeVocabulary(tokens, level, unit)
      }
      let found = section.logProbabilities.count
      guard found == announced[length - 1] else {
        throw failure("\(found) \(length)-grams end here, expected \(announced[length - 1])")
      }
      logProbabilities.append(section.logProbabilities)
      if section.hasBackoffs { logBackoffs.append(section.logBackoffs) }
    }
    try expect(NGramLanguageModel.endLine)
    if nextFilledLine() { throw failure("expected nothing behind \(NGramLanguageModel.endLine)") }
    guard let vocabulary else { throw failure("no 1-grams") }
    // It is never predicted, whatever number stands beside it.
    if unit == .sentence, let start = vocabulary.start {
      logProbabilities[0][Int(start)] = -.infinity
    }
    return NGramLanguageModel(
      level: level, unit: unit, vocabulary: vocabulary,
      ngrams: NGramModel(
        levels: levels, logProbabilities: logProbabilities, logBackoffs: logBackoffs))
  }
}

// MARK: - Parts of the file

extension ARPAReader {
  /// What the remarks before the tables say of level and unit, if they do.
  private mutating func kind() throws(ARPAError) -> (level: Tokenizer, unit: TextUnit)? {
    var kind: (level: Tokenizer, unit: TextUnit)?
    while nextFilledLine() {
      if fields.count == 1, text(0) == NGramLanguageModel.dataLine { return kind }
      guard text(0) == NGramLanguageModel.remark else { continue }
      let values = fields.indices.dropFirst().map { text($0).split(separator: "=") }
      guard values.count == 2, values.allSatisfy({ $0.count == 2 }), values[0][0] == "level",
        values[1][0] == "unit", let level = Tokenizer(rawValue: String(values[0][1])),
        let unit = TextUnit(rawValue: String(values[1][1]))
      else {
        throw failure(
          "expected \"\(NGramLanguageModel.remark) level=word|character unit=stream|sentence\"")
      }
      kind = (level, unit)
    }
    throw failure("the file ends without a line \(NGramLanguageModel.dataLine)")
  }

  /// The numbers of n-grams that are announced, by length from 1 on.
  private mutating func counts() throws(ARPAError) -> [Int] {
    var counts: [Int] = []
    while nextFilledLine(), fields[0].first != UInt8(ascii: "\\") {
      let sides = lineText.dropFirst("ngram".count).split(
        separator: "=", omittingEmptySubsequences: false
      ).map { $0.trimmingPrefix { $0 == " " }.split(separator: " ") }
      guard text(0) == "ngram", sides.count == 2, sides.allSatisfy({ $0.count == 1 }),
        Int(sides[0][0]) == counts.count + 1, let count = Int(sides[1][0]), count >= 0
      else { throw failure("expected \"ngram \(counts.count + 1)=COUNT\" or the 1-grams") }
      guard counts.count < Self.highestOrder, count <= Int32.max else {
        throw failure("expected an order of at most \(Self.highestOrder) and 32-bit counts")
      }
      counts.append(count)
    }
    guard !counts.isEmpty else { throw failure("expected \"ngram 1=COUNT\"") }
    return counts
  }

  /// Throws unless the line that is looked at is `line`, past empty ones.
  private mutating func expect(_ line: String) throws(ARPAError) {
    if fields.isEmpty { _ = nextFilledLine() }
    guard fields.count == 1, text(0) == line else {
      throw failure(isAtEnd ? "the file ends without a line \(line)" : "expected \(line)")
    }
  }

  /// The n-grams of one length, as far as they are read.
  private struct Section {
    let length: Int
    /// False for the highest order.
    let hasBackoffs: Bool
    /// Stays empty for length 1.
    var level = NGramLevel()
    var logProbabilities: [Double] = []
    var logBackoffs: [Double] = []

    init(length: Int, hasBackoffs: Bool, capacity: Int) {
      self.length = length
      self.hasBackoffs = hasBackoffs
      logProbabilities.reserveCapacity(capacity)
      if hasBackoffs { logBackoffs.reserveCapacity(capacity) }
    }
  }

  /// The tokens of the 1-grams.
  private mutating func readTokens(
    _ section: inout Section, isCharacters: Bool
  ) throws(ARPAError) -> [String] {
    var (tokens, seen) = ([String](), Set<[UInt8]>())
    while try nextEntry(&section) {
      guard seen.insert(Array(fields[1])).inserted else {
        throw failure("\(text(1).debugDescription) for the second time")
      }
      guard let token = String(validating: fields[1], as: UTF8.self) else {
        throw failure("the token is not UTF-8")
      }
      tokens.append(isCharacters ? try unescaped(token) : token)
    }
    return tokens
  }

  private func makeVocabulary(
    _ tokens: [String], _ level: Tokenizer, _ unit: TextUnit
  ) throws(ARPAError) -> Vocabulary {
    do {
      let vocabulary = try Vocabulary(
        tokens: tokens, roles: Set(VocabularyBuilder.roles(level, unit)))
      try vocabulary.requireMarks(level, unit)
      return vocabulary
    } catch {
      throw failure("\(error)")
    }
  }

  /// The n-grams of a length of 2 or more.
  private mutating func read(
    _ section: inout Section, _ vocabulary: Vocabulary, _ levels: [NGramLevel]
  ) throws(ARPAError) {
    let length = section.length
    while try nextEntry(&section) {
      var prefix: Int32 = 0
      for place in 0..<length {
        guard let token = id(place + 1, vocabulary) else {
          throw failure("\(text(place + 1).debugDescription) is none of the 1-grams")
        }
        switch place {
        case 0: prefix = token
        case length - 1:
          guard section.level.insert(prefix: prefix, token: token).isNew else {
            throw failure("an n-gram for the second time")
          }
        default:
          guard let longer = levels[place - 1].number(prefix: prefix, token: token) else {
            let context = (1...(place + 1)).map(text).joined(separator: " ")
            throw failure(
              "the context \(context.debugDescription) is none of the \(place + 1)-grams")
          }
          prefix = longer
        }
      }
    }
  }

  /// The id of a field, which may be an escaped character.
  private func id(_ field: Int, _ vocabulary: Vocabulary) -> Int32? {
    if let id = vocabulary.ownID(of: fields[field]) { return id }
    guard fields[field].first == UInt8(ascii: "\\"), let token = try? unescaped(text(field)) else {
      return nil
    }
    return vocabulary.contains(token) ? vocabulary.id(of: token) : nil
  }

  /// The character that `\u{…}` stands for; other text as it is.
  private func unescaped(_ token: String) throws(ARPAError) -> String {
    guard token.hasPrefix("\\u{"), token.hasSuffix("}") else { return token }
    guard let value = UInt32(token.dropFirst(3).dropLast(), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw failure("\(token.debugDescription) is no character") }
    return String(scalar)
  }
}

// MARK: - Lines and fields

extension ARPAReader {
  /// Reads a line with an n-gram into `fields` and its numbers into `section`; false at an empty line
  /// or one that begins with a backslash.
  private mutating func nextEntry(_ section: inout Section) throws(ARPAError) -> Bool {
    guard nextLine(), let first = fields.first, first.first != UInt8(ascii: "\\") else {
      return false
    }
    let length = section.length
    let withBackoff = length + 2
    guard fields.count == length + 1 || section.hasBackoffs && fields.count == withBackoff else {
      let most = section.hasBackoffs ? " or \(withBackoff)" : ""
      throw failure(
        "a \(length)-gram with \(fields.count) fields, expected \(length + 1)\(most)")
    }
    let logProbability = try number(0)
    guard logProbability <= 0 else {
      throw failure("the logarithm of a probability is \(text(0)), expected 0 or less")
    }
    section.logProbabilities.append(
      logProbability <= NGramLanguageModel.zeroLogarithm ? -.infinity : logProbability * log(10))
    guard section.hasBackoffs else { return true }
    let logBackoff = fields.count == withBackoff ? try number(withBackoff - 1) : 0
    guard logBackoff.isFinite else {
      throw failure("a backoff weight of \(text(withBackoff - 1)), expected a finite number")
    }
    section.logBackoffs.append(logBackoff * log(10))
    return true
  }

  /// A field as a number.
  private func number(_ field: Int) throws(ARPAError) -> Double {
    let digits = fields[field]
    // What nearly all numbers look like: a sign and up to 15 digits, of which no rounding takes any.
    var (mantissa, scale, decimals) = (0, 1.0, 0)
    var isPlain = digits.count <= 17
    for (place, byte) in digits.enumerated() {
      switch byte {
      case UInt8(ascii: "-") where place == 0: continue
      case UInt8(ascii: ".") where decimals == 0: decimals = 1
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        mantissa = 10 &* mantissa &+ Int(byte - UInt8(ascii: "0"))
        if decimals > 0 { scale *= 10 }
      default: isPlain = false
      }
    }
    let isNegative = digits.first == UInt8(ascii: "-")
    if isPlain, digits.count > (isNegative ? 1 : 0) + decimals, mantissa < 1_000_000_000_000_000 {
      return (isNegative ? -1 : 1) * Double(mantissa) / scale
    }
    guard let value = Double(text(field)), !value.isNaN else {
      throw failure("\(text(field).debugDescription) is not a number")
    }
    return value
  }

  private func text(_ field: Int) -> String { String(decoding: fields[field], as: UTF8.self) }

  /// The line's fields with single spaces between.
  private var lineText: String { fields.indices.map(text).joined(separator: " ") }

  /// Goes on to the next line that is not empty; false at the end of the file.
  private mutating func nextFilledLine() -> Bool {
    while nextLine() {
      if !fields.isEmpty { return true }
    }
    return false
  }

  /// Goes on to the next line; false at the end of the file.
  private mutating func nextLine() -> Bool {
    fields.removeAll(keepingCapacity: true)
    guard position < bytes.count else {
      isAtEnd = true
      return false
    }
    lineNumber += 1
    var start = position
    while true {
      let byte = position < bytes.count ? bytes[position] : UInt8(ascii: "\n")
      if Self.isBlank(byte) {
        if start < position { fields.append(Bytes(rebasing: bytes[start..<position])) }
        start = position + 1
      }
      position += 1
      if byte == UInt8(ascii: "\n") { return true }
    }
  }

  private func failure(_ detail: String) -> ARPAError {
    ARPAError(path: path, line: max(1, lineNumber), detail: detail)
  }
}
