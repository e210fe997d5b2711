import Corpora
import ModelFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file of an n-gram model, in the ARPA format that SRILM, KenLM and others read and write.
///
/// ```
/// \data\
/// ngram 1=4
/// ngram 2=3
///
/// \1-grams:
/// -1.230448921378    <unk>
/// -99                <s>     -0.301029995664
/// …
/// \2-grams:
/// -0.477121254720    <s> a
/// …
/// \end\
/// ```
///
/// Each line is log₁₀ P*, the tokens, and log₁₀ γ of n-grams that are contexts; -99 stands for a
/// probability of 0. The order of the 1-grams is that of the ids. A number has 12 decimals, so that
/// a model that was read gives the probabilities of the one that was written to 1e-10.
///
/// The format says neither what a token is nor whether a text is a stream. Read without a word about
/// it, tokens are words, and a text is one of sentences if there is a `<s>`. A model of which that is not
/// true has a line `unroll level=character unit=stream` before `\data\`, where the format leaves room
/// for remarks (KenLM does not, and needs it taken away). Characters that would look like white space
/// are written `\u{20}`, by their number.
extension NGramLanguageModel {
  /// The line that begins the tables.
  static let dataLine = "\\data\\"
  /// The line behind them.
  static let endLine = "\\end\\"
  /// The first word of the line about level and unit.
  static let remark = "unroll"
  /// What stands for the logarithm of 0.
  static let zeroLogarithm = -99.0

  /// The line above the n-grams of one length.
  static func sectionLine(_ length: Int) -> String { "\\\(length)-grams:" }

  /// What a file that does not say it is taken to be.
  static func defaultKind(hasStart: Bool) -> (level: Tokenizer, unit: TextUnit) {
    (.words, hasStart ? .sentence : .stream)
  }

  /// Writes the model to an ARPA file, atomically. Equal models give equal files.
  ///
  /// Throws ``ModelFileError``, and ``ModelError/invalidConfiguration(_:)`` for a token that the format
  /// has no way to write: an empty one, or a word with white space in it.
  public func save(to path: String) throws {
    let spellings = try (0..<Int32(vocabulary.count)).map(spelling)
    try AtomicFile.write(to: path) { (writer) throws(ModelFileError) in
      var text = ""
      let assumed = Self.defaultKind(
        hasStart: vocabulary.contains(Vocabulary.Role.start.token))
      if assumed != (level, unit) {
        text += "\(Self.remark) level=\(level.rawValue) unit=\(unit.rawValue)\n"
      }
      text += Self.dataLine + "\n"
      for (index, count) in ngrams.ngramCounts.enumerated() {
        text += "ngram \(index + 1)=\(count)\n"
      }
      try writer.write(text)
      for length in 1...order { try write(length, spellings, to: writer) }
      try writer.write("\n" + Self.endLine + "\n")
    }
  }

  private func write(
    _ length: Int, _ spellings: [[UInt8]], to writer: borrowing AtomicFile.Writer
  ) throws(ModelFileError) {
    let pieceSize = 1 << 20
    var piece: [UInt8] = Array("\n\(Self.sectionLine(length))\n".utf8)
    piece.reserveCapacity(pieceSize + (1 << 12))
    var tokens = [Int32](repeating: 0, count: length)
    let logProbabilities = ngrams.logProbabilities[length - 1]
    for number in logProbabilities.indices {
      var rest = Int32(number)
      for place in stride(from: length - 1, to: 0, by: -1) {
        tokens[place] = ngrams.levels[place - 1].token(Int(rest))
        rest = ngrams.levels[place - 1].prefix(Int(rest))
      }
      tokens[0] = rest
      append(logProbabilities[number], to: &piece)
      for (place, token) in tokens.enumerated() {
        piece.append(UInt8(ascii: place == 0 ? "\t" : " "))
        piece += spellings[Int(token)]
      }
      if length < order, ngrams.logBackoffs[length - 1][number] != 0 {
        piece.append(UInt8(ascii: "\t"))
        append(ngrams.logBackoffs[length - 1][number], to: &piece)
      }
      piece.append(UInt8(ascii: "\n"))
      if piece.count >= pieceSize {
        try Self.write(piece, to: writer)
        piece.removeAll(keepingCapacity: true)
      }
    }
    try Self.write(piece, to: writer)
  }

  private static func write(
    _ bytes: [UInt8], to writer: borrowing AtomicFile.Writer
  ) throws(ModelFileError) {
    do {
      try bytes.withUnsafeBytes { try writer.write($0) }
    } catch let error as ModelFileError {
      throw error
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// A natural logarithm as a decimal one.
  private func append(_ logarithm: Double, to bytes: inout [UInt8]) {
    let value = logarithm == -.infinity ? Self.zeroLogarithm : logarithm / log(10)
    guard abs(value) < 1e5 else {
      bytes += Array("\(value)".utf8)
      return
    }
    let decimals = 12
    var rest = UInt64((abs(value) * 1e12).rounded())
    var digits: [UInt8] = []
    while rest > 0 || digits.count <= decimals {
      digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    // The zeros at the end say nothing.
    let zeros = digits.prefix(decimals).prefix { $0 == UInt8(ascii: "0") }.count
    if value < 0, digits.contains(where: { $0 != UInt8(ascii: "0") }) {
      bytes.append(UInt8(ascii: "-"))
    }
    bytes += digits[decimals...].reversed()
    guard zeros < decimals else { return }
    bytes.append(UInt8(ascii: "."))
    bytes += digits[zeros..<decimals].reversed()
  }

  /// How a token is written.
  private func spelling(_ id: Int32) throws(ModelError) -> [UInt8] {
    let token = vocabulary.token(id)
    if level == .characters, token.unicodeScalars.count == 1 {
      return Array(token.fieldSpelling.utf8)
    }
    guard !token.isEmpty, !token.utf8.contains(where: ARPAReader.isBlank) else {
      throw .invalidConfiguration(
        "the token \(token.debugDescription) cannot be written to an ARPA file, "
          + "in which white space separates tokens")
    }
    return Array(token.utf8)
  }
}
