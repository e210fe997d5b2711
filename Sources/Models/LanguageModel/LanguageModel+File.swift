import Corpora
import Tensors

extension LanguageModel: StoredModel {
  /// What a language model is made from but its weights.
  public struct Blueprint: Codable, Sendable {
    /// The architecture.
    public var architecture: LanguageModelConfiguration
    /// The tokens.
    public var vocabulary: Vocabulary
    /// The characters of which words are composed; nil where none is.
    public var alphabet: Vocabulary?
  }

  /// ``ModelTask/languageModel``
  public static let task = ModelTask.languageModel

  /// Configuration and vocabulary.
  public var blueprint: Blueprint {
    Blueprint(architecture: configuration, vocabulary: vocabulary, alphabet: lexicon?.alphabet)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for what makes no language model.
  public static func validate(_ blueprint: Blueprint) throws(ModelError) {
    try blueprint.architecture.validate()
    try blueprint.architecture.validate(blueprint.vocabulary)
    guard (blueprint.alphabet == nil) == (blueprint.architecture.characters == nil) else {
      throw .invalidConfiguration(
        blueprint.alphabet == nil
          ? "it composes words and has no alphabet" : "it has an alphabet and composes no words")
    }
  }

  /// The parameters' names and shapes.
  public static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])] {
    blueprint.architecture.tensorShapes(
      vocabularySize: blueprint.vocabulary.count, alphabetSize: blueprint.alphabet?.count ?? 0)
  }

  /// A model of zeros.
  public init(_ blueprint: Blueprint) throws {
    try self.init(
      configuration: blueprint.architecture, vocabulary: blueprint.vocabulary,
      alphabet: blueprint.alphabet, initialization: .zero, key: RandomKey(seed: 0))
  }
}
