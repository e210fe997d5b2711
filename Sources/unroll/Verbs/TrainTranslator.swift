import ArgumentParser
import Learning
import Models

/// `unroll train translator`
struct TrainTranslator: Verb {
  static let configuration = CommandConfiguration(
    commandName: "translator",
    abstract: "Train an encoder-decoder: from one sequence to another.",
    discussion: """
      Learns from pairs of lines: two files side by side (--source and --target), or one file whose lines \
      are source, tab, target (--train). The source is read, and the target is written unit by unit; with \
      attention, looking up in the source what matters for the next one. The model that does best on \
      held-out pairs is the one that is kept.

      EXAMPLES
        unroll train translator --source train.en --target train.fr --valid-source valid.en \
      --valid-target valid.fr --output en-fr.safetensors
        unroll train translator --train words.tsv --valid valid.tsv --source-units characters \
      --target-units tokens --judge mismatch --output g2p.safetensors
        unroll train translator --train pairs.tsv --context initial --reverse --layers 2 \
      --output model.safetensors
      """)

  @OptionGroup var pairs: PairOptions
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @OptionGroup(title: "RECIPE") var units: UnitOptions
  @OptionGroup(title: "RECIPE") var decoder: DecoderOptions
  @OptionGroup(title: "RECIPE") var encoder: EncoderOptions
  @OptionGroup(title: "RECIPE") var layers: LayerOptions<UsualTranslator>
  @OptionGroup(title: "RECIPE") var dropout: DropoutOptions<UsualTranslator>
  @OptionGroup(title: "RECIPE") var outputLayer: OutputOptions
  @OptionGroup(title: "RECIPE") var smoothing: SmoothingOptions
  @OptionGroup(title: "RECIPE") var own: TranslatorLearningOptions
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualTranslator>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualTranslator>
  @OptionGroup(title: "RECIPE") var start: StartOptions

  @OptionGroup var keeping: KeepingOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let pairs = try pairs.choice(&settings)
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let run = TranslatorTraining(
      recipe: try recipe(&settings, seed: seed), pairs: pairs,
      files: try keeping.files(&settings, output: output ?? ""))
    try settings.finish()
    guard !pairs.training.isEmpty else {
      throw Failure.usage(
        "no pairs to learn from: --source FILE and --target FILE, or --train FILE")
    }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if pairs.validation == nil {
      let criterion = run.recipe.criterion
      try run.recipe.learning.refuseWithoutValidation(
        judge: criterion == .loss ? nil : criterion.rawValue)
    }
    try common.train(run, threads: threads, console)
  }

  func recipe(_ settings: inout Settings, seed: UInt64) throws -> TranslatorRecipe {
    let units = try units.choice(&settings)
    let decoder = try decoder.configuration(
      &settings, try layers.choice(&settings), try dropout.rates(&settings), output: outputLayer,
      for: "translators")
    let configuration = try encoder.configuration(&settings, decoder, isJoint: units.isJoint)
    let learning = try learning.recipe(&settings, optimizer, schedule)
    try learning.refuseObjectives(for: "translators")
    return try own.recipe(
      &settings, configuration, units,
      smoothing: try smoothing.value(&settings, for: decoder.output), learning: learning,
      start: try start.recipe(&settings, for: decoder.cell), seed: seed)
  }
}
