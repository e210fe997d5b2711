// As JSON. What a model does without is left out.

extension CaptionerConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case decoder
    case image = "image_encoder"
    case features = "feature_encoder"
  }

  /// Reads a configuration; `validate` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let encoder: PictureEncoderConfiguration =
      if let features = try values.decodeIfPresent(
        FeatureEncoderConfiguration.self, forKey: .features)
      {
        .features(features)
      } else {
        .pixels(try values.decode(ImageEncoderConfiguration.self, forKey: .image))
      }
    self.init(
      encoder: encoder,
      decoder: try values.decode(SequenceDecoderConfiguration.self, forKey: .decoder))
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self.encoder {
    case .pixels(let image): try values.encode(image, forKey: .image)
    case .features(let features): try values.encode(features, forKey: .features)
    }
    try values.encode(decoder, forKey: .decoder)
  }
}

extension ImageEncoderConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case channels, summary, dropout
    case imageSize = "image_size"
    case outputDropout = "output_dropout"
  }

  /// Reads a configuration; ``fault`` says what is wrong with it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      imageSize: try values.decode(Int.self, forKey: .imageSize),
      channels: try values.decode([Int].self, forKey: .channels),
      summary: try values.decode(ImageSummary.self, forKey: .summary),
      dropout: try values.decodeIfPresent(Float.self, forKey: .dropout) ?? 0,
      outputDropout: try values.decodeIfPresent(Float.self, forKey: .outputDropout) ?? 0)
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(imageSize, forKey: .imageSize)
    try values.encode(channels, forKey: .channels)
    try values.encode(summary, forKey: .summary)
    if dropout > 0 { try values.encode(dropout, forKey: .dropout) }
    if outputDropout > 0 { try values.encode(outputDropout, forKey: .outputDropout) }
  }
}

extension FeatureEncoderConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case positions, dropout
    case inputSize = "input_size"
    case outputSize = "output_size"
  }

  /// Reads a configuration; ``fault`` says what is wrong with it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      positions: try values.decode(Int.self, forKey: .positions),
      inputSize: try values.decode(Int.self, forKey: .inputSize),
      outputSize: try values.decode(Int.self, forKey: .outputSize),
      dropout: try values.decodeIfPresent(Float.self, forKey: .dropout) ?? 0)
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(positions, forKey: .positions)
    try values.encode(inputSize, forKey: .inputSize)
    try values.encode(outputSize, forKey: .outputSize)
    if dropout > 0 { try values.encode(dropout, forKey: .dropout) }
  }
}
