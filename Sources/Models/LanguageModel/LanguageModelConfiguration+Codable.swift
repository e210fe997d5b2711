import Corpora
import Recurrent

/// As JSON. What a model does without is left out, so a file says what is special about its model, and
/// reads the same whatever options were invented since.
extension LanguageModelConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case level, unit, cell, layers, dropout, projection, window, connections, characters, output
    case looksWordsUp = "looks_words_up"
    case embeddingSize = "embedding_size"
    case hiddenSize = "hidden_size"
    case isTied = "tied"
    case learnsInitialState = "learned_initial_state"
    case inputDropout = "dropout_input"
    case hiddenDropout = "dropout_hidden"
    case outputDropout = "dropout_output"
    case embeddingDropout = "dropout_embedding"
    case isVariational = "variational"
    case weightDropout = "dropout_weights"
    case stateDropout = "dropout_state"
    case candidateDropout = "dropout_candidate"
    case zoneout
    case vanishingPenalty = "vanishing_penalty"
  }

  /// Reads a configuration; `validate` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func rate(_ key: CodingKeys, default fallback: Float = 0) throws -> Float {
      try values.decodeIfPresent(Float.self, forKey: key) ?? fallback
    }
    let rateOfAll = try rate(.dropout)
    self.init(
      level: try values.decode(Tokenizer.self, forKey: .level),
      unit: try values.decode(TextUnit.self, forKey: .unit),
      cell: try values.decode(CellKind.self, forKey: .cell),
      embeddingSize: try values.decode(Int.self, forKey: .embeddingSize),
      characters: try values.decodeIfPresent(CharacterConfiguration.self, forKey: .characters),
      looksWordsUp: try values.decodeIfPresent(Bool.self, forKey: .looksWordsUp) ?? true,
      hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
      layers: try values.decode(Int.self, forKey: .layers),
      projection: try values.decodeIfPresent(Int.self, forKey: .projection),
      window: try values.decodeIfPresent(Int.self, forKey: .window) ?? CellKind.usualWindow,
      connections: try values.decodeIfPresent(SkipConnections.self, forKey: .connections) ?? .none,
      learnsInitialState: try values.decodeIfPresent(Bool.self, forKey: .learnsInitialState)
        ?? false,
      dropout: NetworkDropout(
        input: try rate(.inputDropout, default: rateOfAll),
        hidden: try rate(.hiddenDropout, default: rateOfAll),
        output: try rate(.outputDropout, default: rateOfAll),
        embedding: try rate(.embeddingDropout),
        isVariational: try values.decodeIfPresent(Bool.self, forKey: .isVariational) ?? false,
        recurrent: RecurrentDropout(
          weights: try rate(.weightDropout), state: try rate(.stateDropout),
          candidate: try rate(.candidateDropout), zoneout: try rate(.zoneout))),
      vanishingPenalty: try rate(.vanishingPenalty),
      isTied: try values.decode(Bool.self, forKey: .isTied),
      output: try values.decodeIfPresent(OutputConfiguration.self, forKey: .output) ?? .full)
  }

  /// Writes the configuration.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(level, forKey: .level)
    try values.encode(unit, forKey: .unit)
    try values.encode(cell, forKey: .cell)
    try values.encode(embeddingSize, forKey: .embeddingSize)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    try values.encode(layers, forKey: .layers)
    try values.encode(isTied, forKey: .isTied)
    try values.encodeIfPresent(characters, forKey: .characters)
    if !looksWordsUp { try values.encode(false, forKey: .looksWordsUp) }
    try values.encodeIfPresent(projection, forKey: .projection)
    if cell == .window { try values.encode(window, forKey: .window) }
    if connections != .none { try values.encode(connections, forKey: .connections) }
    if learnsInitialState { try values.encode(true, forKey: .learnsInitialState) }
    if output != .full { try values.encode(output, forKey: .output) }

    let recurrent = dropout.recurrent
    if dropout.input == dropout.hidden, dropout.hidden == dropout.output {
      try values.encode(dropout.input, forKey: .dropout)
    } else {
      try values.encode(dropout.input, forKey: .inputDropout)
      try values.encode(dropout.hidden, forKey: .hiddenDropout)
      try values.encode(dropout.output, forKey: .outputDropout)
    }
    if dropout.isVariational { try values.encode(true, forKey: .isVariational) }
    for (key, rate) in [
      (CodingKeys.embeddingDropout, dropout.embedding), (.weightDropout, recurrent.weights),
      (.stateDropout, recurrent.state), (.candidateDropout, recurrent.candidate),
      (.zoneout, recurrent.zoneout), (.vanishingPenalty, vanishingPenalty),
    ] where rate > 0 {
      try values.encode(rate, forKey: key)
    }
  }
}
