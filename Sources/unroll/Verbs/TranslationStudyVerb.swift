import ArgumentParser
import Corpora
import Models
import Recurrent

extension TranslationStudy.Measure: ExpressibleByArgument, SettingValue {}

/// The usual recipe of the study's nets; the quick ones drop nothing.
enum UsualStudyTranslator: UsualRecipe {
  static let input = "unit"
  static let hidden = 256
  static let dropout = 0.3
  static let quickDropout: Double? = 0
}

/// `unroll study translation`
struct TranslationStudyVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: TranslationStudy.name,
    abstract: "What are reading from the end, attention, beams and votes worth?",
    discussion: """
      The lecture's table on parallel text of your own: a net with attention, one that reads the source from \
      its beginning and some that read it from its end, alone and as ensembles, by beams of 1, 2 and 12; with \
      perplexity, speed, significance, and scores by the length of the source. Models and translations are \
      kept in the folder.

      Measurements are named train/NET/seed n, decode/NET/seed n/beam n, decode/NET/ensemble of n/beam n \
      and compare.

      EXAMPLES
        unroll study translation --source train.en --target train.fr --valid-source valid.en \
      --valid-target valid.fr --test test.references.tsv
        unroll study translation --train words.tsv --valid valid.tsv --test test.tsv --source-units \
      characters --target-units tokens --measure mismatch
      """)

  @OptionGroup var options: StudyVerb.Options
  @OptionGroup var pairs: PairOptions
  @Option(
    help: ArgumentHelp(
      "Sources to translate in the end, each with its references behind tabs; lines with the same source are "
        + "one.", valueName: "file"), completion: .file())
  var test: String?
  @OptionGroup var units: UnitOptions
  @Option(
    help: """
      What is compared: bleu, errors (edits, a share of the tokens) or mismatch (lines that equal no \
      reference) (default: bleu).
      """)
  var measure: TranslationStudy.Measure?
  @Option(help: "The recurrent cell (default: lstm).")
  var cell: CellKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Units of a layer (default: 256; quick: 32).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Layers (default: 2; quick: 1).", valueName: "n"))
  var layers: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Features of the units' vectors (default: as --hidden).", valueName: "n"))
  var embedding: Int?
  @Flag(help: "Feed what a step has read out to the next one, with attention.")
  var inputFeeding = false
  @OptionGroup var dropout: DropoutOptions<UsualStudyTranslator>
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Label smoothing (default: 0.1).", valueName: "p"))
  var labelSmoothing: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pairs side by side (default: 128; quick: 32).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Leave out longer pairs in training (default: 250).", valueName: "n"))
  var longest: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Times through the training data (default: 12; quick: 2).", valueName: "n"))
  var epochs: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Stop after so many steps, if that is sooner (quick: 300).", valueName: "n"))
  var steps: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rate of Adam (default: 0.002; quick: 0.005).", valueName: "x"))
  var learningRate: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps over which the rate rises (default: 500; quick: 50).", valueName: "n")
  )
  var warmup: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Nets that read from the end (default: 5; quick: 2).", valueName: "n"))
  var reversed: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Nets with attention (default: 1).", valueName: "n"))
  var attention: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Power of the length that ln p is divided by (default: 1).", valueName: "x"))
  var lengthPenalty: Double?
  @Option(
    help: """
      What an ensemble agrees on: the mean of its nets' probabilities or of their log-probabilities \
      (default: probabilities).
      """)
  var mean: EnsembleMean?

  func run(_ console: Console) throws {
    var settings = try options.common.settings()
    let choice = try options.choice(&settings, study: TranslationStudy.name)
    let isQuick = choice.isQuick
    let pairs = try pairs.choice(&settings)
    let test = try settings.value("test", test, .notEmpty)
    let measure = try settings.value("measure", measure, default: .bleu)
    let recipe = try recipe(&settings, isQuick)
    let reversed = try settings.value("reversed", reversed, default: isQuick ? 2 : 5, .upTo(100))
    let attention = try settings.value("attention", attention, default: 1, .upTo(100))
    let penalty = try settings.value("length-penalty", lengthPenalty, default: 1, .notNegative)
    let mean = try settings.value("mean", mean, default: .probabilities)
    try settings.finish()
    guard !pairs.training.isEmpty, let validation = pairs.validation, let test else {
      throw Failure.usage(
        "a study needs three parts: --train (or --source and --target), --valid (or --valid-source and "
          + "--valid-target) and --test")
    }
    guard choice.seeds == nil else {
      throw Failure.usage(
        "the nets of this study are counted by --reversed and --attention, not --seeds")
    }
    let data = TranslationStudy.Data(
      training: try ParallelCorpus(reading: pairs.training),
      validation: try validation.references(),
      test: try ReferenceSet(reading: test).grouped)
    let study = TranslationStudy(
      data: data, fingerprint: data.fingerprint, recipe: recipe, measure: measure,
      beams: [1, 2, 12], lengthPenalty: penalty, mean: mean,
      counts: [.attention: attention, .forward: 1, .reversed: reversed], ensembles: [2, 5],
      pattern: choice.pattern, folder: choice.output)
    do {
      for net in TranslationStudy.Net.allCases { try study.configuration(net).validate() }
    } catch {
      throw Failure.usage("\(error)")
    }
    try options.run(
      study, choice, console,
      inputs: pairs.training.flatMap { $0.inputs("train", side: "") }
        + validation.inputs("valid", side: "valid-") + [("the file of --test", test)])
  }

  private func recipe(
    _ settings: inout Settings, _ isQuick: Bool
  ) throws -> TranslationStudy.Recipe {
    let units = try units.choice(&settings)
    let hidden = try settings.value("hidden", hidden, default: isQuick ? 32 : 256, .upTo(10_000))
    return TranslationStudy.Recipe(
      units: units, cell: try settings.value("cell", cell, default: .lstm), hidden: hidden,
      layers: try settings.value("layers", layers, default: isQuick ? 1 : 2, .upTo(100)),
      embedding: try settings.value("embedding", embedding, default: hidden, .upTo(10_000)),
      dropout: try dropout.rates(
        &settings,
        usual: (isQuick ? UsualStudyTranslator.quickDropout : nil) ?? UsualStudyTranslator.dropout),
      feedsReadout: try settings.isOn("input-feeding", inputFeeding),
      smoothing: Float(
        try settings.value("label-smoothing", labelSmoothing, default: 0.1, .belowOne)),
      batch: try settings.value("batch", batch, default: isQuick ? 32 : 128, .upTo(100_000)),
      longest: try settings.value("longest", longest, default: 250, .atLeast(1)),
      epochs: try settings.value("epochs", epochs, default: isQuick ? 2 : 12, .upTo(10_000)),
      steps: try settings.value("steps", steps, .atLeast(1)) ?? (isQuick ? 300 : nil),
      rate: try settings.value(
        "learning-rate", learningRate, default: isQuick ? 0.005 : 0.002, .positive),
      warmupSteps: try settings.value("warmup", warmup, default: isQuick ? 50 : 500, .atLeast(0)))
  }
}
