import Recurrent

/// What a captioner sees of a picture.
public enum PictureEncoderConfiguration: Sendable, Hashable {
  /// Its pixels, by a net of our own that is trained with the rest.
  case pixels(ImageEncoderConfiguration)
  /// Features that another model has made.
  case features(FeatureEncoderConfiguration)

  /// Pixels a side of the pictures; nil for features.
  var imageSize: Int? {
    switch self {
    case .pixels(let encoder): encoder.imageSize
    case .features: nil
    }
  }

  /// S, the places that can be attended to.
  public var positions: Int {
    switch self {
    case .pixels(let encoder): encoder.positions
    case .features(let encoder): encoder.positions
    }
  }

  /// F, the features of a place.
  public var outputSize: Int {
    switch self {
    case .pixels(let encoder): encoder.outputSize
    case .features(let encoder): encoder.outputSize
    }
  }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    switch self {
    case .pixels(let encoder): encoder.fault
    case .features(let encoder): encoder.fault
    }
  }
}

/// The architecture of a ``Captioner``.
public struct CaptionerConfiguration: Sendable, Hashable {
  /// What looks at the picture.
  public var encoder: PictureEncoderConfiguration
  /// What writes the caption.
  public var decoder: SequenceDecoderConfiguration

  /// A configuration; `validate` checks it.
  public init(encoder: PictureEncoderConfiguration, decoder: SequenceDecoderConfiguration) {
    self.encoder = encoder
    self.decoder = decoder
  }

  /// Of what sizes the encoder's results come: the summary is the state that the decoder begins from.
  var source: SequenceDecoder.SourceSizes {
    SequenceDecoder.SourceSizes(
      memory: encoder.outputSize, states: [[StatePart(size: encoder.outputSize)]])
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    if let fault = encoder.fault ?? decoder.fault(memorySize: encoder.outputSize) {
      throw .invalidConfiguration(fault)
    }
  }

  /// The names and shapes of all parameters.
  func tensorShapes(vocabularySize: Int) -> [(name: String, shape: [Int])] {
    let own =
      switch encoder {
      case .pixels(let encoder): ImageEncoder.parameterShapes(encoder)
      case .features(let encoder): FeatureEncoder.parameterShapes(encoder)
      }
    return own
      + SequenceDecoder.tensorShapes(
        decoder, vocabularySize: vocabularySize, source: source, sharesEmbedding: false)
  }
}
