import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The hypotheses of one sentence in a ``BeamSearch``.
struct SentenceBeams {
  /// A token of a hypothesis, and the one before it: hypotheses share their beginnings.
  private struct Node {
    let parent: Int
    let token: Int32
    let logProbability: Float
    /// Where it is kept.
    let attention: [Float]
  }

  /// A hypothesis that has not ended.
  struct Open {
    /// Its last token; nil before the first one.
    fileprivate var node: Int?
    fileprivate var logProbability: Double
    fileprivate var group: Int
    /// Σ_t α_ts, where coverage counts.
    fileprivate var coverage: [Float]
  }

  /// A hypothesis that has ended, its last token `</s>`.
  private struct Complete {
    let node: Int
    let score: Double
  }

  private(set) var open: [Open]
  /// The row of each open hypothesis' parent, among the rows of the step before.
  private(set) var parents: [Int] = []
  private var complete: [Complete] = []
  private var nodes: [Node] = []
  /// Tokens of each open hypothesis.
  private var length = 0
  private let request: BeamSearch.Request
  private let options: SearchOptions
  private let specials: BeamSearch.Specials
  private let keepsAttention: Bool

  init(
    _ request: BeamSearch.Request, _ options: SearchOptions, _ specials: BeamSearch.Specials,
    keepsAttention: Bool
  ) {
    self.request = request
    self.options = options
    self.specials = specials
    self.keepsAttention = keepsAttention
    open = (0..<options.groups).map {
      Open(node: nil, logProbability: 0, group: $0, coverage: [])
    }
  }

  var isDone: Bool { open.isEmpty }

  /// The last token of each open hypothesis.
  var lastTokens: [Int32] { open.map { $0.node.map { nodes[$0].token } ?? specials.start } }

  /// Goes on by one token.
  ///
  /// - Parameters:
  ///   - scores: ln p [M, V] of the next tokens, of which `rows` are this sentence's.
  ///   - weights: what was attended to, [M, S], and this sentence's own steps of the source.
  mutating func advance(
    _ scores: DecoderEnsemble.Scores, rows: Range<Int>, vocabularySize: Int,
    weights: (Tensor, length: Int)?
  ) {
    let attended = open.indices.map { index -> [Float] in
      guard let (weights, count) = weights else { return [] }
      let first = (rows.lowerBound + index) * weights.shape[1]
      return weights.withUnsafeBufferPointer { Array($0[first..<first + count]) }
    }
    var next: [Open] = []
    var nextParents: [Int] = []
    var chosen: [Int32: Int] = [:]
    let size = options.beamSize / options.groups
    for group in 0..<options.groups {
      let candidates = candidates(
        of: group, scores, firstRow: rows.lowerBound, vocabularySize: vocabularySize,
        limit: 2 * size, chosen: chosen)
      var kept = 0
      for (place, candidate) in candidates.enumerated() where kept < size {
        // What ends and is not among the best K has been beaten already.
        if candidate.token == specials.end, place >= size { continue }
        let parent = open[candidate.parent]
        nodes.append(
          Node(
            parent: parent.node ?? -1, token: candidate.token,
            logProbability: candidate.logProbability,
            attention: keepsAttention ? attended[candidate.parent] : []))
        let logProbability = parent.logProbability + Double(candidate.logProbability)
        let coverage = added(parent.coverage, attended[candidate.parent])
        chosen[candidate.token, default: 0] += 1
        if candidate.token == specials.end {
          complete.append(
            Complete(
              node: nodes.count - 1, score: score(logProbability, length + 1, coverage)))
        } else {
          next.append(
            Open(
              node: nodes.count - 1, logProbability: logProbability, group: group,
              coverage: coverage))
          nextParents.append(candidate.parent)
          kept += 1
        }
      }
    }
    length += 1
    (open, parents) = isDecided(next) ? ([], []) : (next, nextParents)
  }

