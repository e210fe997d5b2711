import Corpora
import Recurrent

/// Which labels of a tree are learned.
public enum TreeTargets: String, Sendable, Codable, CaseIterable {
  /// That of the root.
  case root
  /// Those of all nodes that have one, as the phrases of the Stanford Sentiment Treebank do.
  case nodes
}

/// The architecture of a ``TreeClassifier``.
public struct TreeClassifierConfiguration: Sendable, Equatable {
  /// How words become vectors.
  public var words: WordEncoderConfiguration
  /// Whether words are looked up in lower case. They are always spelled as they are.
  public var lowercases: Bool
  /// Rarer words are looked up as `<unk>`.
  public var minimumCount: Int
  /// The probability with which, in training, a word that occurs only once is looked up as `<unk>`.
  public var wordDropout: Float
  /// How trees are taken.
  public var reading: TreeReading
  /// What makes the state of a node from those of its children.
  public var cell: TreeCellKind
  /// H, the units of a state.
  public var hiddenSize: Int
  /// K, the most children of a node; of no meaning to a child-sum cell.
  public var arity: Int
  /// What is learned.
  public var targets: TreeTargets
  /// The share of the features of words that is dropped in training, the same ones wherever a word stands
  /// in a batch.
  public var inputDropout: Float
  /// The share of the features of states that is dropped before the softmax.
  public var outputDropout: Float

  /// A configuration; `validate` checks it.
  public init(
    words: WordEncoderConfiguration, lowercases: Bool = false, minimumCount: Int = 1,
    wordDropout: Float = 0, reading: TreeReading = .trees, cell: TreeCellKind = .childSum,
    hiddenSize: Int, arity: Int = 2, targets: TreeTargets = .root, inputDropout: Float = 0,
    outputDropout: Float = 0
  ) {
    self.words = words
    self.lowercases = lowercases
    self.minimumCount = minimumCount
    self.wordDropout = wordDropout
    self.reading = reading
    self.cell = cell
    self.hiddenSize = hiddenSize
    // Not to tell apart what is the same net.
    self.arity = cell == .childSum ? 1 : arity
    self.targets = targets
    self.inputDropout = inputDropout
    self.outputDropout = outputDropout
  }

  /// The cell.
  public var tree: TreeCellConfiguration {
    TreeCellConfiguration(
      cell, inputSize: words.outputSize, hiddenSize: hiddenSize, arity: arity)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(ModelError) {
      if !holds { throw .invalidConfiguration(fault()) }
    }
    if let fault = words.fault ?? tree.fault { throw .invalidConfiguration(fault) }
    try check(minimumCount >= 1, "the least count of a word is at least 1, not \(minimumCount)")
    try check(
      (1...1_000_000).contains(hiddenSize),
      "the number of hidden units is between 1 and 1,000,000, not \(hiddenSize)")
    try check(
      wordDropout >= 0 && wordDropout <= 1, "word dropout is in [0, 1], not \(wordDropout)")
    for (name, rate) in [("input dropout", inputDropout), ("output dropout", outputDropout)] {
      try check(rate >= 0 && rate < 1, "\(name) is in [0, 1), not \(rate)")
    }
  }

  /// The names and shapes of all parameters, with so many words to look up, characters and labels.
  func tensorShapes(
    lookUps: Int, characters: Int, labels: Int
  ) -> [(name: String, shape: [Int])] {
    words.parameterShapes(vocabularySize: lookUps, alphabetSize: characters)
      + tree.parameterShapes()
      + [("output.weight", [labels, hiddenSize]), ("output.bias", [labels])]
  }
}

/// As JSON. What a classifier does without is left out.
extension TreeClassifierConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case characters, reading, cell, arity, targets
    case embeddingSize = "embedding_size"
    case lowercases
    case minimumCount = "minimum_count"
    case wordDropout = "dropout_words"
    case hiddenSize = "hidden_size"
    case inputDropout = "dropout_input"
    case outputDropout = "dropout_output"
  }

  /// Reads a configuration; `validate` checks it.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ fallback: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
    self.init(
      words: WordEncoderConfiguration(
        lookUpSize: try values.decodeIfPresent(Int.self, forKey: .embeddingSize),
        characters: try values.decodeIfPresent(CharacterConfiguration.self, forKey: .characters)),
      lowercases: try value(.lowercases, false), minimumCount: try value(.minimumCount, 1),
      wordDropout: try value(.wordDropout, 0), reading: try value(.reading, .trees),
      cell: try values.decode(TreeCellKind.self, forKey: .cell),
      hiddenSize: try values.decode(Int.self, forKey: .hiddenSize),
      arity: try value(.arity, 2), targets: try value(.targets, .root),
      inputDropout: try value(.inputDropout, 0), outputDropout: try value(.outputDropout, 0))
  }

  /// Writes what differs from nothing at all.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(words.lookUpSize, forKey: .embeddingSize)
    try values.encodeIfPresent(words.characters, forKey: .characters)
    if lowercases { try values.encode(true, forKey: .lowercases) }
    if minimumCount > 1 { try values.encode(minimumCount, forKey: .minimumCount) }
    if wordDropout > 0 { try values.encode(wordDropout, forKey: .wordDropout) }
    if reading != .trees { try values.encode(reading, forKey: .reading) }
    try values.encode(cell, forKey: .cell)
    try values.encode(hiddenSize, forKey: .hiddenSize)
    if cell != .childSum { try values.encode(arity, forKey: .arity) }
    if targets != .root { try values.encode(targets, forKey: .targets) }
    if inputDropout > 0 { try values.encode(inputDropout, forKey: .inputDropout) }
    if outputDropout > 0 { try values.encode(outputDropout, forKey: .outputDropout) }
  }
}
