import ArgumentParser
import Corpora
import Models
import Recurrent

extension UnitKind: ExpressibleByArgument, SettingValue {}
extension TranslatorCriterion: ExpressibleByArgument, SettingValue {}
extension ScheduledSampling.Shape: ExpressibleByArgument, SettingValue {}

/// A translator's usual recipe.
enum UsualTranslator: UsualRecipe {
  static let input = "unit"
  static let sequence = "sentence"
  static let hidden = 256
  static let embedding: Int? = nil
  static let dropout = 0.2
  static let isDecoder = true
}

/// The flags that say what a translator's texts are cut into. Each is also a key of a configuration file.
struct UnitOptions: ParsableArguments {
  @Option(
    help: """
      What texts are cut into: bpe (pieces of words, by byte-pair encoding), words (punctuation by itself), \
      tokens (all between white space) or characters (default: bpe).
      """)
  var units: UnitKind?
  @Option(help: "What a source is cut into (default: as --units).")
  var sourceUnits: UnitKind?
  @Option(help: "What a target is cut into (default: as --units).")
  var targetUnits: UnitKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Merges of byte-pair encoding (default: 8000).", valueName: "n"))
  var merges: Int?
  @Flag(help: "Learn units and vocabulary of source and target together.")
  var joint = false
  @Flag(help: "Put all text in lower case.")
  var lowercase = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rarer units become <unk> (default: 1, so none).", valueName: "n"))
  var minCount: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "At most so many units on each side; the others become <unk>.", valueName: "n"))
  var vocabularySize: Int?

  func choice(_ settings: inout Settings) throws -> TranslatorUnits {
    let all = try settings.value("units", units, default: .bytePairs)
    let source = try settings.value("source-units", sourceUnits, default: all)
    let target = try settings.value("target-units", targetUnits, default: all)
    let merges = try settings.value("merges", merges, .upTo(1_000_000))
    let isJoint = try settings.isOn("joint", joint)
    guard merges == nil || source == .bytePairs || target == .bytePairs else {
      throw Failure.usage("--merges goes with units that are bpe, not \(source.rawValue)")
    }
    guard !isJoint || source == target else {
      throw Failure.usage(
        "--joint needs units of one kind, not \(source.rawValue) and \(target.rawValue)")
    }
    return TranslatorUnits(
      source: source, target: target, merges: merges ?? 8000, isJoint: isJoint,
      lowercases: try settings.isOn("lowercase", lowercase),
      minimumCount: try settings.value("min-count", minCount, default: 1, .atLeast(1)),
      maximumSize: try settings.value("vocabulary-size", vocabularySize, .atLeast(4)))
  }
}

/// The flags of a translator's encoder. Each is also a key of a configuration file.
struct EncoderOptions: ParsableArguments {
  @Flag(help: "Read the source from its end (Sutskever et al. 2014).")
  var reverse = false
  @Flag(
    help: """
      Read the source in one direction; else from both ends with attention, in one direction without.
      """)
  var oneDirection = false
  @Flag(help: "Read the source from both ends, without attention too.")
  var bothDirections = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Units of the encoder's layers in one direction (default: as --hidden; from both ends half as many).",
      valueName: "n"))
  var encoderHidden: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Layers of the encoder (default: as --layers).", valueName: "n"))
  var encoderLayers: Int?
  @Flag(help: "Share the vectors of source and target; needs --joint.")
  var shareVectors = false
}

/// The flags of a translator's training that no other model has. Each is also a key of a configuration file.
struct TranslatorLearningOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pairs side by side (default: 64).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "At most so many units side by side, shorter texts filled up (default: any).",
      valueName: "n"))
  var batchUnits: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Leave out pairs with more units on a side in training (default: 250).", valueName: "n"))
  var longest: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of merges of byte pairs passed over each time that a text is read (BPE dropout; Provilkov "
        + "et al. 2020; default: 0).", valueName: "p"))
  var dropoutUnits: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Read predictions in place of a share of the target's units (scheduled sampling; Bengio et al. "
        + "2015; default: 0).", valueName: "p"))
  var sampling: Double?
  @Option(
    help: "How that share rises from 0: linear, exponential or inverse-sigmoid (default: linear).")
  var samplingShape: ScheduledSampling.Shape?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Epochs until it is reached (default: half of --epochs).", valueName: "x"))
  var samplingEpochs: Double?
  @Option(
    help: """
      What the model is judged by on held-out pairs: loss, bleu, errors (edits to the target) or mismatch \
      (the share of translations that equal no target), of greedy translations (default: loss).
      """)
  var judge: TranslatorCriterion?
}
