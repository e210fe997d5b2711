import Corpora
import Recurrent
import Tensors

/// An encoder-decoder: reads a source, a text or a word letter by letter, and writes a target,
/// p(y | x) = Π_t p(y_t | y_1 … y_{t-1}, x).
///
/// ```
/// m_1 … m_S = RNN(x_1 … x_S </s>), or from the last to the first, or from both ends
/// ```
/// and the target is a language model that is told of m; see ``SequenceDecoderConfiguration`` for the ways
/// in which it is (Sutskever et al. 2014; Cho et al. 2014; Bahdanau et al. 2015; Luong et al. 2015).
public struct Translator: Module {
  /// The architecture.
  public let configuration: TranslatorConfiguration
  /// What cuts a source into tokens.
  public let sourceUnits: Segmenter
  /// What cuts a target into tokens, and puts one together.
  public let targetUnits: Segmenter
  /// The source's tokens, `<unk>`, `<s>` and `</s>` among them.
  public let sourceVocabulary: Vocabulary
  /// The target's tokens, `<unk>`, `<s>` and `</s>` among them.
  public let targetVocabulary: Vocabulary
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  let embedding: Embedding
  let encoder: RecurrentStack
  let decoder: SequenceDecoder
  let specials: SpecialTokens
  private let summary: SequencePooling

  static let embeddingName = "source_embedding.weight"

  public var parameters: [Parameter] {
    embedding.parameters + encoder.parameters + decoder.parameters
  }

  /// The ids of the tokens that have a role.
  struct SpecialTokens {
    let sourceEnd, sourceUnknown: Int32
    let start, end, unknown: Int32
  }

  /// A fresh translator of given vocabularies.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)`` if these make no model.
  public init(
    _ configuration: TranslatorConfiguration, sourceUnits: Segmenter, targetUnits: Segmenter,
    sourceVocabulary: Vocabulary, targetVocabulary: Vocabulary,
    initialization: ModelInitialization = ModelInitialization(), key: RandomKey
  ) throws(ModelError) {
    let blueprint = Blueprint(
      architecture: configuration, sourceUnits: sourceUnits, targetUnits: targetUnits,
      sourceVocabulary: sourceVocabulary, targetVocabulary: targetVocabulary)
    try self.init(blueprint, initialization: initialization, key: key)
  }

  init(
    _ blueprint: Blueprint, initialization: ModelInitialization, key: RandomKey
  ) throws(ModelError) {
    try Self.validate(blueprint)
    configuration = blueprint.architecture
    sourceUnits = blueprint.sourceUnits
    targetUnits = blueprint.targetUnits
    sourceVocabulary = blueprint.sourceVocabulary
    targetVocabulary = blueprint.targetVocabulary ?? blueprint.sourceVocabulary
    // Checked just now.
    specials = SpecialTokens(
      sourceEnd: sourceVocabulary.end ?? 0, sourceUnknown: sourceVocabulary.unknown ?? 0,
      start: targetVocabulary.start ?? 0, end: targetVocabulary.end ?? 0,
      unknown: targetVocabulary.unknown ?? 0)
    embedding = Embedding(
      vocabularySize: sourceVocabulary.count, size: configuration.encoder.embeddingSize,
      name: Self.embeddingName, range: initialization.embeddingRange, key: key.child(0))
    encoder = RecurrentStack(
      configuration.encoder.stack, prefix: "encoder", initialization: initialization.gates,
      key: key.child(1))
    decoder = SequenceDecoder(
      configuration.decoder, counts: targetVocabulary.counts, source: configuration.source,
      sharing: configuration.sharesVectors ? embedding : nil, initialization: initialization,
      key: key.child(2))
    summary = SequencePooling(
      .last, size: encoder.outputSize, isBidirectional: configuration.encoder.isBidirectional,
      attentionSize: 1, key: key)
  }

  /// The tokens of a source text, without `</s>`.
  public func sourceTokens(_ text: String) -> [Int32] { sourceTokens(sourceUnits.units(of: text)) }

  /// The tokens of a source's units.
  func sourceTokens(_ units: [String]) -> [Int32] {
    units.map { sourceVocabulary.id(of: $0) ?? specials.sourceUnknown }
  }

  /// The tokens of a target text, without `<s>` and `</s>`.
  public func targetTokens(_ text: String) -> [Int32] { targetTokens(targetUnits.units(of: text)) }

  /// The tokens of a target's units.
  func targetTokens(_ units: [String]) -> [Int32] {
    units.map { targetVocabulary.id(of: $0) ?? specials.unknown }
  }

  /// The text of target tokens.
  public func targetText(_ tokens: some Sequence<Int32>) -> String {
    targetUnits.text(of: tokens.map(targetVocabulary.token))
  }

  /// Reads sources, each closed by `</s>`, so that there is always something to read.
  func encode(_ sources: [[Int32]], mode: Mode) -> EncodedSource {
    let (batch, lengths) = (sources.count, sources.map { Int32($0.count + 1) })
    let steps = Int(lengths.max() ?? 1)
    var tokens = [Int32](repeating: specials.sourceEnd, count: steps * batch)
    for (row, source) in sources.enumerated() {
      let order = configuration.encoder.reversesSource ? source.reversed() : source
      for (step, token) in order.enumerated() { tokens[step * batch + row] = token }
    }
    let rates = configuration.encoder.dropout
    let vectors = embedding(
      tokens, steps: steps, dropout: rates.embedding, mode: mode.child(0))
    let dropped =
      rates.isVariational
      ? vectors.variationalDropout(rates.input, mode: mode.child(1))
      : vectors.dropout(rates.input, mode: mode.child(1))
    let padded = lengths.contains { $0 < steps } ? lengths : nil
    let (outputs, last) = encoder.run(dropped, lengths: padded, mode: mode.child(2))
    return EncodedSource(
      memory: outputs, lengths: padded, summary: summary(outputs, lengths: padded, mode: mode),
      states: last.layers)
  }
}
