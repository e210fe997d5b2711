import Corpora
import Recurrent

/// What a classifier reads.
public enum ClassifierInput: String, Sendable, Codable, CaseIterable {
  /// Texts, word by word.
  case words
  /// Texts, character by character.
  case characters
  /// Real-valued vectors.
  case series
}

/// What a classifier says.
public enum ClassifierOutput: String, Sendable, Codable, CaseIterable {
  /// One of some classes, by a softmax.
  case classes
  /// Any number of some labels, each by a logistic function of its own.
  case labels
  /// A number, by linear regression.
  case number
}

/// The architecture of a classifier or regressor.
public struct ClassifierConfiguration: Sendable, Equatable {
  /// What is read.
  public var input: ClassifierInput
  /// How words become vectors, or characters, which are only looked up; nil for series.
  public var words: WordEncoderConfiguration?
  /// Whether words are looked up in lower case. They are always spelled as they are.
  public var lowercases: Bool
  /// Rarer words, or characters, are looked up as `<unk>`.
  public var minimumCount: Int
  /// The probability with which, in training, a word that occurs only once is looked up as `<unk>`.
  public var wordDropout: Float
  /// The cell of all layers.
  public var cell: CellKind
  /// H, the units of a layer in one direction.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// n, the inputs that a layer of `window` cells sees, the present one among them.
  public var window: Int
  /// Whether every layer reads from both ends.
  public var isBidirectional: Bool
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// What is dropped while it is trained.
  public var dropout: NetworkDropout
  /// How the outputs of all steps become one vector.
  public var pooling: PoolingKind
  /// A, the features in which attention compares.
  public var attentionSize: Int
  /// What is said.
  public var output: ClassifierOutput

  /// A configuration; `validate` checks it.
  public init(
    input: ClassifierInput, words: WordEncoderConfiguration? = nil, lowercases: Bool = false,
    minimumCount: Int = 1, wordDropout: Float = 0, cell: CellKind = .lstm, hiddenSize: Int,
    layers: Int = 1, projection: Int? = nil, window: Int = CellKind.usualWindow,
    isBidirectional: Bool = true, connections: SkipConnections = .none,
    dropout: NetworkDropout = NetworkDropout(), pooling: PoolingKind = .max,
    attentionSize: Int? = nil, output: ClassifierOutput = .classes
  ) {
    self.input = input
    self.words = words
    self.lowercases = lowercases
    self.minimumCount = minimumCount
    self.wordDropout = wordDropout
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.window = window
    self.isBidirectional = isBidirectional
    self.connections = connections
    self.dropout = dropout
    self.pooling = pooling
    self.attentionSize = attentionSize ?? hiddenSize
    self.output = output
  }

  /// The recurrent layers.
  ///
  /// - Parameter width: D, the features of a series.
  func stack(width: Int?) -> StackConfiguration {
    StackConfiguration(
      cell, inputSize: words?.outputSize ?? width ?? 1, hiddenSize: hiddenSize, layers: layers,
      projection: projection, window: window, isBidirectional: isBidirectional,
      connections: connections, dropout: dropout.hidden, isVariational: dropout.isVariational,
      recurrentDropout: dropout.recurrent)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(ModelError) {
      if !holds { throw .invalidConfiguration(fault()) }
    }
    try check(
      (words == nil) == (input == .series),
      input == .series
        ? "series are read as they are, without vectors of words"
        : "words and characters need vectors")
    if let fault = words?.fault { throw .invalidConfiguration(fault) }
    try check(
      input == .words || words?.characters == nil, "only words are composed from characters")
    try check(minimumCount >= 1, "the least count of a word is at least 1, not \(minimumCount)")
    try check(
      wordDropout >= 0 && wordDropout <= 1, "word dropout is in [0, 1], not \(wordDropout)")
    for (size, name) in [
      (hiddenSize, "number of hidden units"), (attentionSize, "size of attention"),
    ] {
      try check(
        (1...1_000_000).contains(size), "the \(name) is between 1 and 1,000,000, not \(size)")
    }
    try check(
      (1...1000).contains(layers), "the number of layers is between 1 and 1000, not \(layers)")
    try check(
      projection.map { $0 >= 1 } ?? true,
      "a projection has at least 1 feature, not \(projection ?? 0)")
    try check(
      input != .series || dropout.embedding == 0,
      "embedding dropout is for words and characters, not for series")
    if let fault = dropout.fault ?? stack(width: 1).fault { throw .invalidConfiguration(fault) }
  }

  /// The names and shapes of all parameters.
  ///
  /// - Parameters:
  ///   - lookUps: words or characters that are looked up.
  ///   - characters: those that words are composed from.
  ///   - width: D, the features of a series.
  ///   - outputs: classes or labels; 1 for a number.
  func tensorShapes(
    lookUps: Int, characters: Int, width: Int?, outputs: Int
  ) -> [(name: String, shape: [Int])] {
    let stack = stack(width: width)
    return (words?.parameterShapes(vocabularySize: lookUps, alphabetSize: characters) ?? [])
      + stack.parameterShapes()
      + SequencePooling.parameterShapes(
        pooling, size: stack.outputSize, attentionSize: attentionSize)
      + [("output.weight", [outputs, stack.outputSize]), ("output.bias", [outputs])]
  }
}
