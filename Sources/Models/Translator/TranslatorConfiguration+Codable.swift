import Recurrent

// As JSON. What a model does without is left out.

extension TranslatorConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case encoder, decoder
    case sharesVectors = "shares_vectors"
  }

  /// Reads a configuration; `validate` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      encoder: try values.decode(EncoderConfiguration.self, forKey: .encoder),
      decoder: try values.decode(SequenceDecoderConfiguration.self, forKey: .decoder),
      sharesVectors: try values.decodeIfPresent(Bool.self, forKey: .sharesVectors) ?? false)
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(self.encoder, forKey: .encoder)
    try values.encode(decoder, forKey: .decoder)
    if sharesVectors { try values.encode(true, forKey: .sharesVectors) }
  }
}

extension EncoderConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case cell, layers, projection, connections, dropout
    case embeddingSize = "embedding_size"
    case hiddenSize = "hidden_size"
    case isBidirectional = "bidirectional"
    case reversesSource = "reversed"
  }

  /// Reads a configuration; ``fault`` says what is wrong with it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      embeddingSize: try values.decode(Int.self, forKey: .embeddingSize),
      cell: try values.decode(CellKind.self, forKey: .cell),
      hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
      layers: try values.decode(Int.self, forKey: .layers),
      projection: try values.decodeIfPresent(Int.self, forKey: .projection),
      isBidirectional: try values.decode(Bool.self, forKey: .isBidirectional),
      connections: try values.decodeIfPresent(SkipConnections.self, forKey: .connections) ?? .none,
      dropout: try values.decodeIfPresent(NetworkDropout.self, forKey: .dropout)
        ?? NetworkDropout(),
      reversesSource: try values.decode(Bool.self, forKey: .reversesSource))
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(embeddingSize, forKey: .embeddingSize)
    try values.encode(cell, forKey: .cell)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(layers, forKey: .layers)
    try values.encodeIfPresent(projection, forKey: .projection)
    try values.encode(isBidirectional, forKey: .isBidirectional)
    if connections != .none { try values.encode(connections, forKey: .connections) }
    if !dropout.isNone { try values.encode(dropout, forKey: .dropout) }
    try values.encode(reversesSource, forKey: .reversesSource)
  }
}
