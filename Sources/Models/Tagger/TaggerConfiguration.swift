import Corpora
import Recurrent

/// How a tagger makes labels of what its layers give.
public enum TaggerOutput: String, Sendable, Codable, CaseIterable {
  /// Each word's label by itself.
  case softmax
  /// All labels of a sentence together, by a ``LinearChainCRF``.
  case crf
}

/// Whether the labels of a sentence are held to IOB2, where `I-PER` only goes on with `B-PER` or `I-PER`.
public enum LabelConstraints: String, Sendable, Codable, CaseIterable {
  /// They are not.
  case none
  /// They are in prediction.
  case decoding
  /// They are in prediction, and what is not allowed has no probability in training either; for
  /// ``TaggerOutput/crf``.
  case training
}

/// The architecture of a tagger.
public struct TaggerConfiguration: Sendable, Equatable {
  /// How words become vectors.
  public var words: WordEncoderConfiguration
  /// Whether words are looked up in lower case. They are always spelled as they are.
  public var lowercases: Bool
  /// Rarer words are looked up as `<unk>`.
  public var minimumCount: Int
  /// The probability with which, in training, a word that occurs only once is looked up as `<unk>` (Lample et
  /// al. 2016), so that unknown words have a vector that was learned.
  public var wordDropout: Float
  /// The recurrent cell of all layers, each of which reads from both ends.
  public var cell: CellKind
  /// H, the units of a layer in one direction.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// n, the inputs that a layer of `window` cells sees, the present one among them.
  public var window: Int
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// Whether the states that the layers start from, at both ends, are learned; zeros otherwise.
  public var learnsInitialState: Bool
  /// What is dropped while it is trained.
  public var dropout: NetworkDropout
  /// What makes labels.
  public var output: TaggerOutput
  /// Whether labels are held to IOB2.
  public var constraints: LabelConstraints

  /// A configuration; `validate` checks it.
  public init(
    words: WordEncoderConfiguration, lowercases: Bool = false, minimumCount: Int = 1,
    wordDropout: Float = 0.5, cell: CellKind = .lstm, hiddenSize: Int, layers: Int = 1,
    projection: Int? = nil, window: Int = CellKind.usualWindow,
    connections: SkipConnections = .none,
    learnsInitialState: Bool = false, dropout: NetworkDropout = NetworkDropout(),
    output: TaggerOutput = .softmax, constraints: LabelConstraints = .none
  ) {
    self.words = words
    self.lowercases = lowercases
    self.minimumCount = minimumCount
    self.wordDropout = wordDropout
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.window = window
    self.connections = connections
    self.learnsInitialState = learnsInitialState
    self.dropout = dropout
    self.output = output
    self.constraints = constraints
  }

  /// The recurrent layers.
  public var stack: StackConfiguration {
    StackConfiguration(
      cell, inputSize: words.outputSize, hiddenSize: hiddenSize, layers: layers,
      projection: projection, window: window, isBidirectional: true, connections: connections,
      learnsInitialState: learnsInitialState, dropout: dropout.hidden,
      isVariational: dropout.isVariational,
      recurrentDropout: dropout.recurrent)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(ModelError) {
      if !holds { throw .invalidConfiguration(fault()) }
    }
    if let fault = words.fault { throw .invalidConfiguration(fault) }
    try check(minimumCount >= 1, "the least count of a word is at least 1, not \(minimumCount)")
    try check(
      wordDropout >= 0 && wordDropout <= 1, "word dropout is in [0, 1], not \(wordDropout)")
    try check(
      (1...1_000_000).contains(hiddenSize),
      "the number of hidden units is between 1 and 1,000,000, not \(hiddenSize)")
    try check(
      (1...1000).contains(layers), "the number of layers is between 1 and 1000, not \(layers)")
    try check(
      projection.map { $0 >= 1 } ?? true,
      "a projection has at least 1 feature, not \(projection ?? 0)")
    if let fault = dropout.fault ?? stack.fault { throw .invalidConfiguration(fault) }
    try check(
      constraints != .training || output == .crf,
      "constraints act in training only where labels are predicted together, by a crf")
  }

  /// The names and shapes of all parameters, with so many words to look up, characters and labels.
  func tensorShapes(
    lookUps: Int, characters: Int, labels: Int
  ) -> [(name: String, shape: [Int])] {
    words.parameterShapes(vocabularySize: lookUps, alphabetSize: characters)
      + stack.parameterShapes()
      + [("output.weight", [labels, stack.outputSize]), ("output.bias", [labels])]
      + (output == .crf ? LinearChainCRF.parameterShapes(labels: labels) : [])
  }
}
