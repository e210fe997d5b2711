import ArgumentParser
import Corpora
import Models

extension LabelColumn: ExpressibleByArgument, SettingValue {}
extension TaggerOutput: ExpressibleByArgument, SettingValue {}
extension LabelConstraints: ExpressibleByArgument, SettingValue {}

/// A tagger's defaults.
enum UsualTagger: UsualRecipe {
  static let hidden = 200
  static let words = WordSource.both
  static let characterHidden = 100
  static let dropout = 0.5
  static let schedule = ScheduleKind.cosine
}

/// The flags that only taggers have. Each is also a key of a configuration file.
struct TaggerOptions: ParsableArguments {
  @Option(help: "The column of CoNLL-U to predict (default: upos).")
  var column: LabelColumn?
  @Flag(help: "Look words up in lower case; they are spelled as they are.")
  var lowercase = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rarer words are looked up as <unk> (default: 1, so none).", valueName: "n"))
  var minCount: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Probability that a word that occurs once is looked up as <unk>, so that <unk> has a vector "
        + "that was learned (Lample et al. 2016; default: 0.5).", valueName: "p"))
  var dropoutWords: Double?
  @Option(
    help: """
      What makes labels: softmax (each by itself) or crf (all of a sentence together, by a linear-chain \
      conditional random field) (default: softmax).
      """)
  var outputLayer: TaggerOutput?
  @Option(
    help: """
      Hold labels such as B-PER, I-PER, O to IOB2 in decoding, in training too (crf only), or never, \
      none (default: decoding where the training data obey it).
      """)
  var constraints: LabelConstraints?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sentences side by side (default: 32).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "At most so many words side by side, shorter sentences filled up (default: any).",
      valueName: "n"))
  var batchWords: Int?
}

/// Everything about the training of a tagger that its result depends on, checked.
struct TaggerRecipe: Equatable {
  var configuration: TaggerConfiguration
  /// Whether the constraints are what suits the data, rather than what was asked for.
  var choosesConstraints: Bool
  /// The column of CoNLL-U; nil where none was asked for.
  var column: LabelColumn?
  var batch: Int
  var batchWords: Int?
  var learning: LearningRecipe
  var start: StartRecipe
  var seed: UInt64
}

extension TaggerRecipe {
  /// The recipe as it stands in the model's record: options and their values, as on the command line.
  var record: [String: String] { identity.merging(learning.options) { $1 } }

  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String] {
    var identity = configuration.options
    identity["column"] = column?.rawValue
    identity["batch"] = "\(batch)"
    identity["batch-words"] = batchWords.map { "\($0)" }
    identity.merge(start.options) { $1 }
    return identity
  }
}

extension TaggerConfiguration {
  /// The architecture as options and their values on the command line; what is not used is left out.
  var options: [String: String] {
    var options = [
      "lowercase": "\(lowercases)", "min-count": "\(minimumCount)",
      "output-layer": output.rawValue, "constraints": constraints.rawValue,
      // Even as 0, for it is not what is usual.
      "dropout-words": "\(wordDropout)",
    ]
    for group in [stack.options, words.options, dropout.options] {
      options.merge(group) { $1 }
    }
    return options
  }
}
