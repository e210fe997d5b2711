import ArgumentParser
import Learning
import Models

/// `unroll train classifier`
struct TrainClassifier: Verb {
  static let configuration = CommandConfiguration(
    commandName: "classifier",
    abstract: "Train a classifier or regressor: read a text or a series, and say one thing of it.",
    discussion: """
      A file of texts has a case a line: its label, a tab, the text; with --target labels any number of \
      labels with | between them, with --target number a number. Series come as .ts files of the UCR/UEA \
      archive, or as CSV with the columns case and label, a time step a row and a variable a column; they \
      are standardised. The model that does best on the held-out cases is the one that is kept.

      EXAMPLES
        unroll train classifier --train train.tsv --valid valid.tsv --output model.safetensors
        unroll train classifier --train train.ts --valid-share 0.2 --output model.safetensors \
      --cell gru --pooling mean
        unroll train classifier --train topics.tsv --valid valid.tsv --target labels \
      --output model.safetensors
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Cases to learn from; several files are one.", valueName: "file"),
    completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("Cases to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Instead of --valid: hold a share of the cases of --train out, at random by the seed.",
      valueName: "p"))
  var validShare: Double?
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @OptionGroup(title: "RECIPE") var own: ClassifierOptions
  @OptionGroup(title: "RECIPE") var layers: LayerOptions<UsualClassifier>
  @OptionGroup(title: "RECIPE") var words: WordOptions<UsualClassifier>
  @OptionGroup(title: "RECIPE") var dropout: DropoutOptions<UsualClassifier>
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualClassifier>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualClassifier>
  @OptionGroup(title: "RECIPE") var start: StartOptions

  @OptionGroup var keeping: KeepingOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let training = try settings.list("train", train)
    let validation = try settings.value("valid", valid, .notEmpty)
    let share = try settings.value("valid-share", validShare, .belowOne)
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let choice = try own.choice(&settings, training: training)
    let configuration = try configuration(&settings, choice)
    let learning = try learning.recipe(&settings, optimizer, schedule)
    try learning.refuseObjectives(for: "classifiers")
    let run = ClassifierTraining(
      configuration: configuration, choice: choice, learning: learning,
      start: try start.recipe(&settings, for: configuration.cell), seed: seed, training: training,
      heldOut: try HeldOut(valid: validation, share: share),
      files: try keeping.files(&settings, output: output ?? ""))
    try settings.finish()
    guard !training.isEmpty else { throw Failure.usage("no cases to learn from: --train FILE") }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if run.heldOut == .nothing { try learning.refuseWithoutValidation() }
    try common.train(run, threads: threads, console)
  }

  private func configuration(
    _ settings: inout Settings, _ choice: ClassifierChoice
  ) throws -> ClassifierConfiguration {
    let layers = try layers.choice(&settings)
    guard !layers.learnsInitialState else {
      throw Failure.usage("--learn-initial-state is not for classifiers")
    }
    let encoder = try words.encoder(&settings)
    guard choice.input != .series || words.embedding == nil && words.words == nil else {
      throw Failure.usage("--embedding and --words are for texts, not for --input series")
    }
    guard choice.input == .words || encoder.characters == nil else {
      throw Failure.usage(
        "--words \(encoder.source.rawValue) composes words, and --input is \(choice.input.rawValue)"
      )
    }
    let configuration = ClassifierConfiguration(
      input: choice.input, words: choice.input == .series ? nil : encoder,
      lowercases: choice.lowercases, minimumCount: choice.minimumCount,
      wordDropout: choice.wordDropout, cell: layers.cell, hiddenSize: layers.hidden,
      layers: layers.layers, projection: layers.projection, window: layers.window,
      isBidirectional: choice.isBidirectional, connections: layers.connections,
      dropout: try dropout.rates(&settings), pooling: choice.pooling,
      attentionSize: choice.attention, output: choice.target)
    do {
      try configuration.validate()
    } catch {
      throw Failure.usage(error.description)
    }
    return configuration
  }
}
