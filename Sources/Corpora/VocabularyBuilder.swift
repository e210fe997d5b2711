/// Counts the tokens of one or more texts and makes a vocabulary of the frequent ones.
///
/// Ids: first the special tokens (`<unk>`, then `<s>`, then `</s>`, as far as the tokenizer and
/// unit need them), then the others by falling count, those of equal count in the order of their
/// first appearance.
public struct VocabularyBuilder {
  private let tokenizer: Tokenizer
  private let unit: TextUnit
  private var counts = TokenCounts()

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
        counts.add(UnsafeBufferPointer(rebasing: bytes[range]))
      } lineEnd: { (isLineFeed) throws(CorpusError) in
        lines += 1
        if tokenizer == .characters, unit == .stream, isLineFeed { counts.add("\n") }
      }
    }
    for role in roles where role != .unknown { counts.add(role.token, times: lines) }
  }

  /// The vocabulary: tokens that occurred `minimumCount` times or more, the special ones always,
  /// and at most `maximumSize` of them in all. What is left out counts for `<unk>`.
  ///
  /// A word-level text that spells out `<unk>`, as the Penn Treebank files do, means the unknown
  /// token by it.
  public func build(
    minimumCount: Int = 1, maximumSize: Int? = nil
  ) throws(CorpusError) -> Vocabulary {
    try counts.vocabulary(
      roles: Self.roles(tokenizer, unit), minimumCount: minimumCount, maximumSize: maximumSize)
  }
}
