import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension CaptionerEnsemble {
  /// The column of a language in the captions of neighbours.
  ///
  /// Throws ``ModelError`` for neighbours that the models cannot see, without that language, or with numbers that
  /// make no sense.
  func column(of language: String, in neighbors: CaptionNeighbors) throws(ModelError) -> Int {
    if let fault = neighbors.fault { throw .invalidConfiguration(fault) }
    for model in models { try model.check(neighbors.data.pictures) }
    guard let column = neighbors.data.languages.firstIndex(of: language) else {
      throw .unusableText("the neighbours have no captions in \(language.debugDescription)")
    }
    return column
  }

  /// The captions of each picture that have most in common with what was found and with what its neighbours say,
  /// the best first; see ``CaptionNeighbors``.
  ///
  /// - Parameters:
  ///   - found: of each picture, with their probabilities.
  ///   - pictures: the pictures, as an encoder reads them.
  ///   - search: what has found them.
  ///   - best: how many are given.
  func consensus(
    of found: [[Hypothesis]], _ votes: [[CaptionNeighbors.Vote]], _ pictures: Tensor,
    _ search: BeamSearch, _ best: Int
  ) -> [[Caption]] {
    let first = models[0]
    var texts: [[[Int32]: String]] = []
    var known: [[[Int32]: Hypothesis]] = []
    var ranked: [[(tokens: [Int32], agreement: Double)]] = []
    for (hypotheses, votes) in zip(found, votes) {
      var (text, own) = ([[Int32]: String](), [[Int32]: Hypothesis]())
      var consensus = Consensus()
      let greatest = hypotheses.map(\.logProbability).max() ?? 0
      let total = hypotheses.reduce(0) { $0 + exp($1.logProbability - greatest) }
      for hypothesis in hypotheses {
        own[hypothesis.tokens] = own[hypothesis.tokens] ?? hypothesis
        consensus.add(
          hypothesis.tokens, weight: exp(hypothesis.logProbability - greatest) / total)
      }
      for vote in votes {
        let tokens = first.tokens(vote.caption)
        // As it is written, should there be a word that the models do not know.
        text[tokens] = text[tokens] ?? vote.caption
        consensus.add(tokens, weight: vote.weight)
      }
      texts.append(text)
      known.append(own)
      ranked.append(Array(consensus.ranked.prefix(best)))
    }
    // What the models say of captions that they have not found themselves.
    let others = ranked.indices.flatMap { picture in
      ranked[picture].map(\.tokens).filter { known[picture][$0] == nil }.map { (picture, $0) }
    }
    for ((picture, tokens), hypothesis) in zip(others, scored(others, pictures, search)) {
      known[picture][tokens] = hypothesis
    }
    return ranked.indices.map { picture in
      ranked[picture].compactMap { tokens, agreement in
        guard var hypothesis = known[picture][tokens] else { return nil }
        hypothesis.score = agreement
        return Caption(text: texts[picture][tokens] ?? first.text(tokens), hypothesis: hypothesis)
      }
    }
  }

  /// Given captions of pictures, with the probabilities of their tokens; nil where these are no numbers.
  private func scored(
    _ captions: [(picture: Int, tokens: [Int32])], _ pictures: Tensor, _ search: BeamSearch
  ) -> [Hypothesis?] {
    guard !captions.isEmpty else { return [] }
    let rows = captions.map { Int32($0.picture) }
    let options = SearchOptions(
      beamSize: 1, lengthPenalty: search.options.lengthPenalty, maximumLength: 0,
      mean: search.options.mean)
    let forced = BeamSearch(
      ensemble: search.ensemble, options: options, specials: search.specials,
      keepsAttention: search.keepsAttention)
    return forced.run(
      models.map { $0.encode(pictures, rows: rows, mode: .prediction) },
      captions.map { BeamSearch.Request(options, sourceCount: 0, prefix: $0.tokens) }
    ).map(\.first)
  }
}
