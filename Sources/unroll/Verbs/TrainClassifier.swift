import ArgumentParser
import Corpora
import Learning
import ModelFiles
import Models
import Recurrent
import Tensors

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
    let start = try start.recipe(&settings, for: configuration.cell)
    let files = try keeping.files(&settings, output: output ?? "")
    try settings.finish()
    guard !training.isEmpty else { throw Failure.usage("no cases to learn from: --train FILE") }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    guard validation == nil || share == nil else {
      throw Failure.usage(
        "--valid and --valid-share both say what is held out; expected one of them")
    }
    if validation == nil, share == nil { try learning.refuseWithoutValidation() }
    try common.refuseSharedFiles(
      outputs: files.outputs,
      inputs: training.map { ("a file of --train", $0) } + [("the file of --valid", validation)])

    let started = secondsNow()
    let measure = configuration.output.measure(choice.criterion)
    let result = try withThreads(threads) {
      // Before the cases are read, which may take a while.
      try AtomicFile.checkWritable(files.output)
      var cases: [LabelledCase] = []
      for path in training { cases += try CaseFormat(path: path).read(path) }
      var heldOut = try validation.map { try CaseFormat(path: $0).read($0) } ?? []
      if let share { (cases, heldOut) = try split(cases, share, seed: seed) }
      let model = try Classifier(
        configuration, learningFrom: cases, initialization: start.initialization,
        key: RandomKey(seed: seed).child(0))
      let task = try ClassifierTask(
        model, cases, validation: heldOut, weights: choice.weights, criterion: choice.criterion,
        batch: choice.batch)
      var identity = configuration.options(model.blueprint.stack)
      identity.merge(start.options) { $1 }
      identity["batch"] = "\(choice.batch)"
      identity["class-weights"] = choice.weights == .none ? nil : choice.weights.option
      identity["judge"] = choice.criterion == .error ? nil : choice.criterion.rawValue
      identity["valid-share"] = share.map { "\($0)" }
      let record = identity.merging(learning.options) { $1 }
      identity["validation cases"] = heldOut.isEmpty ? nil : LabelledCase.fingerprint(heldOut)
      let run = TrainingRun(
        files: files, learning: learning, seed: seed, identity: identity, record: record,
        opening: opening(model, cases.count), measure: measure)
      return try run.run(model, task, console)
    }
    try console.report(
      result, output: files.output, seconds: secondsNow() - started, json: common.json,
      measure: measure)
  }

  /// The cases that are learned from, and those that are held out.
  private func split(
    _ cases: [LabelledCase], _ share: Double, seed: UInt64
  ) throws -> (training: [LabelledCase], heldOut: [LabelledCase]) {
    let count = Int((share * Double(cases.count)).rounded())
    guard count > 0, count < cases.count else {
      throw Failure(
        "a share of \(share) of \(Format.plural(cases.count, "case")) leaves nothing to learn from or "
          + "to judge by")
    }
    let drawn = RandomKey(seed: seed).child(-1).uniform(cases.count)
    let order = cases.indices.sorted { (drawn[$0], $0) < (drawn[$1], $1) }
    let heldOut = Set(order.prefix(count))
    return (
      cases.indices.filter { !heldOut.contains($0) }.map { cases[$0] },
      cases.indices.filter(heldOut.contains).map { cases[$0] }
    )
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

  private func opening(_ model: Classifier, _ cases: Int) -> String {
    let labels = model.labels.map {
      ", \(Format.count($0.count)) \(model.configuration.output.rawValue)"
    }
    return "training a \(model.blueprint.stack.summary), "
      + "\(Format.count(model.parameterCount)) parameters, on \(Format.plural(cases, "case"))"
      + (labels ?? "")
  }
}
