import ArgumentParser
import Learning
import Models

/// `unroll train lm`
struct TrainLM: Verb {
  static let configuration = CommandConfiguration(
    commandName: "lm",
    abstract: "Train a recurrent language model on plain text.",
    discussion: """
      Words are what stands between white space; a line's end is a token of its own. Characters \
      are Unicode scalars. The model with the lowest validation loss is the one that is kept.

      Ctrl-C saves the run and says how to go on with it. The same seed gives the same model, byte \
      for byte, on any number of threads and however often the run was stopped and resumed.

      EXAMPLES
        unroll train lm --train shakespeare.txt --level character --output model.safetensors
        unroll train lm --train train.txt --valid valid.txt --output model.safetensors \
      --hidden 650 --dropout 0.5 --vocabulary-size 10000
        unroll train lm --config medium.yaml --epochs 5 --seed 7
        unroll train lm --config medium.yaml --checkpoint run --resume

      A configuration file has the flags' names as keys:
        level: character
        hidden: 512
        train: [a.txt, b.txt]
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Text to learn from; several files are read as one.", valueName: "file"),
    completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("Text to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @OptionGroup(title: "RECIPE") var tokens: TokenOptions
  @OptionGroup(title: "RECIPE") var layers: LayerOptions<UsualLanguageModel>
  @OptionGroup(title: "RECIPE") var words: WordOptions<UsualLanguageModel>
  @OptionGroup(title: "RECIPE") var tying: TyingOptions
  @OptionGroup(title: "RECIPE") var prediction: OutputOptions
  @OptionGroup(title: "RECIPE") var dropout: DropoutOptions<UsualLanguageModel>
  @OptionGroup(title: "RECIPE") var text: TextOptions
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualLanguageModel>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualLanguageModel>
  @OptionGroup(title: "RECIPE") var start: StartOptions

  @OptionGroup var keeping: KeepingOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Measure every so many steps how gradients flow back through layers and time, and the spectra \
      of the recurrent matrices, for the log.
      """, valueName: "n"))
  var gradientFlow: Int?

  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let training = try settings.list("train", train)
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let run = LanguageModelTraining(
      recipe: try recipe(&settings, seed: seed), training: training,
      validation: try settings.value("valid", valid, .notEmpty),
      files: try keeping.files(&settings, output: output ?? ""),
      flowInterval: try settings.value("gradient-flow", gradientFlow, .atLeast(1)))
    try settings.finish()
    guard !training.isEmpty else { throw Failure.usage("no text to learn from: --train FILE") }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if run.validation == nil { try run.recipe.learning.refuseWithoutValidation() }
    if run.flowInterval != nil, run.files.logPath == nil {
      throw Failure.usage("--gradient-flow needs a log to write to: --log FILE")
    }
    try common.train(run, threads: threads, console)
  }
}
