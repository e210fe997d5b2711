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
    self.models = models
    self.weights = try weightsOfModels(weights, count: models.count)
  }

  /// Whether the models tell together what they attended to: all of them attend, and read the same units.
  public var attendsTogether: Bool {
    models.allSatisfy {
      $0.configuration.decoder.context.attends && $0.sourceUnits == models[0].sourceUnits
    }
  }

  /// The best targets of each source, the best first.
  ///
  /// What is found for a source does not depend on the others. A source of no tokens is translated too: an
  /// encoder reads its `</s>`. A source of more than ``longestSource`` tokens is translated in pieces, whose
  /// targets share in the least and the most tokens.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for options that make no sense, as a coverage penalty does
  /// where the models do not attend together.
  ///
  /// - Parameters:
  ///   - prefixes: what the target of each source begins with; nil for nothing.
  ///   - keepsAttention: whether the targets tell what they attended to, if the models attend together.
  ///   - replacesUnknown: whether the text has, in the place of `<unk>`, what was attended to most.
  public func translate(
    _ sources: [String], _ options: SearchOptions = SearchOptions(), prefixes: [String]? = nil,
    keepsAttention: Bool = false, replacesUnknown: Bool = false
  ) throws(ModelError) -> [[Translation]] {
    if let fault = options.fault { throw .invalidConfiguration(fault) }
    guard attendsTogether || options.coveragePenalty == 0 else {
      throw .invalidConfiguration(
        "a coverage penalty is for models that attend, and that read the same units of a source")
    }
    let pieces = pieces(sources, prefixes, options)
    let search = BeamSearch(
      ensemble: decoders(options), options: options, specials: specials,
      keepsAttention: attendsTogether && (keepsAttention || replacesUnknown))
    let found = inBatches(pieces, options.beamSize) {
      search.run(encoded($0), $0.map(\.request))
    }
    return joined(pieces, found, sources.count, options).enumerated().map { index, hypotheses in
      // Stable: of equal ones, what was the better in the first piece stays it.
      hypotheses.enumerated().sorted {
        (-$0.element.score, $0.offset) < (-$1.element.score, $1.offset)
      }
      .map { _, hypothesis in
        var kept = hypothesis
        let text = text(
          hypothesis, prefix: prefixes?[index],
          replacingFrom: replacesUnknown ? sources[index] : nil)
        if !keepsAttention { kept.attention = [] }
        return Translation(text: text, hypothesis: kept)
      }
    }
  }

  /// `options.best` targets of each source, drawn from what the models say.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for options that make no sense; see
  /// ``SearchOptions/samplingFault``.
  ///
  /// - Parameters:
  ///   - key: where random numbers come from; source i has those of branch `first` + i, so what is drawn for it
  ///     depends on its place alone.
  public func sample(
    _ sources: [String], _ sampling: Sampling, _ options: SearchOptions = SearchOptions(),
    prefixes: [String]? = nil, key: RandomKey, first: Int = 0
  ) throws(ModelError) -> [[Translation]] {
    if let fault = options.samplingFault { throw .invalidConfiguration(fault) }
    let pieces = pieces(sources, prefixes, options)
    let search = SampledSearch(
      ensemble: decoders(options), sampling: sampling, options: options, specials: specials)
    let found = inBatches(pieces, options.best) { batch in
      search.run(
        encoded(batch), batch.map(\.request),
        keys: batch.map { key.child(first + $0.source).child($0.part) })
    }
    return joined(pieces, found, sources.count, options).enumerated().map { index, hypotheses in
      hypotheses.map {
        Translation(text: text($0, prefix: prefixes?[index], replacingFrom: nil), hypothesis: $0)
      }
    }
  }

  private func decoders(_ options: SearchOptions) -> DecoderEnsemble {
    DecoderEnsemble(
      decoders: models.map(\.decoder),
      reversed: models.map(\.configuration.encoder.reversesSource),
      weights: weights, mean: options.mean)
  }

  private var specials: BeamSearch.Specials {
    let own = models[0].specials
    return BeamSearch.Specials(start: own.start, end: own.end, unknown: own.unknown)
  }

  /// What each model makes of some pieces.
  private func encoded(_ pieces: [SourcePiece]) -> [EncodedSource] {
    models.indices.map { model in
      models[model].encode(pieces.map { $0.tokens[model] }, mode: .prediction)
    }
  }

  /// Searches for the targets of pieces of nearly equal length at a time, `rows` hypotheses each.
  private func inBatches(
    _ pieces: [SourcePiece], _ rows: Int, _ search: ([SourcePiece]) -> [[Hypothesis]]
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
}
