extension Segmenter {
  /// The units of each of `lines`. A word is cut once, however often it occurs.
  public func units(ofLines lines: some Sequence<String>) -> [[String]] {
    var words = ByteStringTable()
    var pieces: [[String]] = []
    var merging = Merging()
    var none = NoDraws()
    return lines.map { line in
      var units: [String] = []
      scan(line) { word in
        let number = Int(words.insert(word))
        if number == pieces.count {
          var cut: [String] = []
          if let encoding {
            merging.append(unitsOf: word, by: encoding, dropout: 0, using: &none, to: &cut)
          } else {
            cut.append(String(decoding: word, as: UTF8.self))
          }
          pieces.append(cut)
        }
        units += pieces[number]
      }
      return units
    }
  }

  /// The units of each of `lines` where each merge is passed over with probability `dropout`, see
  /// ``BytePairEncoding``. They follow from seed and epoch, which is not negative, alone.
  public func units(
    ofLines lines: some Sequence<String>, dropout: Double, seed: UInt64, epoch: Int
  ) -> [[String]] {
    precondition(0...1 ~= dropout, "dropout \(dropout), expected 0 to 1")
    precondition(epoch >= 0, "epoch \(epoch), expected 0 or more")
    guard dropout > 0, encoding != nil else { return units(ofLines: lines) }
    var generator = SplitMix64(seed: seed, epoch: UInt64(epoch))
    var merging = Merging()
    return lines.map { units(of: $0, dropout: dropout, using: &generator, merging: &merging) }
  }
}

/// `{"kind": "bpe", "lowercases": false, "merges": ["e s", ...]}`, merges of byte pairs only.
extension Segmenter: Codable {
  private enum Key: String, CodingKey {
    case kind, lowercases, merges
  }

  /// Reads what ``encode(to:)`` wrote. Throws what ``BytePairEncoding/init(merges:)`` throws.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let kind = try container.decode(UnitKind.self, forKey: .kind)
    self.init(
      kind, lowercases: try container.decode(Bool.self, forKey: .lowercases),
      encoding: kind == .bytePairs
        ? try container.decode(BytePairEncoding.self, forKey: .merges) : nil)
  }

  /// Writes kind, lower-casing and merges.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(lowercases, forKey: .lowercases)
    try container.encodeIfPresent(encoding, forKey: .merges)
  }
}
