import Corpora
import Recurrent
import Tensors

/// A tagger: a label for each word of a sentence, seen from both ends.
///
/// ```
/// x_t = [E[word_t], composed(characters of word_t)]     either or both
/// h_t = bidirectional RNN(x_1 … x_T)                    L layers of any cell
/// e_t = W h_t + b
/// p(label_t) = softmax(e_t),   or p(labels) by a linear-chain CRF over all e
/// ```
/// (Huang, Xu & Yu 2015; with composed words Ling et al. 2015, Lample et al. 2016, Plank et al. 2016.)
public struct Tagger: Module {
  /// The architecture.
  public let configuration: TaggerConfiguration
  /// All words of the training data, as they are spelled.
  public let vocabulary: Vocabulary
  /// Their characters.
  public let alphabet: Vocabulary
  /// The labels.
  public let labels: Vocabulary
  /// Which column of CoNLL-U the labels are; nil if they come from somewhere else.
  public let column: LabelColumn?
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  /// What the labels say about spans; nil if they say nothing.
  public let spanLabels: [SpanLabel]?
  /// Which labels may follow which in prediction; nil for any.
  let allowed: LabelTransitions?

  /// The words that have vectors of their own.
  let lookUps: Vocabulary
  /// Spells words, starting with none.
  let speller: Lexicon

  let encoder: WordEncoder
  let network: RecurrentStack
  let output: Linear
  let field: LinearChainCRF?

  public var parameters: [Parameter] {
    encoder.parameters + network.parameters + output.parameters + (field?.parameters ?? [])
  }

  /// A fresh tagger with the words, characters and labels of `sentences`. Characters that occur only once
  /// stand for all that do not occur.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)``, and `CorpusError` for sentences without words.
  public init(
    _ configuration: TaggerConfiguration, learningFrom sentences: [LabelledSentence],
    column: LabelColumn? = nil, initialization: ModelInitialization = .init(), key: RandomKey
  ) throws {
    guard sentences.contains(where: { !$0.words.isEmpty }) else { throw CorpusError.noSentences }
    let vocabulary = try Vocabulary(ofWords: sentences.lazy.flatMap(\.words))
    try self.init(
      Blueprint(
        architecture: configuration, vocabulary: vocabulary,
        alphabet: try vocabulary.alphabet(minimumCount: 2),
        labels: try Vocabulary(ofLabels: sentences.lazy.flatMap(\.labels)), column: column),
      initialization: initialization, key: key)
  }

  /// A fresh tagger.
  init(_ blueprint: Blueprint, initialization: ModelInitialization, key: RandomKey) throws {
    try Self.validate(blueprint)
    configuration = blueprint.architecture
    vocabulary = blueprint.vocabulary
    alphabet = blueprint.alphabet
    labels = blueprint.labels
    column = blueprint.column
    lookUps = try blueprint.lookUps
    speller = try Lexicon(vocabulary: Vocabulary(ofWords: []), alphabet: alphabet)
    spanLabels = SpanLabel.all(labels.tokens)
    allowed =
      configuration.constraints == .none ? nil : spanLabels.map(LabelTransitions.init(iob2:))
    encoder = WordEncoder(
      configuration.words, vocabularySize: lookUps.count, alphabetSize: alphabet.count,
      embeddingRange: initialization.embeddingRange,
      characterRange: initialization.characterRange, outputInitializer: initialization.output,
      initialization: initialization.gates, key: key.child(0))
    network = RecurrentStack(
      configuration.stack, initialization: initialization.gates, key: key.child(1))
    output = Linear(
      inputs: configuration.stack.outputSize, outputs: labels.count, name: "output",
      initializer: initialization.output, key: key.child(2))
    field = configuration.output == .crf ? LinearChainCRF(labels: labels.count) : nil
  }

  /// The outputs of the highest layer, [T, B, 2P], as the output layer sees them.
  func read(_ batch: WordBatch, mode: Mode) -> Variable {
    let rates = configuration.dropout
    func drop(_ x: Variable, _ rate: Float, _ mode: Mode) -> Variable {
      rates.isVariational
        ? x.variationalDropout(rate, mode: mode) : x.dropout(rate, mode: mode)
    }
    let vectors = encoder(
      batch.words, steps: batch.steps, dropout: rates.embedding, mode: mode.child(0))
    let (outputs, _) = network.run(
      drop(vectors, rates.input, mode.child(1)), lengths: batch.lengths, mode: mode.child(2))
    return drop(outputs, rates.output, mode.child(3))
  }

  /// The loss of a batch against its labels.
  ///
  /// - Parameters:
  ///   - targets: labels, T·B time-major, -1 beyond a sentence's end.
  ///   - scale: the loss is scale · Σ -ln p(labels),
  /// - Returns: it, and the sum itself.
  func loss(
    _ batch: WordBatch, targets: [Int32], scale: Float, mode: Mode
  ) -> (loss: Variable, sum: Double) {
    let outputs = read(batch, mode: mode)
    guard let field else {
      let (loss, losses) = softmaxCrossEntropy(
        outputs.reshaped(to: [targets.count, network.outputSize]),
        weight: output.weight.variable(mode), bias: output.bias.variable(mode), targets: targets,
        scale: scale)
      return (loss, sum(losses))
    }
    let (loss, losses) = field.negativeLogLikelihood(
      output(outputs, mode: mode), targets: targets, lengths: batch.lengths,
      allowing: configuration.constraints == .training ? allowed : nil, scale: scale, mode: mode)
    return (loss, sum(losses))
  }
}
