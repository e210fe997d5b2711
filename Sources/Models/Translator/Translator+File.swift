import Corpora
import Recurrent
import Tensors

extension Translator: StoredModel {
  /// What a translator is made from but its weights.
  public struct Blueprint: Codable, Sendable {
    /// The architecture.
    public var architecture: TranslatorConfiguration
    /// What cuts a source into tokens.
    public var sourceUnits: Segmenter
    /// What cuts a target into tokens.
    public var targetUnits: Segmenter
    /// The source's tokens.
    public var sourceVocabulary: Vocabulary
    /// The target's tokens; nil where they are the source's.
    public var targetVocabulary: Vocabulary?

    private enum CodingKeys: String, CodingKey {
      case architecture
      case sourceUnits = "source_units"
      case targetUnits = "target_units"
      case sourceVocabulary = "source_vocabulary"
      case targetVocabulary = "target_vocabulary"
    }
  }

  /// ``ModelTask/translator``
  public static let task = ModelTask.translator

  /// Configuration, units and vocabularies.
  public var blueprint: Blueprint {
    Blueprint(
      architecture: configuration, sourceUnits: sourceUnits, targetUnits: targetUnits,
      sourceVocabulary: sourceVocabulary,
      targetVocabulary: configuration.sharesVectors ? nil : targetVocabulary)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for what makes no translator.
  public static func validate(_ blueprint: Blueprint) throws(ModelError) {
    try blueprint.architecture.validate()
    let sharesVectors = blueprint.architecture.sharesVectors
    guard
      let target = blueprint.targetVocabulary ?? (sharesVectors ? blueprint.sourceVocabulary : nil)
    else { throw .invalidConfiguration("there is no vocabulary of the target") }
    guard !sharesVectors || blueprint.sourceVocabulary == target else {
      throw .invalidConfiguration("shared vectors need one vocabulary of source and target")
    }
    try blueprint.sourceVocabulary.checkRoles("the source's vocabulary")
    try target.checkRoles("the target's vocabulary")
    if let fault = blueprint.architecture.decoder.output.fault(vocabularySize: target.count) {
      throw .invalidConfiguration(fault)
    }
  }

  /// The parameters' names and shapes.
  public static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])] {
    let source = blueprint.sourceVocabulary.count
    return blueprint.architecture.tensorShapes(
      source: source, target: blueprint.targetVocabulary?.count ?? source)
  }

  /// A model of zeros.
  public init(_ blueprint: Blueprint) throws {
    try self.init(blueprint, initialization: .zero, key: RandomKey(seed: 0))
  }
}
