import Recurrent

/// As JSON. What a decoder does without is left out.
extension SequenceDecoderConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case cell, layers, projection, connections, dropout, context, attention, output
    case embeddingSize = "embedding_size"
    case hiddenSize = "hidden_size"
    case attentionSize = "attention_size"
    case feedsReadout = "feeds_readout"
    case readoutSize = "readout_size"
    case isTied = "tied"
  }

  /// Reads a configuration; ``fault(memorySize:)`` says what is wrong with it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      embeddingSize: try values.decode(Int.self, forKey: .embeddingSize),
      cell: try values.decode(CellKind.self, forKey: .cell),
      hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
      layers: try values.decode(Int.self, forKey: .layers),
      projection: try values.decodeIfPresent(Int.self, forKey: .projection),
      connections: try values.decodeIfPresent(SkipConnections.self, forKey: .connections) ?? .none,
      dropout: try values.decodeIfPresent(NetworkDropout.self, forKey: .dropout)
        ?? NetworkDropout(),
      context: try values.decode(ContextUse.self, forKey: .context),
      attention: try values.decodeIfPresent(AttentionKind.self, forKey: .attention) ?? .general,
      attentionSize: try values.decodeIfPresent(Int.self, forKey: .attentionSize),
      feedsReadout: try values.decodeIfPresent(Bool.self, forKey: .feedsReadout) ?? false,
      readoutSize: try values.decodeIfPresent(Int.self, forKey: .readoutSize),
      output: try values.decodeIfPresent(OutputConfiguration.self, forKey: .output) ?? .full,
      isTied: try values.decode(Bool.self, forKey: .isTied))
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(embeddingSize, forKey: .embeddingSize)
    try values.encode(cell, forKey: .cell)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(layers, forKey: .layers)
    try values.encodeIfPresent(projection, forKey: .projection)
    if connections != .none { try values.encode(connections, forKey: .connections) }
    if !dropout.isNone { try values.encode(dropout, forKey: .dropout) }
    try values.encode(context, forKey: .context)
    if context.attends {
      try values.encode(attention, forKey: .attention)
      if attention == .additive { try values.encode(attentionSize, forKey: .attentionSize) }
    }
    if feedsReadout { try values.encode(true, forKey: .feedsReadout) }
    if context != .initial { try values.encode(readoutSize, forKey: .readoutSize) }
    if output != .full { try values.encode(output, forKey: .output) }
    try values.encode(isTied, forKey: .isTied)
  }
}