  /// Whether no hypothesis that is open can be better than the complete ones that are asked for.
  private func isDecided(_ next: [Open]) -> Bool {
    if complete.count >= options.beamSize { return true }
    guard complete.count >= options.best else { return false }
    // What has been said can only become less likely, and is divided by the most at the greatest length.
    // Coverage can but take something off.
    let divisor = options.lengthPenalty.divisor(request.lengths.upperBound + 1)
    let bound = next.map(\.logProbability).max().map { $0 / divisor } ?? -.infinity
    let scores = complete.map(\.score).sorted(by: >)
    return scores[options.best - 1] >= bound
  }

  private func added(_ coverage: [Float], _ attended: [Float]) -> [Float] {
    guard options.coveragePenalty > 0 else { return [] }
    return coverage.isEmpty ? attended : zip(coverage, attended).map(+)
  }

  private func score(_ logProbability: Double, _ count: Int, _ coverage: [Float]) -> Double {
    let penalty =
      options.coveragePenalty > 0
      ? options.coveragePenalty
        * coverage.reduce(0.0) { $0 + log(Double(min(max($1, 1e-10), 1))) } : 0
    return logProbability / options.lengthPenalty.divisor(count) + penalty
  }

  /// The best ways in which the hypotheses of a group go on.
  private func candidates(
    of group: Int, _ scores: DecoderEnsemble.Scores, firstRow: Int, vocabularySize: Int,
    limit: Int, chosen: [Int32: Int]
  ) -> [Candidate] {
    var best = BestCandidates(limit: limit)
    scores.greatest.withUnsafeBufferPointer { greatest in
      let sums = scores.sums?.sharedPointer
      guard let greatest = greatest.baseAddress else { return }
      func offer(_ token: Int32, after parent: Int) {
        let place = (firstRow + parent) * vocabularySize + Int(token)
        let own = scores.logProbability(place, greatest, sums)
        // A network that has gone astray says NaN of all tokens, and one that excludes all but some
        // -inf: neither is a way to go on.
        guard own > -.infinity else { return }
        var rank = open[parent].logProbability + Double(own)
        if let times = chosen[token] { rank -= options.diversity * Double(times) }
        best.offer(Candidate(rank: rank, parent: parent, token: token, logProbability: own))
      }
      for (parent, hypothesis) in open.enumerated() where hypothesis.group == group {
        let first = (firstRow + parent) * vocabularySize
        let before = hypothesis.logProbability
        if let only = onlyToken {
          offer(only, after: parent)
          continue
        }
        let banned = bannedTokens(after: hypothesis)
        for token in 0..<vocabularySize {
          guard before + Double(greatest[first + token]) > best.threshold,
            !banned.contains(Int32(token))
          else { continue }
          offer(Int32(token), after: parent)
        }
      }
      guard best.items.isEmpty, onlyToken == nil else { return }
      // Where all else is banned a hypothesis may end, however short it is.
      for (parent, hypothesis) in open.enumerated() where hypothesis.group == group {
        offer(specials.end, after: parent)
      }
    }
    withExtendedLifetime(scores) {}
    return best.items
  }

  /// The token that has to come now; nil if several may.
  private var onlyToken: Int32? {
    if length < request.prefix.count { return request.prefix[length] }
    return length >= request.lengths.upperBound ? specials.end : nil
  }

  /// Tokens that must not come after a hypothesis.
  private func bannedTokens(after hypothesis: Open) -> [Int32] {
    options.bannedTokens(request, specials, length: length) {
      hypothesis.node.map { path(to: $0).map { nodes[$0].token } } ?? []
    }
  }

  /// The nodes of a hypothesis from the first to the last.
  private func path(to node: Int) -> [Int] {
    var (path, node) = ([Int](), node)
    while node >= 0 {
      path.append(node)
      node = nodes[node].parent
    }
    return path.reversed()
  }

  /// What was found, the best first, those of equal score in the order in which they ended.
  var best: [Hypothesis] {
    let order = complete.indices.sorted {
      (-complete[$0].score, $0) < (-complete[$1].score, $1)
    }
    return order.prefix(options.best).map { index in
      let path = path(to: complete[index].node)
      return Hypothesis(
        tokens: path.dropLast().map { nodes[$0].token },
        tokenLogProbabilities: path.map { nodes[$0].logProbability },
        score: complete[index].score,
        attention: keepsAttention ? path.map { nodes[$0].attention } : [])
    }
  }
}
