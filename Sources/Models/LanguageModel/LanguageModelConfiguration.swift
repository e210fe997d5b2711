import Corpora
import Recurrent

/// The architecture of a recurrent language model.
public struct LanguageModelConfiguration: Sendable, Equatable {
  /// What a token is.
  public var level: Tokenizer
  /// Whether a text is one stream of tokens or each line a sentence by itself.
  public var unit: TextUnit
  /// The recurrent cell.
  public var cell: CellKind
  /// E, the features of a token's vector, where it is looked up in a table or composed, not both.
  public var embeddingSize: Int
  /// How words are composed from their characters (Ling et al. 2015); nil where they are only looked up.
  public var characters: CharacterConfiguration?
  /// Whether words are looked up in a table, with a composed vector beside it if there is one.
  public var looksWordsUp: Bool
  /// H, the units of a layer.
  public var hiddenSize: Int
  /// L, the layers.
  public var layers: Int
  /// P, the features to which an LSTM's outputs are projected; nil for none.
  public var projection: Int?
  /// n, the inputs that a layer of `window` cells sees, the present one among them.
  public var window: Int
  /// What layers see beside the outputs of the one below.
  public var connections: SkipConnections
  /// Whether the state before the first token is learned; zeros otherwise.
  public var learnsInitialState: Bool
  /// What is dropped while it is trained.
  public var dropout: NetworkDropout
  /// The weight of the penalty on errors that fade on their way back while it is trained
  /// (``CellConfiguration/vanishingPenalty``).
  public var vanishingPenalty: Float
  /// Whether the output layer uses the token vectors as its matrix (Inan et al. 2017).
  public var isTied: Bool
  /// The output layer. That of a model has decided what depends on the vocabulary.
  public var output: OutputConfiguration

  /// A configuration; `validate` checks it.
  public init(
    level: Tokenizer, unit: TextUnit = .stream, cell: CellKind = .lstm, embeddingSize: Int,
    characters: CharacterConfiguration? = nil, looksWordsUp: Bool = true, hiddenSize: Int,
    layers: Int, projection: Int? = nil, window: Int = CellKind.usualWindow,
    connections: SkipConnections = .none, learnsInitialState: Bool = false,
    dropout: NetworkDropout = NetworkDropout(),
    vanishingPenalty: Float = 0, isTied: Bool = false, output: OutputConfiguration = .full
  ) {
    self.level = level
    self.unit = unit
    self.cell = cell
    self.embeddingSize = embeddingSize
    self.characters = characters
    self.looksWordsUp = looksWordsUp
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.projection = projection
    self.window = window
    self.connections = connections
    self.learnsInitialState = learnsInitialState
    self.dropout = dropout
    self.vanishingPenalty = vanishingPenalty
    self.isTied = isTied
    self.output = output
  }

  /// How tokens become vectors.
  public var encoder: WordEncoderConfiguration {
    WordEncoderConfiguration(
      lookUpSize: looksWordsUp ? embeddingSize : nil, characters: characters)
  }

  /// The recurrent layers.
  public var stack: StackConfiguration {
    StackConfiguration(
      cell, inputSize: encoder.outputSize, hiddenSize: hiddenSize, layers: layers,
      projection: projection, window: window, connections: connections,
      learnsInitialState: learnsInitialState,
      dropout: dropout.hidden, isVariational: dropout.isVariational,
      recurrentDropout: dropout.recurrent, vanishingPenalty: vanishingPenalty)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for numbers that make no network.
  public func validate() throws(ModelError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(ModelError) {
      if !holds { throw .invalidConfiguration(fault()) }
    }
    // Far above any network, low enough that no product of sizes overflows.
    let sizes = 1...1_000_000
    try check(
      sizes.contains(embeddingSize),
      "the embedding size is between 1 and 1,000,000, not \(embeddingSize)")
    try check(
      sizes.contains(hiddenSize),
      "the number of hidden units is between 1 and 1,000,000, not \(hiddenSize)")
    try check(
      (1...1000).contains(layers), "the number of layers is between 1 and 1000, not \(layers)")
    if let fault = encoder.fault { throw .invalidConfiguration(fault) }
    if let characters {
      try check(level == .words, "characters compose words, and this is a model of characters")
      try check(!isTied, "tied weights need words that are only looked up, not composed")
      try check(
        looksWordsUp || characters.outputSize == embeddingSize,
        "words that are only composed have vectors of the embedding size, "
          + "not of \(characters.outputSize) and \(embeddingSize)")
    }
    if let fault = dropout.fault ?? stack.fault { throw .invalidConfiguration(fault) }
    try check(
      !isTied || embeddingSize == stack.outputSize,
      "tied weights need an embedding as wide as the outputs of the highest layer, "
        + "not \(embeddingSize) and \(stack.outputSize)")
    try check(
      !isTied || output.kind.canBeTied,
      "tied weights need an output with one matrix for all tokens (full, sampled or nce), not "
        + output.kind.rawValue)
    if let fault = output.fault() { throw .invalidConfiguration(fault) }
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for a vocabulary without the line ends that words
  /// need, or the sentence marks that sentences need, or what stands for new words where words are
  /// composed, or with fewer tokens than the output divides.
  func validate(_ vocabulary: Vocabulary) throws(ModelError) {
    try vocabulary.requireMarks(level, unit)
    // A looked-up word without a number is refused where it is read; a composed one always has a vector.
    if characters != nil, vocabulary.unknown == nil {
      throw .invalidConfiguration(
        "a model that composes words needs a vocabulary with <unk>, "
          + "which new words are predicted as")
    }
    if let fault = output.fault(vocabularySize: vocabulary.count) {
      throw .invalidConfiguration(fault)
    }
  }

  /// The numbers that are learned, with V tokens.
  ///
  /// - Parameter alphabetSize: C, the characters, where words are composed.
  public func parameterCount(vocabularySize: Int, alphabetSize: Int = 0) -> Int {
    tensorShapes(vocabularySize: vocabularySize, alphabetSize: alphabetSize).reduce(0) {
      $0 + $1.shape.reduce(1, *)
    }
  }

  /// The parameters' names and shapes, with V tokens and C characters, in the order of `LanguageModel.parameters`.
  func tensorShapes(
    vocabularySize: Int, alphabetSize: Int = 0
  ) -> [(name: String, shape: [Int])] {
    var shapes = encoder.parameterShapes(
      vocabularySize: vocabularySize, alphabetSize: alphabetSize)
    shapes += stack.parameterShapes()
    return shapes
      + output.tensorShapes(
        inputs: stack.outputSize, vocabularySize: vocabularySize, isTied: isTied)
  }
}
