import Corpora
import Recurrent
import Tensors

/// A caption that was found for a picture.
public struct Caption: Sendable, Equatable {
  /// The text.
  public var text: String
  /// The tokens, their probabilities and what they attended to: a weight for each place of the picture, from
  /// left to right and from above.
  public var hypothesis: Hypothesis
}

/// Captioners that write together, or one by itself.
///
/// The models may differ in all but units, vocabulary and languages.
public struct CaptionerEnsemble: Sendable {
  /// The models.
  public let models: [Captioner]
  /// What each of them counts.
  public let weights: [Double]

  /// An ensemble of at least one model.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` for models that write differently, or that see different
  /// things of a picture, and for weights that are not as many or not above zero.
  public init(_ models: [Captioner], weights: [Double]? = nil) throws(ModelError) {
    guard let first = models.first else {
      throw .invalidConfiguration("an ensemble has at least one model")
    }
    for (number, model) in models.enumerated().dropFirst() {
      if let fault = model.difference(from: first) {
        throw .invalidConfiguration("model \(number + 1) of the ensemble \(fault)")
      }
    }
    self.models = models
    self.weights = try weightsOfModels(weights, count: models.count)
  }

  /// Tokens of the longest caption, unless options say otherwise.
  private static let longest = 40
  /// Hypotheses, of all pictures, that advance together.
  private static let batchRows = 512

  /// Whether the models tell together what they attended to: all of them attend, and to the same places.
  public var attendsTogether: Bool {
    models.allSatisfy {
      $0.configuration.decoder.context.attends
        && $0.configuration.encoder.positions == models[0].configuration.encoder.positions
    }
  }

  /// The best captions of each picture, the best first. What is found for one does not depend on the others.
  ///
  /// Throws ``ModelError`` for options that make no sense, as a coverage penalty does where the models do not
  /// attend together, for pictures and a language that they do not take, and for neighbours without a column of
  /// that language.
  ///
  /// - Parameters:
  ///   - language: one of the models'; nil for their first.
  ///   - keepsAttention: whether the captions tell what they attended to.
  ///   - neighbors: known pictures that have a say; a caption's score is then the share that it has in common with
  ///     all that is likely, and captions of the neighbours are among those that are given.
  public func caption(
    _ pictures: PictureSet, language: String? = nil,
    _ options: SearchOptions = SearchOptions(allowsUnknown: false),
    keepsAttention: Bool = false, neighbors: CaptionNeighbors? = nil
  ) throws(ModelError) -> [[Caption]] {
    if let fault = options.fault { throw .invalidConfiguration(fault) }
    guard attendsTogether || options.coveragePenalty == 0 else {
      throw .invalidConfiguration(
        "a coverage penalty is for models that attend, and to the same places of a picture")
    }
    for model in models { try model.check(pictures) }
    let first = models[0]
    let place = language.map { first.languages.firstIndex(of: $0) } ?? 0
    guard let place else { throw first.unknownLanguage(language ?? "") }
    var column = 0
    if let neighbors { column = try self.column(of: first.languages[place], in: neighbors) }
    let found = neighbors == nil ? options.best : options.beamSize
    let search = search(options, language: place, best: found, keepsAttention: keepsAttention)
    let batch = max(1, min(Captioner.pictureBatch, Self.batchRows / options.beamSize))
    var result: [[Caption]] = []
    for start in stride(from: 0, to: pictures.count, by: batch) {
      let chosen = Array(start..<min(pictures.count, start + batch))
      let seen = pictures.tensor(chosen)
      let sources = models.map { $0.encode(seen, mode: .prediction) }
      let requests = chosen.map { _ in BeamSearch.Request(search.options, sourceCount: 0) }
      if let neighbors {
        let votes = neighbors.votes(on: pictures.subset(chosen), language: column)
        result += consensus(of: search.run(sources, requests), votes, seen, search, options.best)
      } else {
        result += search.run(sources, requests).map { found in
          found.map { Caption(text: first.text($0.tokens), hypothesis: $0) }
        }
      }
    }
    return result
  }

  /// A search for captions of one of the languages.
  private func search(
    _ options: SearchOptions, language: Int, best: Int, keepsAttention: Bool
  ) -> BeamSearch {
    let specials = models[0].specials
    var options = options
    options.best = best
    options.maximumLength = options.maximumLength ?? max(Self.longest, options.minimumLength)
    return BeamSearch(
      ensemble: DecoderEnsemble(
        decoders: models.map(\.decoder), reversed: models.map { _ in false },
        weights: weights, mean: options.mean), options: options,
      specials: BeamSearch.Specials(
        start: specials.starts[language], end: specials.end, unknown: specials.unknown,
        unwritten: specials.unwritten),
      keepsAttention: keepsAttention && attendsTogether)
  }
}

extension Captioner {
  /// Why it cannot write together with `first`, for the end of a sentence; nil if it can.
  fileprivate func difference(from first: Captioner) -> String? {
    if units != first.units || languages != first.languages
      || !vocabulary.hasSameIDs(as: first.vocabulary)
    {
      return
        "has another vocabulary (\(vocabulary.count) tokens) or other languages than the first "
        + "(\(first.vocabulary.count)), expected the same"
    }
    if imageSize != first.imageSize {
      return "takes other pictures than the first, expected the same"
    }
    return nil
  }
}
