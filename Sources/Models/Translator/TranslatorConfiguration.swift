import Recurrent

/// The architecture of a ``Translator``.
public struct TranslatorConfiguration: Sendable, Hashable {
  /// What reads the source.
  public var encoder: EncoderConfiguration
  /// What writes the target.
  public var decoder: SequenceDecoderConfiguration
  /// Whether source and target have one vocabulary and one table of vectors.
  public var sharesVectors: Bool

  /// A configuration; `validate` checks it.
  public init(
    encoder: EncoderConfiguration, decoder: SequenceDecoderConfiguration,
    sharesVectors: Bool = false
  ) {
    self.encoder = encoder
    self.decoder = decoder
    self.sharesVectors = sharesVectors
  }

  /// Of what sizes the encoder's results come.
  var source: SequenceDecoder.SourceSizes {
    SequenceDecoder.SourceSizes(
      memory: encoder.stack.outputSize, states: encoder.stack.stateParts)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    if let fault = encoder.fault ?? decoder.fault(memorySize: encoder.stack.outputSize) {
      throw .invalidConfiguration(fault)
    }
    guard !sharesVectors || encoder.embeddingSize == decoder.embeddingSize else {
      throw .invalidConfiguration(
        "shared vectors have one size: \(encoder.embeddingSize) and \(decoder.embeddingSize)")
    }
  }

  /// The names and shapes of all parameters.
  func tensorShapes(source: Int, target: Int) -> [(name: String, shape: [Int])] {
    [(Translator.embeddingName, [source, encoder.embeddingSize])]
      + encoder.stack.parameterShapes(prefix: "encoder")
      + SequenceDecoder.tensorShapes(
        decoder, vocabularySize: target, source: self.source, sharesEmbedding: sharesVectors)
  }
}
