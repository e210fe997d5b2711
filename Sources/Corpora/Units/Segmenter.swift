/// Cuts text into units and puts it together again.
///
/// For a text t without U+FDD0, `text(of: units(of: t))` is t with every run of white space as one space and
/// none at its ends, in lower case where that is asked for; see ``UnitKind`` for what units are. A
/// ``spaceMark`` that a text holds itself is U+FDD0 in its units, except in tokens.
public struct Segmenter: Sendable, Equatable {
  /// What stands for white space in units: "▁", U+2581, as in SentencePiece (Kudo and Richardson 2018).
  public static let spaceMark: Unicode.Scalar = "\u{2581}"

  /// What units are.
  public let kind: UnitKind
  /// Whether text is put in lower case first.
  public let lowercases: Bool
  /// The merges, of ``UnitKind/bytePairs``.
  public let encoding: BytePairEncoding?

  /// Cuts text into units of `kind`.
  ///
  /// - Parameter encoding: the merges of byte pairs; without any, words become their scalars. Nothing to
  ///   the other kinds.
  public init(_ kind: UnitKind, lowercases: Bool = false, encoding: BytePairEncoding? = nil) {
    self.kind = kind
    self.lowercases = lowercases
    self.encoding = kind == .bytePairs ? encoding ?? BytePairEncoding() : nil
  }

  /// Cuts text into units of `kind`, byte pairs by merges learned from the words of `lines`: those of two
  /// languages for a joint encoding. See ``BytePairEncoding/init(learningFrom:merges:minimumCount:)``; the
  /// other kinds have nothing to learn.
  public init(
    _ kind: UnitKind, learningFrom lines: some Sequence<String>, merges: Int,
    minimumCount: Int = 2, lowercases: Bool = false
  ) {
    guard kind == .bytePairs else {
      self.init(kind, lowercases: lowercases)
      return
    }
    let words = Segmenter(.words, lowercases: lowercases).counts(of: lines)
    self.init(
      kind, lowercases: lowercases,
      encoding: BytePairEncoding(learningFrom: words, merges: merges, minimumCount: minimumCount))
  }

  /// The units of `text`.
  public func units(of text: String) -> [String] {
    var none = NoDraws()
    return units(of: text, dropout: 0, using: &none)
  }

  /// The units of `text` where each merge is passed over with probability `dropout`, see
  /// ``BytePairEncoding``. The kinds without merges draw nothing.
  public func units(
    of text: String, dropout: Double, using generator: inout some RandomNumberGenerator
  ) -> [String] {
    var merging = Merging()
    return units(of: text, dropout: dropout, using: &generator, merging: &merging)
  }

  /// The text of `units`, which may be any: white space that they stand for is one space, and none at the
  /// ends. Special tokens are not known here and are to be left out before.
  public func text(of units: some Sequence<String>) -> String {
    guard kind != .tokens else { return units.joined(separator: " ") }
    var marked: [UInt8] = []
    for unit in units { marked += unit.utf8 }
    return MarkedText.text(of: marked)
  }

  /// How often each unit occurs in `lines`.
  public func counts(of lines: some Sequence<String>) -> TokenCounts {
    var counts = TokenCounts()
    guard kind == .bytePairs else {
      for line in lines { scan(line) { counts.add($0) } }
      return counts
    }
    for units in units(ofLines: lines) {
      for unit in units { counts.add(unit) }
    }
    return counts
  }

  /// Calls `body` with each unit of `text`, with its words where the units are byte pairs.
  @inline(__always)
  func scan(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    let text = lowercases ? text.inLowerCase : text
    switch kind {
    case .tokens:
      // The scan throws only what its closures throw.
      try! text.withUTF8Bytes { (bytes) throws(CorpusError) in
        try Tokenizer.words.scan(bytes) { (range) throws(CorpusError) in
          body(UnsafeBufferPointer(rebasing: bytes[range]))
        } lineEnd: { (_) throws(CorpusError) in
        }
      }
    case .characters:
      MarkedText.bytes(of: text, marksFirst: false).withUnsafeBufferPointer {
        scanScalars($0, body)
      }
    case .words, .bytePairs:
      MarkedText.bytes(of: text, marksFirst: true).withUnsafeBufferPointer {
        WordScan.scan($0, body)
      }
    }
  }

  func units(
    of text: String, dropout: Double, using generator: inout some RandomNumberGenerator,
    merging: inout Merging
  ) -> [String] {
    precondition(0...1 ~= dropout, "dropout \(dropout), expected 0 to 1")
    var units: [String] = []
    scan(text) { unit in
      if let encoding {
        merging.append(
          unitsOf: unit, by: encoding, dropout: dropout, using: &generator, to: &units)
      } else {
        units.append(String(decoding: unit, as: UTF8.self))
      }
    }
    return units
  }
}
