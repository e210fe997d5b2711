import ArgumentParser
import Learning
import Models
import Recurrent

/// A forecaster's usual recipe.
enum UsualForecaster: UsualRecipe {
  static let input = "input"
  static let sequence = "window"
  static let hidden = 64
  static let epochs = 30
}

/// The flags of a forecaster that no other model has. Each is also a key of a configuration file.
struct ForecasterOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps that are predicted (default: 1).", valueName: "k"))
  var horizon: Int?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The columns that are read, by name (default: all).", valueName: "name"))
  var variables: [String] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Steps of a window, through which gradients flow (default: 50).", valueName: "n"))
  var bptt: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Windows side by side (default: 16).", valueName: "n"))
  var batch: Int?
}

/// `unroll train forecaster`
struct TrainForecaster: Verb {
  static let configuration = CommandConfiguration(
    commandName: "forecaster",
    abstract:
      "Train a forecaster: the next steps of real-valued series, each a normal distribution.",
    discussion: """
      A series is a CSV file: a header, a time step a row, a variable a column. Variables are \
      standardised. The model with the best likelihood of the held-out series is the one that is kept.

      EXAMPLES
        unroll train forecaster --train load.csv --valid-share 0.2 --horizon 24 \
      --output model.safetensors
        unroll train forecaster --train a.csv b.csv --valid c.csv --variables price volume \
      --output model.safetensors
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Series to learn from, a file each.", valueName: "file"),
    completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("A series to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Instead of --valid: hold out the last share of each series.", valueName: "p"))
  var validShare: Double?
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @OptionGroup(title: "RECIPE") var own: ForecasterOptions
  @OptionGroup(title: "RECIPE") var layers: LayerOptions<UsualForecaster>
  @OptionGroup(title: "RECIPE") var dropout: DropoutOptions<UsualForecaster>
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualForecaster>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualForecaster>
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
    let variables = try settings.list("variables", own.variables)
    let bptt = try settings.value("bptt", own.bptt, default: 50, .upTo(1_000_000))
    let batch = try settings.value("batch", own.batch, default: 16, .upTo(1_000_000))
    let configuration = try configuration(&settings)
    let learning = try learning.recipe(&settings, optimizer, schedule)
    try learning.refuseObjectives(for: "forecasters")
    let run = ForecasterTraining(
      configuration: configuration, variables: variables, bptt: bptt, batch: batch,
      learning: learning, start: try start.recipe(&settings, for: configuration.cell), seed: seed,
      training: training, heldOut: try HeldOut(valid: validation, share: share),
      files: try keeping.files(&settings, output: output ?? ""))
    try settings.finish()
    guard !training.isEmpty else { throw Failure.usage("no series to learn from: --train FILE") }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if run.heldOut == .nothing { try learning.refuseWithoutValidation() }
    try common.train(run, threads: threads, console)
  }

  private func configuration(_ settings: inout Settings) throws -> ForecasterConfiguration {
    let layers = try layers.choice(&settings)
    guard !layers.learnsInitialState else {
      throw Failure.usage("--learn-initial-state is not for forecasters")
    }
    let configuration = ForecasterConfiguration(
      horizon: try settings.value("horizon", own.horizon, default: 1, .upTo(10_000)),
      cell: layers.cell, hiddenSize: layers.hidden, layers: layers.layers,
      projection: layers.projection, window: layers.window, connections: layers.connections,
      dropout: try dropout.rates(&settings))
    do {
      try configuration.validate()
    } catch {
      throw Failure.usage(error.description)
    }
    return configuration
  }
}

extension ForecasterConfiguration {
  /// The architecture as options and their values on the command line; what is not used is left out.
  ///
  /// - Parameter stack: its recurrent layers.
  func options(_ stack: StackConfiguration) -> [String: String] {
    stack.options.merging(dropout.options) { $1 }.merging(["horizon": "\(horizon)"]) { $1 }
  }
}
