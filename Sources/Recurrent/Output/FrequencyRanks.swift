/// The tokens of a vocabulary in the order of falling counts, those of equal count by their ids.
///
/// A vocabulary's ids are nearly in that order, but its special tokens come first, however rare.
struct FrequencyRanks: Sendable {
  /// The id of each rank.
  let ids: [Int32]
  /// The rank of each id.
  let ranks: [Int32]

  /// The ranks of the ids 0 ..< counts.count.
  init(counts: [Int]) {
    ids = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }.map { Int32($0) }
    var ranks = [Int32](repeating: 0, count: counts.count)
    for (rank, id) in ids.enumerated() { ranks[Int(id)] = Int32(rank) }
    self.ranks = ranks
  }

  /// The rank of each token; a negative one, which does not count, stays as it is.
  func ranks(of tokens: [Int32]) -> [Int32] { tokens.map { $0 < 0 ? $0 : ranks[Int($0)] } }
}
