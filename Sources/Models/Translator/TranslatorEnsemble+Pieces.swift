// Sources that are too long to be read at once, and their targets put together.

/// A source, or a part of one, as each model reads it.
struct SourcePiece {
  /// Which source.
  let source: Int
  /// Its number among those of its source.
  let part: Int
  /// By model.
  let tokens: [[Int32]]
  /// Of the source's tokens, as the first model reads it, those before the piece, and all of them.
  let (offset, total): (Int, Int)
  let request: BeamSearch.Request
}

extension TranslatorEnsemble {
  /// The tokens of a source that are read at once: a longer one is translated in equal pieces of at most as
  /// many, one after the other, so that memory stays bounded.
  public static let longestSource = 1000

  /// The sources cut into pieces, most of them into one.
  func pieces(
    _ sources: [String], _ prefixes: [String]?, _ options: SearchOptions
  ) -> [SourcePiece] {
    precondition(
      prefixes.map { $0.count == sources.count } ?? true, "a prefix for each of \(sources.count)")
    return sources.enumerated().flatMap { index, source -> [SourcePiece] in
      let tokens = models.map { $0.sourceTokens(source) }
      let longest = tokens.map(\.count).max() ?? 0
      let count = max(1, (longest + Self.longestSource - 1) / Self.longestSource)
      let prefix = prefixes.map { models[0].targetTokens($0[index]) } ?? []
      return (0..<count).map { part in
        func start(_ part: Int, _ tokens: [Int32]) -> Int { tokens.count * part / count }
        let own = tokens.map { Array($0[start(part, $0)..<start(part + 1, $0)]) }
        return SourcePiece(
          source: index, part: part, tokens: own, offset: start(part, tokens[0]),
          total: tokens[0].count,
          request: BeamSearch.Request(
            options, sourceCount: own[0].count, prefix: part == 0 ? prefix : [], part: part,
            of: count))
      }
    }
  }

  /// What was found for the pieces of each of `count` sources, put together.
  func joined(
    _ pieces: [SourcePiece], _ found: [[Hypothesis]], _ count: Int, _ options: SearchOptions
  ) -> [[Hypothesis]] {
    var result = [[Hypothesis]](repeating: [], count: count)
    for (piece, hypotheses) in zip(pieces, found) {
      let placed = hypotheses.map { $0.placed(in: piece) }
      let before = result[piece.source]
      // The best behind the best and so on. Where one piece has fewer, its last serves for the rest.
      result[piece.source] =
        before.isEmpty || placed.isEmpty
        ? before + placed
        : (0..<max(before.count, placed.count)).map {
          before[min($0, before.count - 1)].followed(
            by: placed[min($0, placed.count - 1)], options.lengthPenalty)
        }
    }
    return result
  }
}

extension Hypothesis {
  /// The same with what was attended to as a weight for each token of the whole source, and for its `</s>`.
  fileprivate func placed(in piece: SourcePiece) -> Hypothesis {
    let own = piece.tokens[0].count
    guard own < piece.total else { return self }
    var placed = self
    placed.attention = attention.map { row in
      var whole = [Float](repeating: 0, count: piece.total + 1)
      whole.replaceSubrange(piece.offset..<piece.offset + own, with: row[..<own])
      whole[piece.total] = row[own]
      return whole
    }
    return placed
  }

  /// The target of one piece behind those of the pieces before it, whose `</s>` is left out.
  fileprivate func followed(by next: Hypothesis, _ penalty: LengthPenalty) -> Hypothesis {
    /// What coverage has taken off.
    func coverage(_ hypothesis: Hypothesis) -> Double {
      hypothesis.score
        - hypothesis.logProbability / penalty.divisor(hypothesis.tokenLogProbabilities.count)
    }
    var whole = self
    whole.tokens += next.tokens
    whole.tokenLogProbabilities = tokenLogProbabilities.dropLast() + next.tokenLogProbabilities
    whole.attention = attention.dropLast() + next.attention
    whole.score =
      whole.logProbability / penalty.divisor(whole.tokenLogProbabilities.count) + coverage(self)
      + coverage(next)
    return whole
  }
}
