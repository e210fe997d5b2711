import Recurrent

/// As JSON. What a classifier does without is left out.
extension ClassifierConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case input, characters, cell, layers, projection, window, connections, dropout, pooling, output
    case zoneout
    case embeddingSize = "embedding_size"
    case lowercases
    case minimumCount = "minimum_count"
    case wordDropout = "dropout_words"
    case hiddenSize = "hidden_size"
    case isBidirectional = "bidirectional"
    case attentionSize = "attention_size"
    case inputDropout = "dropout_input"
    case hiddenDropout = "dropout_hidden"
    case outputDropout = "dropout_output"
    case embeddingDropout = "dropout_embedding"
    case isVariational = "variational"
    case weightDropout = "dropout_weights"
    case stateDropout = "dropout_state"
    case candidateDropout = "dropout_candidate"
  }

  /// Reads a configuration; `validate` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ fallback: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
    let rateOfAll: Float = try value(.dropout, 0)
    let input = try values.decode(ClassifierInput.self, forKey: .input)
    self.init(
      input: input,
      words: input == .series
        ? nil
        : WordEncoderConfiguration(
          lookUpSize: try values.decodeIfPresent(Int.self, forKey: .embeddingSize),
          characters: try values.decodeIfPresent(
            CharacterConfiguration.self, forKey: .characters)),
      lowercases: try value(.lowercases, false), minimumCount: try value(.minimumCount, 1),
      wordDropout: try value(.wordDropout, 0),
      cell: try values.decode(CellKind.self, forKey: .cell),
      hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
      layers: try values.decode(Int.self, forKey: .layers),
      projection: try values.decodeIfPresent(Int.self, forKey: .projection),
      window: try value(.window, CellKind.usualWindow),
      isBidirectional: try values.decode(Bool.self, forKey: .isBidirectional),
      connections: try value(.connections, .none),
      dropout: NetworkDropout(
        input: try value(.inputDropout, rateOfAll), hidden: try value(.hiddenDropout, rateOfAll),
        output: try value(.outputDropout, rateOfAll), embedding: try value(.embeddingDropout, 0),
        isVariational: try value(.isVariational, false),
        recurrent: RecurrentDropout(
          weights: try value(.weightDropout, 0), state: try value(.stateDropout, 0),
          candidate: try value(.candidateDropout, 0), zoneout: try value(.zoneout, 0))),
      pooling: try values.decode(PoolingKind.self, forKey: .pooling),
      attentionSize: try values.decodeIfPresent(Int.self, forKey: .attentionSize),
      output: try values.decode(ClassifierOutput.self, forKey: .output))
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(input, forKey: .input)
    try values.encodeIfPresent(words?.lookUpSize, forKey: .embeddingSize)
    try values.encodeIfPresent(words?.characters, forKey: .characters)
    if lowercases { try values.encode(true, forKey: .lowercases) }
    if minimumCount > 1 { try values.encode(minimumCount, forKey: .minimumCount) }
    try values.encode(cell, forKey: .cell)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(layers, forKey: .layers)
    try values.encodeIfPresent(projection, forKey: .projection)
    if cell == .window { try values.encode(window, forKey: .window) }
    try values.encode(isBidirectional, forKey: .isBidirectional)
    if connections != .none { try values.encode(connections, forKey: .connections) }
    try values.encode(pooling, forKey: .pooling)
    if attentionSize != hiddenSize { try values.encode(attentionSize, forKey: .attentionSize) }
    try values.encode(output, forKey: .output)
    let recurrent = dropout.recurrent
    var rates: [(CodingKeys, Float)] = [
      (.wordDropout, wordDropout), (.embeddingDropout, dropout.embedding),
      (.weightDropout, recurrent.weights), (.stateDropout, recurrent.state),
      (.candidateDropout, recurrent.candidate), (.zoneout, recurrent.zoneout),
    ]
    if dropout.input == dropout.hidden, dropout.hidden == dropout.output {
      rates.append((.dropout, dropout.input))
    } else {
      rates += [
        (.inputDropout, dropout.input), (.hiddenDropout, dropout.hidden),
        (.outputDropout, dropout.output),
      ]
    }
    for (key, rate) in rates where rate > 0 { try values.encode(rate, forKey: key) }
    if dropout.isVariational { try values.encode(true, forKey: .isVariational) }
  }
}
