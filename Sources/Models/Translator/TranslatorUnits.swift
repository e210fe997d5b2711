import Corpora
import Tensors

/// How units and vocabularies are learned from parallel text.
public struct TranslatorUnits: Sendable, Equatable {
  /// What a source is cut into.
  public var source: UnitKind
  /// What a target is cut into.
  public var target: UnitKind
  /// Merges of byte pairs, on each side or of both together.
  public var merges: Int
  /// Whether source and target have their units and their vocabulary in common.
  public var isJoint: Bool
  /// Whether both are put in lower case.
  public var lowercases: Bool
  /// Rarer units become `<unk>`.
  public var minimumCount: Int
  /// The most units of a vocabulary; nil for any number.
  public var maximumSize: Int?

  /// A way of learning them.
  public init(
    source: UnitKind, target: UnitKind, merges: Int = 8000, isJoint: Bool = false,
    lowercases: Bool = false, minimumCount: Int = 1, maximumSize: Int? = nil
  ) {
    self.source = source
    self.target = target
    self.merges = merges
    self.isJoint = isJoint
    self.lowercases = lowercases
    self.minimumCount = minimumCount
    self.maximumSize = maximumSize
  }

  func segmenter(_ kind: UnitKind, _ lines: [String]) -> Segmenter {
    Segmenter(kind, learningFrom: lines, merges: merges, lowercases: lowercases)
  }

  func vocabulary(_ units: Segmenter, _ lines: [String]) throws(CorpusError) -> Vocabulary {
    try Vocabulary(
      ofSentences: units.units(ofLines: lines), minimumCount: minimumCount,
      maximumSize: maximumSize)
  }
}

extension Translator {
  /// A fresh translator with the units and vocabularies of parallel lines.
  ///
  /// Throws ``ModelError/invalidConfiguration(_:)``, and `CorpusError` for lines that make no vocabulary.
  public init(
    _ configuration: TranslatorConfiguration, _ units: TranslatorUnits,
    learningFrom sources: [String], _ targets: [String],
    initialization: ModelInitialization = ModelInitialization(), key: RandomKey
  ) throws {
    guard !sources.isEmpty else { throw CorpusError.noSentences }
    guard !units.isJoint || units.source == units.target else {
      throw ModelError.invalidConfiguration(
        "units in common are of one kind, not \(units.source.rawValue) and \(units.target.rawValue)"
      )
    }
    guard !configuration.sharesVectors || units.isJoint else {
      throw ModelError.invalidConfiguration("shared vectors need units in common")
    }
    // Before the vocabularies, which may take a while.
    try configuration.validate()
    let blueprint: Blueprint
    if units.isJoint {
      let both = sources + targets
      let segmenter = units.segmenter(units.source, both)
      let vocabulary = try units.vocabulary(segmenter, both)
      blueprint = Blueprint(
        architecture: configuration, sourceUnits: segmenter, targetUnits: segmenter,
        sourceVocabulary: vocabulary,
        targetVocabulary: configuration.sharesVectors ? nil : vocabulary)
    } else {
      let (source, target) = (
        units.segmenter(units.source, sources), units.segmenter(units.target, targets)
      )
      blueprint = Blueprint(
        architecture: configuration, sourceUnits: source, targetUnits: target,
        sourceVocabulary: try units.vocabulary(source, sources),
        targetVocabulary: try units.vocabulary(target, targets))
    }
    try self.init(blueprint, initialization: initialization, key: key)
  }
}
