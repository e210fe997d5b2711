import Corpora
import Recurrent
import Tensors

/// A classifier of trees: a label for the whole, made from the leaves up.
///
/// ```
/// x_j = [E[word_j], composed(characters of word_j)]     either or both; zeros at a node without a word
/// h_j = tree cell(x_j, states of the children of j)     any TreeCellKind
/// p(label of j) = softmax(W h_j + b)                     of the root, or of every node with a label
/// ```
/// (Socher et al. 2013; Tai, Socher & Manning 2015.) All trees of a batch are run together, level by level.
public struct TreeClassifier: Module {
  /// The architecture.
  public let configuration: TreeClassifierConfiguration
  /// All words of the training data, as they are spelled.
  public let vocabulary: Vocabulary
  /// Their characters.
  public let alphabet: Vocabulary
  /// The labels.
  public let labels: Vocabulary
  /// How it was trained; nil for a fresh model.
  public var trainingRecord: TrainingRecord?

  /// The words that have vectors of their own.
  let lookUps: Vocabulary
  /// Spells words, starting with none.
  let speller: Lexicon

  let encoder: WordEncoder
  let cell: any TreeCell
  let output: Linear

  public var parameters: [Parameter] {
    encoder.parameters + cell.parameters + output.parameters
  }

  /// A fresh classifier with the words, characters and labels of `trees`, which were taken as the
  /// configuration says. Characters that occur only once stand for all that do not occur. What is no target
  /// has no label.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)``, and `CorpusError` for trees without any label.
  public init(
    _ configuration: TreeClassifierConfiguration, learningFrom trees: [Tree],
    initialization: ModelInitialization = .init(), key: RandomKey
  ) throws {
    try configuration.validate()
    let vocabulary = try Vocabulary(ofWords: trees.flatMap { $0.tokens.compactMap(\.self) })
    try self.init(
      Blueprint(
        architecture: configuration, vocabulary: vocabulary,
        alphabet: try vocabulary.alphabet(minimumCount: 2),
        labels: try Vocabulary(
          ofLabels: trees.flatMap { tree -> [String] in
            switch configuration.targets {
            case .root: tree.labels[tree.root].map { [$0] } ?? []
            case .nodes: tree.labels.compactMap(\.self)
            }
          })),
      initialization: initialization, key: key)
  }

  /// A fresh classifier.
  init(_ blueprint: Blueprint, initialization: ModelInitialization, key: RandomKey) throws {
    try Self.validate(blueprint)
    configuration = blueprint.architecture
    vocabulary = blueprint.vocabulary
    alphabet = blueprint.alphabet
    labels = blueprint.labels
    lookUps = try blueprint.lookUps
    speller = try Lexicon(vocabulary: Vocabulary(ofWords: []), alphabet: alphabet)
    encoder = WordEncoder(
      configuration.words, vocabularySize: lookUps.count, alphabetSize: alphabet.count,
      embeddingRange: initialization.embeddingRange,
      characterRange: initialization.characterRange, outputInitializer: initialization.output,
      initialization: initialization.gates, key: key.child(0))
    cell = configuration.tree.makeCell(initialization: initialization.gates, key: key.child(1))
    output = Linear(
      inputs: configuration.hiddenSize, outputs: labels.count, name: "output",
      initializer: initialization.output, key: key.child(2))
  }

  /// The states of all nodes, [N, H], in the rows of the batch's forest.
  func states(_ batch: TreeBatch, mode: Mode) -> Variable {
    let vectors = encoder(batch.words, steps: 1, mode: mode.child(0))
      .reshaped(to: [batch.words.count, encoder.size])
    return cell.run(
      vectors.dropout(configuration.inputDropout, mode: mode.child(1)), at: batch.places,
      of: batch.forest, mode: mode.child(2))
  }

  /// The scores of labels of some rows of states, [rows.count, labels].
  func scores(_ states: Variable, rows: [Int32], mode: Mode) -> Variable {
    output(states.rows(at: rows), mode: mode)
  }

  /// The loss of a batch against its labels.
  ///
  /// - Parameters:
  ///   - targets: the rows that have labels, and these.
  ///   - scale: the loss is scale · Σ -ln p(label),
  /// - Returns: it, and the sum itself.
  func loss(
    _ batch: TreeBatch, targets: TreeTargetRows, scale: Float, mode: Mode
  ) -> (loss: Variable, sum: Double) {
    let states = states(batch, mode: mode).rows(at: targets.rows)
      .dropout(configuration.outputDropout, mode: mode.child(3))
    let (loss, losses) = softmaxCrossEntropy(
      states, weight: output.weight.variable(mode), bias: output.bias.variable(mode),
      targets: targets.labels, scale: scale)
    return (loss, sum(losses))
  }
}
