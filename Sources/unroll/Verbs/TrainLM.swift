import ArgumentParser
import Foundation
import Learning
import Models

/// `unroll train lm`
struct TrainLM: ParsableCommand {
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

  @OptionGroup(title: "RECIPE") var recipe: LanguageModelOptions

  @Option(
    help: ArgumentHelp(
      "Folder of the run's checkpoint and log (default: OUTPUT.checkpoint while it runs).",
      valueName: "folder"),
    completion: .directory)
  var checkpoint: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Save the run every so many steps.", valueName: "n")
  )
  var checkpointEvery: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Save the run every x minutes (default: 10).", valueName: "x"))
  var checkpointMinutes: Double?
  @Flag(help: "Go on with the run that was saved.")
  var resume = false
  @Option(
    help: ArgumentHelp(
      "Write the run's log, JSON lines, to a file (default: log.jsonl in the --checkpoint folder).",
      valueName: "file"),
    completion: .file())
  var log: String?
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

  func run() throws { try run(.standard) }

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let training = try settings.list("train", train)
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let run = LanguageModelTraining(
      recipe: try recipe.recipe(&settings, seed: seed), training: training,
      validation: try settings.value("valid", valid, .notEmpty), output: output ?? "",
      checkpointFolder: try settings.value("checkpoint", checkpoint, .notEmpty),
      checkpointSteps: try settings.value("checkpoint-every", checkpointEvery, .atLeast(1)),
      checkpointSeconds: 60
        * (try settings.value("checkpoint-minutes", checkpointMinutes, default: 10, .positive)),
      isResumed: try settings.isOn("resume", resume),
      log: try settings.value("log", log, .notEmpty),
      flowInterval: try settings.value("gradient-flow", gradientFlow, .atLeast(1)))
    try settings.finish()
    guard !training.isEmpty else { throw Failure.usage("no text to learn from: --train FILE") }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if run.recipe.validationInterval != nil, run.validation == nil {
      throw Failure.usage("--valid-every needs a text to validate on: --valid FILE")
    }
    let rule = run.recipe.optimizer
    if run.validation == nil, rule.kind == .ntASGD || rule.settings.averageAfter != nil {
      let flag = rule.kind == .ntASGD ? "--optimizer nt-asgd" : "--average-after"
      throw Failure.usage(
        "\(flag) averages once validation stops to improve, so it needs a text to validate on: "
          + "--valid FILE")
    }
    if run.flowInterval != nil, run.log == nil, run.checkpointFolder == nil {
      throw Failure.usage("--gradient-flow needs a log to write to: --log FILE")
    }

    try common.refuseSharedFiles(outputs: run.outputs, inputs: run.inputs)
    let start = secondsNow()
    let result = try withThreads(threads) { try run.run(console) }
    try report(result, run.output, seconds: secondsNow() - start, console)
  }

  private func report(
    _ result: LanguageModelTraining.Result, _ output: String, seconds: Double, _ console: Console
  ) throws {
    let (summary, best) = (result.summary, result.summary.best)
    if common.json {
      try console.result(
        JSON.members([
          "model": .string(output), "parameters": .integer(result.model.parameterCount),
          "steps": .integer(summary.steps), "epochs": .integer(summary.epochs.count),
          "end": .string(summary.end.rawValue),
          "training_loss": summary.epochs.last.map { .number($0.trainingLoss) },
          "validation_loss": best.map { .number($0.loss) },
          "validation_perplexity": best.map { .number(exp($0.loss)) },
          "best_epoch": best.map { .integer($0.epoch) },
          "tokens_per_second": .number(result.tokensPerSecond.rounded()),
          "seconds": .number((seconds * 10).rounded() / 10),
        ]).text)
      return
    }
    var line = "\(output): "
    if let best {
      line += "validation perplexity \(Format.number(exp(best.loss))) (epoch \(best.epoch))"
    } else if let epoch = summary.epochs.last {
      line += "training perplexity \(Format.number(exp(epoch.trainingLoss)))"
    }
    line += ", \(Format.plural(summary.steps, "step")) in \(Format.duration(seconds))"
    if summary.end == .outOfPatience { line += ", stopped early" }
    try console.result(line)
  }
}
