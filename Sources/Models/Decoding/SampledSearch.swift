import Recurrent
import Tensors

/// Targets that are drawn from what the models say, token by token, in place of the likeliest ones.
struct SampledSearch {
  let ensemble: DecoderEnsemble
  let sampling: Sampling
  let options: SearchOptions
  let specials: BeamSearch.Specials

  /// `options.best` targets of each source, those of a source in the order in which they were drawn.
  ///
  /// - Parameter keys: where the random numbers of each source come from, whatever is drawn with it.
  func run(
    _ sources: [EncodedSource], _ requests: [BeamSearch.Request], keys: [RandomKey]
  ) -> [[Hypothesis]] {
    let begun = ensemble.begin(sources)
    var drawn: [Draw] = requests.indices.flatMap { source in
      (0..<options.best).map { Draw(source: source, key: keys[source].child($0)) }
    }
    var open = Array(drawn.indices)
    var state = begun.state
    var parents = RowSelection(drawn.map { Int32($0.source) }, of: requests.count)
    let size = ensemble.vocabularySize
    var step = 0
    while !open.isEmpty {
      let starts = (0...requests.count).map { source in
        open.count { drawn[$0].source < source }
      }
      let taken = ensemble.branch(
        open.map { drawn[$0].tokens.last ?? specials.start }, from: state, parents,
        begun.memories, starts: starts)
      var kept: [Int32] = []
      for (row, index) in open.enumerated() {
        draw(&drawn[index], requests[drawn[index].source], taken.scores, row: row, size, step)
        if drawn[index].tokens.last != specials.end { kept.append(Int32(row)) }
      }
      state = taken.state
      parents = RowSelection(kept, of: open.count)
      open = kept.map { open[Int($0)] }
      step += 1
    }
    return requests.indices.map { source in
      drawn.filter { $0.source == source }.map { draw in
        let logProbability = draw.logProbabilities.reduce(0) { $0 + Double($1) }
        return Hypothesis(
          tokens: Array(draw.tokens.dropLast()), tokenLogProbabilities: draw.logProbabilities,
          score: logProbability / options.lengthPenalty.divisor(draw.tokens.count))
      }
    }
  }

  /// A target that is being drawn.
  private struct Draw {
    let source: Int
    let key: RandomKey
    var tokens: [Int32] = []
    var logProbabilities: [Float] = []
  }

  private func draw(
    _ draw: inout Draw, _ request: BeamSearch.Request, _ scores: DecoderEnsemble.Scores, row: Int,
    _ size: Int, _ step: Int
  ) {
    let said = scores.greatest.withUnsafeBufferPointer { greatest -> [Float] in
      guard let base = greatest.baseAddress else { return [] }
      return (0..<size).map {
        scores.logProbability(row * size + $0, base, scores.sums?.sharedPointer)
      }
    }
    let token: Int32
    if step < request.prefix.count {
      token = request.prefix[step]
    } else if step >= request.lengths.upperBound {
      token = specials.end
    } else {
      let banned = options.bannedTokens(request, specials, length: step) { draw.tokens }
      // Where all else is banned it may end, however short it is.
      let isAnyLeft = (0..<size).contains { !banned.contains(Int32($0)) }
      token =
        isAnyLeft
        ? said.withUnsafeBufferPointer {
          sampling.draw(
            from: $0, excluding: banned, uniform: Double(draw.key.child(step).uniform(1)[0]))
        } : specials.end
    }
    draw.tokens.append(token)
    draw.logProbabilities.append(said[Int(token)])
  }
}
