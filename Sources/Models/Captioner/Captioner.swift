import Corpora
import Recurrent
import Tensors

/// Says what a picture shows: a decoder that is told of the picture, p(y | image) = Π_t p(y_t | y_1 … y_{t-1},
/// image) (Vinyals et al. 2015, "Show and Tell"), and that attends to its places, if it attends at all (Xu et al.
/// 2015, "Show, Attend and Tell").
///
/// ```
/// m_1 … m_S, x̄ = encode(image)       s_0 = bridge(x̄)
/// ```
/// The rest is as in a ``Translator``; see ``SequenceDecoderConfiguration`` for the ways in which the decoder
/// is told. Captions of several languages are of one decoder: what it reads first, `<en>` in the place of `<s>`,
/// tells it in which one to write (as Johnson et al. 2017 do with translations).
public struct Captioner: Module {
  /// The architecture.
  public let configuration: CaptionerConfiguration
  /// The languages, or whatever else tells kinds of captions apart; at least one.
  public let languages: [String]
  /// What cuts a caption into tokens, and puts one together.
  public let units: Segmenter
  /// The captions' tokens, `<unk>`, `<s>` and `</s>` among them, and one for each language if there are several.
  public let vocabulary: Vocabulary
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  /// Pixels a side of the pictures that it takes; nil where it takes features.
  public let imageSize: Int?
  let encoder: PictureEncoder
  let decoder: SequenceDecoder
  let specials: SpecialTokens

  public var parameters: [Parameter] { encoder.parameters + decoder.parameters }

  /// What looks at a picture.
  enum PictureEncoder: Module {
    case pixels(ImageEncoder)
    case features(FeatureEncoder)

    var parameters: [Parameter] {
      switch self {
      case .pixels(let encoder): encoder.parameters
      case .features(let encoder): encoder.parameters
      }
    }
  }

  /// The ids of the tokens that have a role.
  struct SpecialTokens {
    /// What a caption of each language begins with.
    let starts: [Int32]
    let end, unknown: Int32
    /// Those that no caption has in it: `<s>`, and what captions begin with.
    let unwritten: [Int32]
  }

  /// A fresh captioner of a given vocabulary.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` if these make no model.
  public init(
    _ configuration: CaptionerConfiguration, languages: [String], units: Segmenter,
    vocabulary: Vocabulary, initialization: ModelInitialization = ModelInitialization(),
    key: RandomKey
  ) throws(ModelError) {
    let blueprint = Blueprint(
      architecture: configuration, languages: languages, units: units, vocabulary: vocabulary)
    try self.init(blueprint, initialization: initialization, key: key)
  }

  init(
    _ blueprint: Blueprint, initialization: ModelInitialization, key: RandomKey
  ) throws(ModelError) {
    try Self.validate(blueprint)
    configuration = blueprint.architecture
    imageSize = configuration.encoder.imageSize
    languages = blueprint.languages
    units = blueprint.units
    vocabulary = blueprint.vocabulary
    // Checked just now.
    let starts = Self.startTokens(languages).map { [vocabulary] in vocabulary.id(of: $0) ?? 0 }
    specials = SpecialTokens(
      starts: starts, end: vocabulary.end ?? 0, unknown: vocabulary.unknown ?? 0,
      unwritten: starts + (vocabulary.start.map { [$0] } ?? []))
    let isZero = initialization.output == .zero
    encoder =
      switch configuration.encoder {
      case .pixels(let own): .pixels(ImageEncoder(own, isZero: isZero, key: key.child(0)))
      case .features(let own): .features(FeatureEncoder(own, isZero: isZero, key: key.child(0)))
      }
    decoder = SequenceDecoder(
      configuration.decoder, counts: vocabulary.counts, source: configuration.source,
      initialization: initialization, key: key.child(1))
  }

  /// What a caption of each language begins with: `<s>` where there is only one.
  static func startTokens(_ languages: [String]) -> [String] {
    languages.count == 1 ? [Vocabulary.Role.start.token] : languages.map { "<\($0)>" }
  }

  /// The tokens of a caption, without the first one and `</s>`.
  public func tokens(_ caption: String) -> [Int32] { tokens(units.units(of: caption)) }

  func tokens(_ units: [String]) -> [Int32] {
    units.map { vocabulary.id(of: $0) ?? specials.unknown }
  }

  /// The text of a caption's tokens.
  public func text(_ tokens: some Sequence<Int32>) -> String {
    units.text(of: tokens.map(vocabulary.token))
  }

  /// Throws ``ModelError/unusableText(_:)`` for pictures that are not what it takes.
  public func check(_ pictures: PictureSet) throws(ModelError) {
    switch (pictures.content, configuration.encoder) {
    case (.pixels(_, let size), .pixels(let own)):
      guard size == own.imageSize else {
        throw .unusableText(
          "pictures of \(size) pixels a side, expected \(own.imageSize) as the captioner takes them"
        )
      }
    case (.features(let features), .features(let own)):
      guard Array(features.shape[1...]) == [own.positions, own.inputSize] else {
        throw .unusableText(
          "\(features.shape[2]) features at \(features.shape[1]) places of a picture, expected "
            + "\(own.inputSize) at \(own.positions) as the captioner takes them")
      }
    case (.pixels, .features(let own)):
      throw .unusableText(
        "the captioner takes \(own.inputSize) features of a picture that another model has made, not "
          + "pixels")
    case (.features, .pixels):
      throw .unusableText("the captioner takes pixels of pictures, not features of them")
    }
  }

  /// Looks at pictures: pixels [B, size, size, 3] or features [B, S, D]. Row i of what is returned is picture
  /// `rows[i]`, so that one picture can have several captions; nil for each once.
  func encode(_ pictures: Tensor, rows: [Int32]? = nil, mode: Mode) -> EncodedSource {
    var (places, summary) =
      switch encoder {
      case .pixels(let encoder): encoder(Variable(pictures), mode: mode)
      case .features(let encoder): encoder(Variable(pictures), mode: mode)
      }
    if let rows {
      let shape = places.shape
      places = places.reshaped(to: [shape[0], shape[1] * shape[2]]).rows(at: rows)
        .reshaped(to: [rows.count, shape[1], shape[2]])
      summary = summary.rows(at: rows)
    }
    return EncodedSource(
      memory: places.swappingAxes(0, 1), lengths: nil, summary: summary,
      states: [RecurrentLayer.State(parts: [summary])])
  }
}
