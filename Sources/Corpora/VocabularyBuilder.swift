/// Counts the tokens of one or more texts and makes a vocabulary of the frequent ones.
///
/// Ids: first the special tokens (`<unk>`, then `<s>`, then `</s>`, as far as the tokenizer and
/// unit need them), then the others by falling count, those of equal count in the order of their
/// first appearance.
public struct VocabularyBuilder {
  private let tokenizer: Tokenizer
  private let unit: TextUnit
  private var table = ByteStringTable()
  private var counts: [Int] = []

  /// Starts with no counts.
  public init(tokenizer: Tokenizer, unit: TextUnit = .stream) {
    self.tokenizer = tokenizer
    self.unit = unit
  }

  /// The special tokens that a text cut by `tokenizer` into `unit`s needs: `<unk>` always, so that
  /// any text can be scored; `</s>` for words and for sentences; `<s>` for sentences.
  public static func roles(_ tokenizer: Tokenizer, _ unit: TextUnit) -> [Vocabulary.Role] {
    switch (tokenizer, unit) {
    case (.characters, .stream): [.unknown]
    case (.words, .stream): [.unknown, .end]
    case (_, .sentence): [.unknown, .start, .end]
    }
  }

  /// Counts the tokens of `text`, the special ones included.
  public mutating func add(_ text: String) {
    let roles = Self.roles(tokenizer, unit)
    var lines = 0
    // The scan throws only what its closures throw.
    try! text.withUTF8Bytes { (bytes) throws(CorpusError) in
      try tokenizer.scan(bytes) { (range) throws(CorpusError) in
        count(UnsafeBufferPointer(rebasing: bytes[range]))
      } lineEnd: { (isLineFeed) throws(CorpusError) in
        lines += 1
        if tokenizer == .characters, unit == .stream, isLineFeed { count("\n", times: 1) }
      }
    }
    for role in roles where role != .unknown { count(role.token, times: lines) }
  }

  /// The vocabulary: tokens that occurred `minimumCount` times or more, the special ones always,
  /// and at most `maximumSize` of them in all. What is left out counts for `<unk>`.
  ///
  /// A word-level text that spells out `<unk>`, as the Penn Treebank files do, means the unknown
  /// token by it.
  public func build(
    minimumCount: Int = 1, maximumSize: Int? = nil
  ) throws(CorpusError) -> Vocabulary {
    let roles = Self.roles(tokenizer, unit)
    if let maximumSize, maximumSize <= roles.count {
      throw .invalidVocabulary(
        detail: "a size of \(maximumSize) leaves no room beside the special tokens "
          + "\(roles.map(\.token).joined(separator: ", ")), expected at least \(roles.count + 1)")
    }
    var special = roles.map { (token: $0.token, count: 0) }
    var isSpecial = [Bool](repeating: false, count: table.count)
    for index in special.indices {
      guard let number = number(special[index].token) else { continue }
      special[index].count = counts[number]
      isSpecial[number] = true
    }
    var kept = table.indices.filter { !isSpecial[$0] && counts[$0] >= minimumCount }
      .sorted { (counts[$1], $0) < (counts[$0], $1) }
    if let maximumSize { kept = Array(kept.prefix(maximumSize - roles.count)) }
    let ordinary = table.indices.reduce(0) { $0 + (isSpecial[$1] ? 0 : counts[$1]) }
    // The unknown token comes first among the roles, always.
    special[0].count += ordinary - kept.reduce(0) { $0 + counts[$1] }
    return try Vocabulary(
      tokens: special.map(\.token) + kept.map { String(decoding: table[$0], as: UTF8.self) },
      counts: special.map(\.count) + kept.map { counts[$0] }, roles: Set(roles))
  }

  private func number(_ token: String) -> Int? {
    var token = token
    return token.withUTF8 { table.number(of: $0) }.map(Int.init)
  }

  private mutating func count(_ token: String, times: Int) {
    var token = token
    token.withUTF8 { count($0, times: times) }
  }

  private mutating func count(_ token: UnsafeBufferPointer<UInt8>, times: Int = 1) {
    let number = Int(table.insert(token))
    if number == counts.count { counts.append(0) }
    counts[number] += times
  }
}
