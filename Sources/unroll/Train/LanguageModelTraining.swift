import ArgumentParser
import Corpora
import Foundation
import Learning
import ModelFiles
import Models
import Recurrent
import Tensors

/// A training run of a language model as the command line makes it: reads the texts, trains with
/// live progress, and writes the model when all is done.
struct LanguageModelTraining {
  var recipe: LanguageModelRecipe
  var training: [String]
  var validation: String?
  /// Where the model goes.
  var output: String
  /// nil for a folder beside the output that is gone when the run is complete.
  var checkpointFolder: String?
  var checkpointSteps: Int?
  var checkpointSeconds: Double
  var isResumed: Bool
  /// nil for none, or the one in the folder of checkpoints if that was asked for.
  var log: String?
  /// Steps between two measurements of the flow of gradients, for the log; nil for none.
  var flowInterval: Int? = nil

  /// What a complete run has to show.
  struct Result {
    var model: LanguageModel
    var summary: TrainingSummary
    var tokensPerSecond: Double
  }

  private var folder: String { checkpointFolder ?? output + ".checkpoint" }
  private var logPath: String? { log ?? checkpointFolder.map { "\($0)/log.jsonl" } }

  /// The files that it writes, each with its option.
  var outputs: [(option: String, path: String?)] {
    [
      ("--output", output), ("--checkpoint", Checkpoint.path(in: folder)),
      (log == nil ? "--checkpoint" : "--log", logPath),
    ]
  }

  /// The files that it reads, each with what it is.
  var inputs: [(role: String, path: String?)] {
    training.map { ("a text of --train", $0) } + [("the text of --valid", validation)]
  }

  /// Trains and writes the model.
  ///
  /// - Throws: `ExitCode` if a signal has stopped it, after it was saved.
  func run(_ console: Console) throws -> Result {
    try AtomicFile.checkWritable(output)
    let text = try readTexts(training)
    let heldOut = try validation.map { try TextFile.read($0) }
    var (model, task) = try prepare(text, heldOut)

    let log = logPath.map(RunLog.init(path:))
    let interrupt = InterruptFlag()
    let interrupts = Interrupts {
      interrupt.raise()
      console.message("\nstopping at the next step; once more to stop at once")
    }
    defer { interrupts.stop() }
    let observer = TrainingObserver(
      console, opening: opening(model, task), earlierRun: earlierRun,
      hasValidation: heldOut != nil)
    let flow = log.flatMap { log in
      flowInterval.map { GradientFlowLog(task: task, log: log, interval: $0) }
    }
    let trainer = Trainer(
      task, recipe.makeOptimizer(), plan(task, heldOut), log: log, interrupt: interrupt
    ) {
      observer.handle($0)
      flow?.handle($0)
    }

    let outcome: TrainingOutcome
    do {
      outcome = try trainer.run(resuming: isResumed)
    } catch {
      observer.clear()
      if checkpointFolder == nil { rmdir(folder) }  // unless there is a checkpoint in it
      throw error
    }
    observer.clear()
    guard case .finished(let summary) = outcome else {
      console.message(
        "stopped after step \(Format.count(outcome.summary.steps)) and saved to \(folder); go on "
          + "with\n  \(Invocation.resuming)")
      throw ExitCode(interrupts.exitStatus ?? 1)
    }
    model.trainingRecord = TrainingRecord(
      recipe: recipe.record, seed: recipe.seed, trainingTokens: task.trainingTokens,
      trainingFingerprint: task.trainingFingerprint, steps: summary.steps,
      epochs: summary.epochs, best: summary.best)
    try model.save(to: output)
    if checkpointFolder == nil { removeFolder() }
    return Result(
      model: model, summary: summary, tokensPerSecond: observer.tokensPerSecond)
  }

  private func prepare(
    _ text: String, _ heldOut: String?
  ) throws -> (LanguageModel, LanguageModelTask) {
    var builder = VocabularyBuilder(
      tokenizer: recipe.configuration.level, unit: recipe.configuration.unit)
    builder.add(text)
    let vocabulary = try builder.build(
      minimumCount: recipe.minimumCount, maximumSize: recipe.vocabularySize)
    let model = try LanguageModel(
      configuration: recipe.configuration, vocabulary: vocabulary,
      initialization: recipe.start.initialization, key: RandomKey(seed: recipe.seed).child(0))
    do {
      let task = try LanguageModelTask(
        model, text: text, validation: heldOut, batch: recipe.batch, window: recipe.bptt,
        variesWindow: recipe.variesBPTT, penalty: recipe.penalty, lossUnit: recipe.lossUnit)
      return (model, task)
    } catch let error as CorpusError {
      if case .tooShort = error {
        throw Failure("\(training.joined(separator: ", ")): \(error)")
      }
      throw error
    }
  }

  private func plan(_ task: LanguageModelTask, _ heldOut: String?) -> TrainingPlan {
    var identity = recipe.identity
    identity["training text"] = task.trainingFingerprint
    identity["validation text"] = heldOut.map { fingerprint($0.utf8.lazy.map(Int32.init)) }
    return TrainingPlan(
      epochs: recipe.epochs, accumulation: recipe.optimizer.accumulation, stepLimit: recipe.steps,
      seed: recipe.seed, schedule: recipe.schedule,
      clipValue: recipe.optimizer.clipValue, clipNorm: recipe.optimizer.clip,
      patience: recipe.patience,
      validationInterval: recipe.validationInterval,
      checkpoints: CheckpointPolicy(
        directory: folder, everySteps: checkpointSteps, everySeconds: checkpointSeconds),
      identity: identity)
  }

  private func opening(_ model: LanguageModel, _ task: LanguageModelTask) -> String {
    let tokens = recipe.configuration.level == .words ? "words" : "characters"
    return "training \(model.configuration.summary), \(Format.count(model.parameterCount)) "
      + "parameters, on \(Format.count(task.trainingTokens)) \(tokens) "
      + "(vocabulary \(Format.count(model.vocabulary.count)))"
  }

  /// A word about an earlier run that was stopped and is about to be written over.
  private var earlierRun: String? {
    guard !isResumed, Checkpoint.exists(in: folder) else { return nil }
    return "\(folder) holds an earlier run, which this one replaces; --resume would go on with it"
  }

  /// Takes the folder away that was made beside the output, unless there is more in it.
  private func removeFolder() {
    try? FileManager.default.removeItem(atPath: Checkpoint.path(in: folder))
    rmdir(folder)
  }
}

extension LanguageModelConfiguration {
  /// "a word-level LSTM, 2 layers of 650 units"
  var summary: String {
    let size = Format.plural(layers, "layer")
    let projected = projection.map { ", projected to \(Format.count($0))" } ?? ""
    let units = Format.plural(hiddenSize, "unit")
    return "a \(level.rawValue)-level \(cell.title), \(size) of \(units)\(projected)"
  }
}

extension CellKind {
  /// The cell's name in a sentence.
  var title: String {
    switch self {
    case .rnn: "RNN"
    case .rnnReLU: "ReLU RNN"
    case .rnnNorm: "RNN with layer normalisation"
    case .irnn: "IRNN"
    case .memory: "memory cell"
    case .memoryRecurrent: "recurrent memory cell"
    case .memoryGated: "gated memory cell"
    case .lstm: "LSTM"
    case .lstmPeephole: "LSTM with peepholes"
    case .lstmCoupled: "LSTM with coupled gates"
    case .lstmNorm: "LSTM with layer normalisation"
    case .gru: "GRU"
    case .gruResetBefore: "GRU (reset before)"
    case .gruNorm: "GRU with layer normalisation"
    }
  }
}
