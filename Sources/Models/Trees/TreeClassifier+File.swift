import Corpora
import Recurrent
import Tensors

extension TreeClassifier: StoredModel {
  /// What a classifier of trees is made from but its weights.
  public struct Blueprint: Codable, Sendable {
    /// The architecture.
    public var architecture: TreeClassifierConfiguration
    /// All words of the training data.
    public var vocabulary: Vocabulary
    /// Their characters.
    public var alphabet: Vocabulary
    /// The labels.
    public var labels: Vocabulary

    /// The words that have vectors of their own.
    var lookUps: Vocabulary {
      get throws(CorpusError) {
        try vocabulary.lookUp(
          lowercases: architecture.lowercases, minimumCount: architecture.minimumCount)
      }
    }
  }

  /// ``ModelTask/treeClassifier``
  public static let task = ModelTask.treeClassifier

  /// Configuration, words, characters and labels.
  public var blueprint: Blueprint {
    Blueprint(
      architecture: configuration, vocabulary: vocabulary, alphabet: alphabet, labels: labels)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for what makes no classifier.
  public static func validate(_ blueprint: Blueprint) throws(ModelError) {
    try blueprint.architecture.validate()
    guard blueprint.vocabulary.unknown == 0 else {
      throw .invalidConfiguration("the vocabulary does not begin with <unk>")
    }
    try blueprint.alphabet.checkRoles("the alphabet")
    let labels = blueprint.labels
    guard labels.unknown == nil, labels.start == nil, labels.end == nil else {
      throw .invalidConfiguration("a label has a role, as only words have")
    }
  }

  /// The parameters' names and shapes.
  public static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])] {
    // The vocabulary was checked to have <unk>, which is all that a look-up needs.
    let lookUps = (try? blueprint.lookUps.count) ?? 0
    return blueprint.architecture.tensorShapes(
      lookUps: lookUps, characters: blueprint.alphabet.count, labels: blueprint.labels.count)
  }

  /// A model of zeros.
  public init(_ blueprint: Blueprint) throws {
    try self.init(blueprint, initialization: .zero, key: RandomKey(seed: 0))
  }
}
