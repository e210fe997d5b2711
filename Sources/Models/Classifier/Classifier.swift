import Corpora
import Recurrent
import Tensors

/// A classifier or regressor: reads a sequence, summarises it, and says one thing of it.
///
/// ```
/// x_t = the vector of word or character t, or step t of a series, standardised
/// h_t = RNN(x_1 … x_T)          L layers of any cell, in one or both directions
/// s   = summary of h_1 … h_T    last, mean, max or attention
/// o   = W s + b
/// p(class) = softmax(o),   or p(label) = σ(o_label) for each label,   or y = o
/// ```
/// (Read and summarise: Cho et al. 2014; max: Collobert et al. 2011; attention: Yang et al. 2016.)
public struct Classifier: Module {
  /// The architecture.
  public let configuration: ClassifierConfiguration
  /// The words or characters that have vectors of their own, `<unk>` first; nil of series.
  public let vocabulary: Vocabulary?
  /// The characters that words are composed from; nil where they are not.
  public let alphabet: Vocabulary?
  /// The classes or labels; nil where a number is said.
  public let labels: Vocabulary?
  /// What takes the steps of a series to mean 0 and deviation 1; nil of texts.
  public let scale: Standardization?
  /// The mean and deviation of the numbers that are said; nil for classes and labels.
  public let target: Standardization?
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  /// Spells words, starting with none.
  let speller: Lexicon?
  let encoder: WordEncoder?
  let network: RecurrentStack
  let pooling: SequencePooling
  let output: Linear

  public var parameters: [Parameter] {
    (encoder?.parameters ?? []) + network.parameters + pooling.parameters + output.parameters
  }

  /// What stands between two labels of a case.
  public static let labelSeparator: Character = "|"

  /// A fresh classifier with the words, characters, labels and scales of `cases`. Characters that occur only
  /// once stand for all that do not occur.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)``, and `CorpusError` for a case that is not to be read
  /// so, with its line.
  public init(
    _ configuration: ClassifierConfiguration, learningFrom cases: [LabelledCase],
    initialization: ModelInitialization = .init(), key: RandomKey
  ) throws {
    try self.init(
      Blueprint(configuration, learningFrom: cases), initialization: initialization, key: key)
  }

  /// A fresh classifier.
  init(_ blueprint: Blueprint, initialization: ModelInitialization, key: RandomKey) throws {
    try Self.validate(blueprint)
    configuration = blueprint.architecture
    vocabulary = blueprint.vocabulary
    alphabet = blueprint.alphabet
    labels = blueprint.labels
    scale = blueprint.scale
    target = blueprint.target
    speller = try blueprint.alphabet.map { (alphabet) throws(CorpusError) in
      try Lexicon(vocabulary: Vocabulary(ofWords: []), alphabet: alphabet)
    }
    encoder = configuration.words.map { words in
      WordEncoder(
        words, vocabularySize: blueprint.vocabulary?.count ?? 0,
        alphabetSize: blueprint.alphabet?.count ?? 0,
        embeddingRange: initialization.embeddingRange,
        characterRange: initialization.characterRange, outputInitializer: initialization.output,
        initialization: initialization.gates, key: key.child(0))
    }
    let stack = configuration.stack(width: scale?.width)
    network = RecurrentStack(stack, initialization: initialization.gates, key: key.child(1))
    pooling = SequencePooling(
      configuration.pooling, size: stack.outputSize, isBidirectional: stack.isBidirectional,
      attentionSize: configuration.attentionSize, initializer: initialization.output,
      key: key.child(2))
    output = Linear(
      inputs: stack.outputSize, outputs: blueprint.outputs, name: "output",
      initializer: initialization.output, key: key.child(3))
  }

  /// The tokens of a text; a text without any is read as one that nobody knows.
  func tokens(of text: String) -> [String] {
    let tokens = configuration.input.tokenizer.tokens(of: text)
    return tokens.isEmpty ? [""] : tokens
  }

  /// The outputs of the highest layer, [T, B, F], and the states after the last step.
  func read(
    _ batch: ClassifierBatch, from state: RecurrentStack.State? = nil, mode: Mode
  ) -> (outputs: Variable, state: RecurrentStack.State) {
    let rates = configuration.dropout
    let vectors: Variable
    switch batch.content {
    case .words(let words):
      guard let encoder else { preconditionFailure("words for a classifier of series") }
      vectors = encoder(
        words, steps: batch.steps, dropout: rates.embedding, mode: mode.child(0))
    case .vectors(let values): vectors = Variable(values)
    }
    let mask = mode.child(1)
    let input =
      rates.isVariational
      ? vectors.variationalDropout(rates.input, mode: mask)
      : vectors.dropout(rates.input, mode: mask)
    return network.run(input, lengths: batch.lengths, from: state, mode: mode.child(2))
  }

  /// What the output layer makes of a batch, [B, outputs].
  func outputs(of batch: ClassifierBatch, mode: Mode) -> Variable {
    let (outputs, _) = read(batch, mode: mode)
    let summary = pooling(outputs, lengths: batch.lengths, mode: mode)
    return output(summary.dropout(configuration.dropout.output, mode: mode.child(3)), mode: mode)
  }
}

extension ClassifierInput {
  var tokenizer: Tokenizer { self == .characters ? .characters : .words }
}
