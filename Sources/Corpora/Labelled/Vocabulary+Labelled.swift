extension Vocabulary {
  /// All of `words`, `<unk>` first, then by falling count, those of equal count in the order of their
  /// first appearance. A word that is spelled `<unk>` means the unknown one.
  public init(ofWords words: some Sequence<String>) throws(CorpusError) {
    let counted = Self.counted(words.lazy.map { ($0, 1) })
    try self.init(counted, minimumCount: 1)
  }

  /// All of `labels`, by falling count, those of equal count in the order of their first appearance. None
  /// has a role, and there is none for labels outside.
  public init(ofLabels labels: some Sequence<String>) throws(CorpusError) {
    let counted = Self.sorted(Self.counted(labels.lazy.map { ($0, 1) }))
    try self.init(tokens: counted.map(\.token), counts: counted.map(\.count), roles: [])
  }

  /// Of a vocabulary of words, those that are to have a vector of their own: in lower case where that is
  /// asked for, and at least `minimumCount` times. The rest count for `<unk>`.
  public func lookUp(lowercases: Bool, minimumCount: Int) throws(CorpusError) -> Vocabulary {
    let counted = Self.counted(
      zip(tokens, counts).lazy.map { (lowercases ? $0.inLowerCase : $0, $1) })
    return try Vocabulary(counted, minimumCount: minimumCount)
  }

  private init(
    _ counted: [(token: String, count: Int)], minimumCount: Int
  ) throws(CorpusError) {
    let unknown = Role.unknown.token
    let kept = Self.sorted(counted.filter { $0.count >= minimumCount && $0.token != unknown })
    let rest = counted.filter { $0.count < minimumCount || $0.token == unknown }
    try self.init(
      tokens: [unknown] + kept.map(\.token),
      counts: [rest.reduce(0) { $0 + $1.count }] + kept.map(\.count), roles: [.unknown])
  }

  private static func sorted(
    _ counted: [(token: String, count: Int)]
  ) -> [(token: String, count: Int)] {
    counted.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
      .map(\.element)
  }

  /// The distinct tokens in the order of their first appearance, with the sums of their counts.
  private static func counted(
    _ tokens: some Sequence<(String, Int)>
  ) -> [(token: String, count: Int)] {
    var table = ByteStringTable()
    var counts: [Int] = []
    for (token, count) in tokens {
      var token = token
      let number = Int(token.withUTF8 { table.insert($0) })
      if number == counts.count { counts.append(0) }
      counts[number] += count
    }
    return counts.enumerated().map { (String(decoding: table[$0], as: UTF8.self), $1) }
  }
}
