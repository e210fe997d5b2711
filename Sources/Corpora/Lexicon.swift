/// Words by number, each with its spelling: those of a vocabulary, and on from them as many others as
/// come up.
///
/// A word outside the vocabulary is not `<unk>` here but a word of its own, with a number of V or more.
/// What looks words up takes ``Vocabulary/unknown`` in its place (``lookUp(_:)``); what composes them from
/// characters needs no vocabulary at all.
///
/// Characters are Unicode scalars, numbered by an alphabet, which is a vocabulary of characters. A token
/// with a role, such as `</s>`, is spelled by the alphabet's one character of that role.
public struct Lexicon: Sendable {
  /// The words 0 ..< V.
  public let vocabulary: Vocabulary
  /// The characters.
  public let alphabet: Vocabulary

  /// The words from V on.
  private var others = ByteStringTable()
  /// Spelling `i` is `characters[ends[i] ..< ends[i + 1]]`.
  private var characters: [Int32] = []
  private var ends = [0]

  /// Characters of a word that are looked at: of a longer one the first and the last halves of as many,
  /// so that a word costs no more than so much, whatever its length.
  public static let longestSpelling = 64

  /// The words of `vocabulary`, spelled in `alphabet`, which has the characters `<unk>`, `<s>` and `</s>`
  /// for the special tokens.
  ///
  /// Throws ``CorpusError/invalidVocabulary(detail:)`` for an alphabet without them.
  public init(vocabulary: Vocabulary, alphabet: Vocabulary) throws(CorpusError) {
    for (role, id) in [
      (Vocabulary.Role.unknown, alphabet.unknown), (.start, alphabet.start), (.end, alphabet.end),
    ] where id == nil {
      throw .invalidVocabulary(detail: "an alphabet without \(role.token)")
    }
    self.vocabulary = vocabulary
    self.alphabet = alphabet
    for id in 0..<Int32(vocabulary.count) {
      let special = [
        (vocabulary.unknown, alphabet.unknown), (vocabulary.start, alphabet.start),
        (vocabulary.end, alphabet.end),
      ].first { $0.0 == id }?.1
      if let special {
        append([special])
      } else {
        append(spelling(of: vocabulary.token(id)))
      }
    }
  }

  /// The number of words.
  public var count: Int { vocabulary.count + others.count }

  /// The number of `word`, which is added if it is new.
  public mutating func insert(_ word: String) -> Int32 {
    var word = word
    return word.withUTF8 { insert($0) }
  }

  mutating func insert(_ word: UnsafeBufferPointer<UInt8>) -> Int32 {
    if let id = vocabulary.number(of: word) { return id }
    let known = others.count
    let number = others.insert(word)
    if number == known { append(spelling(of: String(decoding: word, as: UTF8.self))) }
    return Int32(vocabulary.count) + number
  }

  /// The characters of word `id`, at least one.
  public func spelling(of id: Int32) -> ArraySlice<Int32> {
    characters[ends[Int(id)]..<ends[Int(id) + 1]]
  }

  /// Word `id`.
  public func word(_ id: Int32) -> String {
    Int(id) < vocabulary.count
      ? vocabulary.token(id)
      : String(decoding: others[Int(id) - vocabulary.count], as: UTF8.self)
  }

  /// The ids of `words` in the vocabulary: its unknown token for those from V on.
  public func lookUp(_ words: [Int32]) -> [Int32] {
    let count = Int32(vocabulary.count)
    let unknown = vocabulary.unknown ?? 0
    return words.map { $0 < count ? $0 : unknown }
  }

  private mutating func append(_ spelling: [Int32]) {
    characters += spelling
    ends.append(characters.count)
  }

  private func spelling(of word: String) -> [Int32] {
    let unknown = alphabet.unknown ?? 0
    var scalars = Array(word.unicodeScalars)
    let half = Self.longestSpelling / 2
    if scalars.count > 2 * half { scalars = Array(scalars.prefix(half) + scalars.suffix(half)) }
    // A word of no characters has to be read too.
    guard !scalars.isEmpty else { return [unknown] }
    return scalars.map { alphabet.id(of: String($0)) ?? unknown }
  }
}

extension Vocabulary {
  /// The alphabet of a vocabulary of words: every character that is in one of its words, by how often it
  /// occurs in the text that the vocabulary was made from, after the special ones.
  ///
  /// - Parameter minimumCount: rarer characters are left out.
  public func alphabet(minimumCount: Int = 1) throws(CorpusError) -> Vocabulary {
    var counts: [Unicode.Scalar: Int] = [:]
    let special = [unknown, start, end]
    for id in 0..<Int32(count) where !special.contains(id) {
      for scalar in token(id).unicodeScalars {
        counts[scalar, default: 0] += Swift.max(1, self.counts[Int(id)])
      }
    }
    let kept = counts.filter { $0.value >= minimumCount }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let roles = Role.allCases
    return try Vocabulary(
      tokens: roles.map(\.token) + kept.map { String($0.key) },
      counts: roles.map { _ in 0 } + kept.map(\.value), roles: Set(roles))
  }
}
