import ArgumentParser
import Learning
import Models

/// `unroll train trees`
struct TrainTrees: Verb {
  static let configuration = CommandConfiguration(
    commandName: "trees",
    abstract: "Train a classifier of trees: anything that is built recursively.",
    discussion: """
      A net makes the state of each node from its word and the states of its children, from the \
      leaves up, and labels the root. Trees come in brackets, (3 (2 It) (4 works)), as CoNLL-U \
      dependencies with a comment "# label = x", or as JSON lines {"label": x, "value": …}.

      --listops N learns ListOps (Nangia & Bowman 2018), nested operations on lists of digits, from N \
      new expressions in each epoch.

      EXAMPLES
        unroll train trees --train train.txt --valid dev.txt --output sentiment.safetensors \
      --cell n-ary --targets nodes
        unroll train trees --train train.jsonl --output json.safetensors
        unroll train trees --listops 80000 --reading binary --cell n-ary --output ops.safetensors
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Trees to learn from.", valueName: "file"), completion: .file())
  var train: [String] = []
  @Option(
    help: ArgumentHelp("Trees to judge the model by as it learns.", valueName: "file"),
    completion: .file())
  var valid: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Expressions of ListOps an epoch, in place of files.", valueName: "n"))
  var listops: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Words of an expression to learn from at the most, of those judged by any number (default: any).",
      valueName: "n"))
  var listopsLongest: Int?
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @OptionGroup(title: "RECIPE") var trees: TreeOptions
  @OptionGroup(title: "RECIPE") var words: WordOptions<UsualTrees>
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualTrees>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualTrees>

  @OptionGroup var keeping: KeepingOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let training = try settings.list("train", train)
    let valid = try settings.value("valid", valid, .notEmpty)
    let listOps = try settings.value("listops", listops, .upTo(100_000_000))
    let longest = try settings.value("listops-longest", listopsLongest, .atLeast(20))
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let run = TreeTraining(
      recipe: try recipe(&settings, seed: seed),
      source: listOps.map { .listOps($0, longest: longest) } ?? .files(training, validation: valid),
      files: try keeping.files(&settings, output: output ?? ""))
    try settings.finish()
    guard listOps != nil || !training.isEmpty else {
      throw Failure.usage("no trees to learn from: --train FILE or --listops N")
    }
    if listOps != nil, !training.isEmpty || valid != nil {
      throw Failure.usage("--listops makes its trees; it takes no --train or --valid beside it")
    }
    if listOps == nil, longest != nil {
      throw Failure.usage("--listops-longest is for --listops")
    }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if listOps == nil, valid == nil { try run.recipe.learning.refuseWithoutValidation() }
    try common.train(run, threads: threads, console)
  }
}
