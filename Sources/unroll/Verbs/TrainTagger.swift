import ArgumentParser
import Learning
import Models

/// `unroll train tagger`
struct TrainTagger: Verb {
  static let configuration = CommandConfiguration(
    commandName: "tagger",
    abstract: "Train a model that gives each word of a sentence a label.",
    discussion: """
      Reads CoNLL-U, or files with a word and its label a line and an empty line between sentences. \
      Words are seen from both ends of the sentence, looked up and composed from their characters, so \
      that unseen words have vectors too. The most accurate model on the file of --valid is the one \
      that is kept.

      Ctrl-C saves the run and says how to go on with it. The same seed gives the same model, byte \
      for byte, on any number of threads and however often the run was stopped and resumed.

      EXAMPLES
        unroll train tagger --train train.conllu --valid dev.conllu --output tagger.safetensors
        unroll train tagger --train train.conllu --column xpos --output tagger.safetensors
        unroll train tagger --train names.txt --valid dev.txt --output names.safetensors \
      --output-layer crf --constraints training
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Sentences with labels to learn from.", valueName: "file"),
    completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("Sentences to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?
  @OptionGroup var labelled: LabelledOptions

  @OptionGroup(title: "RECIPE") var tagging: TaggerOptions
  @OptionGroup(title: "RECIPE") var layers: LayerOptions<UsualTagger>
  @OptionGroup(title: "RECIPE") var words: WordOptions<UsualTagger>
  @OptionGroup(title: "RECIPE") var dropout: DropoutOptions<UsualTagger>
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualTagger>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualTagger>
  @OptionGroup(title: "RECIPE") var start: StartOptions

  @OptionGroup var keeping: KeepingOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let training = try settings.list("train", train)
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let run = TaggerTraining(
      recipe: try recipe(&settings, seed: seed), labelled: try labelled.choice(&settings),
      training: training, validation: try settings.value("valid", valid, .notEmpty),
      files: try keeping.files(&settings, output: output ?? ""))
    try settings.finish()
    guard !training.isEmpty else {
      throw Failure.usage("no sentences to learn from: --train FILE")
    }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if run.validation == nil { try run.recipe.learning.refuseWithoutValidation() }
    try common.train(run, threads: threads, console)
  }
}
