import Corpora
import Recurrent
import Tensors

extension Captioner: StoredModel {
  /// What a captioner is made from but its weights.
  public struct Blueprint: Codable, Sendable {
    /// The architecture.
    public var architecture: CaptionerConfiguration
    /// The languages of the captions.
    public var languages: [String]
    /// What cuts a caption into tokens.
    public var units: Segmenter
    /// The captions' tokens.
    public var vocabulary: Vocabulary
  }

  /// ``ModelTask/captioner``
  public static let task = ModelTask.captioner

  /// Configuration, languages, units and vocabulary.
  public var blueprint: Blueprint {
    Blueprint(
      architecture: configuration, languages: languages, units: units, vocabulary: vocabulary)
  }

  /// Throws ``ModelError/invalidConfiguration(_:)`` for what makes no captioner.
  public static func validate(_ blueprint: Blueprint) throws(ModelError) {
    try blueprint.architecture.validate()
    let vocabulary = blueprint.vocabulary
    try vocabulary.checkRoles("the vocabulary")
    let languages = blueprint.languages
    guard !languages.isEmpty, Set(languages).count == languages.count else {
      throw .invalidConfiguration(
        "a captioner has one language or several different ones, not \(languages)")
    }
    if let token = startTokens(languages).first(where: { !vocabulary.contains($0) }) {
      throw .invalidConfiguration("the vocabulary has no \(token)")
    }
    if let fault = blueprint.architecture.decoder.output.fault(vocabularySize: vocabulary.count) {
      throw .invalidConfiguration(fault)
    }
  }

  /// The parameters' names and shapes.
  public static func tensorShapes(_ blueprint: Blueprint) -> [(name: String, shape: [Int])] {
    blueprint.architecture.tensorShapes(vocabularySize: blueprint.vocabulary.count)
  }

  /// A model of zeros.
  public init(_ blueprint: Blueprint) throws {
    try self.init(blueprint, initialization: .zero, key: RandomKey(seed: 0))
  }
}
