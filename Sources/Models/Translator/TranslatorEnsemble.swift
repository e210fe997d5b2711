import Corpora
import Recurrent
import Tensors

/// A target that was found for a source.
public struct Translation: Sendable {
  /// The text.
  public var text: String
  /// The tokens, their probabilities and what they attended to.
  public var hypothesis: Hypothesis
}

/// Translators that translate together, or one by itself.
///
/// The models may differ in all but the target's units and vocabulary: each reads the source in its own way.
public struct TranslatorEnsemble: Sendable {
  /// The models.
  public let models: [Translator]
  /// What each of them counts.
  public let weights: [Double]

  /// The tokens of a source that are read at once: a longer one is translated in equal pieces of at most as
  /// many, one after the other, so that memory stays bounded.
  public static let longestSource = 1000
  /// Hypotheses, of all sentences, that advance together.
  private static let batchRows = 512
  /// Places S·B of the sources that are read together.
  private static let batchTokens = 8192

  /// An ensemble of at least one model.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for models of different targets, and for weights that are
  /// not as many or not above zero.
  public init(_ models: [Translator], weights: [Double]? = nil) throws(ModelError) {
    guard let first = models.first else {
      throw .invalidConfiguration("an ensemble has at least one model")
    }
    for (number, model) in models.enumerated().dropFirst() {
      guard model.targetUnits == first.targetUnits,
        model.targetVocabulary.hasSameIDs(as: first.targetVocabulary)
      else {
        throw .invalidConfiguration(
          "model \(number + 1) of the ensemble has another target vocabulary "
            + "(\(model.targetVocabulary.count) tokens) than the first "
            + "(\(first.targetVocabulary.count)), expected the same")
      }
    }
    let weights = weights ?? Array(repeating: 1, count: models.count)
    guard weights.count == models.count else {
      throw .invalidConfiguration(
        "\(weights.count) weights for \(models.count) models, expected one each")
    }
    if let weight = weights.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw .invalidConfiguration("the weight of a model is above 0, not \(weight)")
    }
    self.models = models
    self.weights = weights
  }

  /// The best targets of each source, the best first.
  ///
  /// What is found for a source does not depend on the others. A source of no tokens is translated too: an
  /// encoder reads its `</s>`.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for options that make no sense.
  ///
  /// - Parameters:
  ///   - prefixes: what the target of each source begins with; nil for nothing.
  ///   - keepsAttention: whether the targets tell what they attended to.
  ///   - replacesUnknown: whether the text has, in the place of `<unk>`, what was attended to most.
  public func translate(
    _ sources: [String], _ options: SearchOptions = SearchOptions(), prefixes: [String]? = nil,
    keepsAttention: Bool = false, replacesUnknown: Bool = false
  ) throws(ModelError) -> [[Translation]] {
    if let fault = options.fault { throw .invalidConfiguration(fault) }
    return translate(
      sources, prefixes, options, keepsAttention: keepsAttention, replacesUnknown: replacesUnknown
    ) { pieces in
      search(pieces, options, keepsAttention: keepsAttention || replacesUnknown)
    }
  }

  /// `options.best` targets of each source, drawn from what the models say.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for options that make no sense.
  ///
  /// - Parameters:
  ///   - key: where random numbers come from; source i has those of branch `first` + i, so what is drawn for it
  ///     depends on its place alone.
  public func sample(
    _ sources: [String], _ sampling: Sampling, _ options: SearchOptions = SearchOptions(),
    prefixes: [String]? = nil, key: RandomKey, first: Int = 0
  ) throws(ModelError) -> [[Translation]] {
    if let fault = options.fault { throw .invalidConfiguration(fault) }
    return translate(sources, prefixes, options, keepsAttention: false, replacesUnknown: false) {
      pieces in
      let search = SampledSearch(
        ensemble: decoders(options), sampling: sampling, options: options, specials: specials)
      return inBatches(pieces, options.best) { batch in
        search.run(
          encoded(batch), batch.map(\.request),
          keys: batch.map { key.child(first + $0.source).child($0.part) })
      }
    }
  }

  private func translate(
    _ sources: [String], _ prefixes: [String]?, _ options: SearchOptions, keepsAttention: Bool,
    replacesUnknown: Bool, _ search: ([Piece]) -> [[Hypothesis]]
  ) -> [[Translation]] {
    precondition(
      prefixes.map { $0.count == sources.count } ?? true, "a prefix for each of \(sources.count)")
    let pieces = sources.indices.flatMap { index in
      self.pieces(of: sources[index], index, prefix: prefixes?[index])
    }
    let found = search(pieces)
    var result = [[Hypothesis]?](repeating: nil, count: sources.count)
    for (piece, hypotheses) in zip(pieces, found) {
      result[piece.source] = joined(result[piece.source], hypotheses, options)
    }
    return zip(sources, result).map { source, hypotheses in
      let units = replacesUnknown ? models[0].sourceUnits.units(of: source) : []
      return (hypotheses ?? []).map { hypothesis in
        var kept = hypothesis
        let text = self.text(hypothesis, replacingFrom: units)
        if !keepsAttention { kept.attention = [] }
        return Translation(text: text, hypothesis: kept)
      }
    }
  }

  /// A part of a source as each model reads it.
  private struct Piece {
    let source: Int
    /// Its number among those of its source.
    let part: Int
    /// By model.
    let tokens: [[Int32]]
    let prefix: [Int32]

    var request: BeamSearch.Request {
      BeamSearch.Request(sourceCount: tokens[0].count, prefix: prefix)
    }
  }

  private func pieces(of source: String, _ index: Int, prefix: String?) -> [Piece] {
    let tokens = models.map { $0.sourceTokens(source) }
    let longest = tokens.map(\.count).max() ?? 0
    let count = max(1, (longest + Self.longestSource - 1) / Self.longestSource)
    let prefix = prefix.map(models[0].targetTokens) ?? []
    return (0..<count).map { part in
      Piece(
        source: index, part: part,
        tokens: tokens.map {
          Array($0[$0.count * part / count..<$0.count * (part + 1) / count])
        }, prefix: part == 0 ? prefix : [])
    }
  }

  /// Hypotheses of one piece behind those of the pieces before it, the best behind the best and so on.
  private func joined(
    _ before: [Hypothesis]?, _ hypotheses: [Hypothesis], _ options: SearchOptions
  ) -> [Hypothesis] {
    guard let before else { return hypotheses }
    return zip(before, hypotheses).map { first, second in
      var whole = first
      whole.tokens += second.tokens
      whole.tokenLogProbabilities += second.tokenLogProbabilities
      whole.attention += second.attention
      whole.score =
        whole.logProbability
        / options.lengthPenalty.divisor(whole.tokenLogProbabilities.count)
      return whole
    }
  }

  private func search(
    _ pieces: [Piece], _ options: SearchOptions, keepsAttention: Bool
  ) -> [[Hypothesis]] {
    let search = BeamSearch(
      ensemble: decoders(options), options: options, specials: specials,
      keepsAttention: keepsAttention)
    return inBatches(pieces, options.beamSize) { search.run(encoded($0), $0.map(\.request)) }
  }

  private func decoders(_ options: SearchOptions) -> DecoderEnsemble {
    DecoderEnsemble(
      decoders: models.map(\.decoder),
      reversed: models.map(\.configuration.encoder.reversesSource),
      weights: weights.map { Float($0) }, mean: options.mean)
  }

  private var specials: BeamSearch.Specials {
    let own = models[0].specials
    return BeamSearch.Specials(start: own.start, end: own.end, unknown: own.unknown)
  }

  /// What each model makes of some pieces.
  private func encoded(_ pieces: [Piece]) -> [EncodedSource] {
    models.indices.map { model in
      models[model].encode(pieces.map { $0.tokens[model] }, mode: .prediction)
    }
  }

  /// Searches for the targets of pieces of nearly equal length at a time, `rows` hypotheses each.
  private func inBatches(
    _ pieces: [Piece], _ rows: Int, _ search: ([Piece]) -> [[Hypothesis]]
  ) -> [[Hypothesis]] {
    // There are no pieces without a step.
    let batches = try? LengthBatches(
      lengths: pieces.map { ($0.tokens.map(\.count).max() ?? 0) + 1 },
      batch: max(1, Self.batchRows / rows), maximumTokens: Self.batchTokens)
    var found = [[Hypothesis]](repeating: [], count: pieces.count)
    for batch in batches?.sorted ?? [] {
      for (index, hypotheses) in zip(batch, search(batch.map { pieces[$0] })) {
        found[index] = hypotheses
      }
    }
    return found
  }

  private func text(_ hypothesis: Hypothesis, replacingFrom units: [String]) -> String {
    let model = models[0]
    guard !units.isEmpty, !hypothesis.attention.isEmpty else {
      return model.targetText(hypothesis.tokens)
    }
    let written = hypothesis.tokens.enumerated().map { place, token -> String in
      guard token == model.specials.unknown else { return model.targetVocabulary.token(token) }
      let weights = hypothesis.attention[place].prefix(units.count)
      guard let best = weights.indices.max(by: { (weights[$0], $1) < (weights[$1], $0) }) else {
        return model.targetVocabulary.token(token)
      }
      return units[best]
    }
    return model.targetUnits.text(of: written)
  }
}
