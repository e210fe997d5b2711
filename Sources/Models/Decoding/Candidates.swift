/// How a hypothesis may go on.
struct Candidate {
  /// What candidates are ranked by: the logarithm of the probability of all tokens so far, less what
  /// diversity takes off.
  var rank: Double
  /// The hypothesis that goes on, among those of its sentence.
  var parent: Int
  var token: Int32
  /// ln p of the token.
  var logProbability: Float
}

/// The best of many candidates, as few as are wanted, in their order: by rank, then parent, then token.
struct BestCandidates {
  private(set) var items: [Candidate] = []
  let limit: Int

  init(limit: Int) {
    self.limit = limit
    items.reserveCapacity(limit + 1)
  }

  /// What a further candidate has to exceed.
  var threshold: Double { items.count < limit ? -.infinity : items[limit - 1].rank }

  /// Takes a candidate in if it is better than one that is there. Those of equal rank are offered in the
  /// order of parents and tokens, and stay in it.
  mutating func offer(_ candidate: Candidate) {
    guard items.count < limit || candidate.rank > items[limit - 1].rank else { return }
    var place = items.count
    while place > 0, items[place - 1].rank < candidate.rank { place -= 1 }
    items.insert(candidate, at: place)
    if items.count > limit { items.removeLast() }
  }
}
