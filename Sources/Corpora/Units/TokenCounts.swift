/// How often each token was seen. Tokens are told apart by their bytes and keep the order of their first
/// appearance.
public struct TokenCounts: Sendable {
  private var table = ByteStringTable()
  private var counts: [Int] = []

  /// No tokens.
  public init() {}

  /// Number of distinct tokens.
  public var distinctCount: Int { counts.count }

  /// How often any token was seen.
  public var total: Int { counts.reduce(0, +) }

  /// How often `token` was seen.
  public subscript(token: String) -> Int {
    var token = token
    return token.withUTF8 { table.number(of: $0) }.map { counts[Int($0)] } ?? 0
  }

  /// Counts `token` so many more times.
  public mutating func add(_ token: String, times: Int = 1) {
    var token = token
    token.withUTF8 { add($0, times: times) }
  }

  /// Counts what `others` has counted, as for units of two languages together.
  public mutating func add(_ others: TokenCounts) {
    for (token, times) in others {
      token.withUnsafeBufferPointer { add($0, times: times) }
    }
  }

  mutating func add(_ token: UnsafeBufferPointer<UInt8>, times: Int = 1) {
    let number = Int(table.insert(token))
    if number == counts.count { counts.append(0) }
    counts[number] += times
  }
}

extension TokenCounts: Sequence {
  /// The bytes of each token and its count, in the order of first appearance.
  public func makeIterator() -> some IteratorProtocol<(token: ArraySlice<UInt8>, count: Int)> {
    table.indices.lazy.map { (token: table[$0], count: counts[$0]) }.makeIterator()
  }
}

extension TokenCounts {
  /// The vocabulary of the tokens that occurred `minimumCount` times or more, at most `maximumSize` of them
  /// with the special ones.
  ///
  /// Ids: first `roles` in their order, then the others by falling count, those of equal count in the order
  /// of their first appearance. A token that is spelled like one of the roles means it. What is left out
  /// counts for `<unk>`. Throws ``CorpusError/invalidVocabulary(detail:)`` where the size leaves no room.
  public func vocabulary(
    roles: [Vocabulary.Role], minimumCount: Int = 1, maximumSize: Int? = nil
  ) throws(CorpusError) -> Vocabulary {
    if let maximumSize, maximumSize <= roles.count {
      throw .invalidVocabulary(
        detail: "a size of \(maximumSize) leaves no room beside the special tokens "
          + "\(roles.map(\.token).joined(separator: ", ")), expected at least \(roles.count + 1)")
    }
    var special = roles.map { (token: $0.token, count: self[$0.token]) }
    let spellings = Set(roles.map { ArraySlice($0.token.utf8) })
    let ordinary = table.indices.filter { !spellings.contains(table[$0]) }
    var kept = ordinary.filter { counts[$0] >= minimumCount }
      .sorted { (counts[$1], $0) < (counts[$0], $1) }
    if let maximumSize { kept = Array(kept.prefix(maximumSize - roles.count)) }
    if let unknown = roles.firstIndex(of: .unknown) {
      special[unknown].count +=
        ordinary.reduce(0) { $0 + counts[$1] } - kept.reduce(0) { $0 + counts[$1] }
    }
    return try Vocabulary(
      tokens: special.map(\.token) + kept.map { String(decoding: table[$0], as: UTF8.self) },
      counts: special.map(\.count) + kept.map { counts[$0] }, roles: Set(roles))
  }
}

extension Vocabulary {
  /// A vocabulary of the units of `sentences`: `<unk>`, `<s>` and `</s>` are 0, 1 and 2, then those units
  /// that occur `minimumCount` times or more by falling count, those of equal count in the order of their
  /// first appearance, and no more than `maximumSize` in all.
  ///
  /// `<s>` and `</s>` count once a sentence. Throws ``CorpusError/invalidVocabulary(detail:)`` where the size
  /// leaves no room.
  public init(
    ofSentences sentences: some Sequence<[String]>, minimumCount: Int = 1,
    maximumSize: Int? = nil
  ) throws(CorpusError) {
    var counts = TokenCounts()
    for sentence in sentences {
      counts.add(Role.start.token)
      counts.add(Role.end.token)
      for unit in sentence { counts.add(unit) }
    }
    self = try counts.vocabulary(
      roles: [.unknown, .start, .end], minimumCount: minimumCount, maximumSize: maximumSize)
  }
}
