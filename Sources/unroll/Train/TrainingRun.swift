import ArgumentParser
import Learning
import ModelFiles
import Models

/// A training run as the command line makes it, whatever is trained: live progress, checkpoints, a signal
/// that saves and stops, a log, and the model's file when all is done.
struct TrainingRun {
  var files: RunFiles
  var learning: LearningRecipe
  var seed: UInt64
  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String]
  /// The recipe as it stands in the model's record.
  var record: [String: String]
  /// What is trained on what.
  var opening: String
  /// How losses are told.
  var measure = LossMeasure.perplexity

  /// What a complete run has to show.
  struct Result<Model> {
    var model: Model
    var summary: TrainingSummary
    var tokensPerSecond: Double
  }

  /// Trains `model` by `task`, and writes it.
  ///
  /// - Parameter observe: what else looks at events, given the log if there is one.
  /// - Throws: `ExitCode` if a signal has stopped it, after it was saved.
  func run<Model: StoredModel>(
    _ model: Model, _ task: any RecordedTask, _ console: Console,
    observe: (RunLog?) -> (TrainingEvent) -> Void = { _ in { _ in } }
  ) throws -> Result<Model> {
    try AtomicFile.checkWritable(files.output)
    let log = files.logPath.map(RunLog.init(path:))
    let interrupt = InterruptFlag()
    let interrupts = Interrupts {
      interrupt.raise()
      console.message("\nstopping at the next step; once more to stop at once")
    }
    defer { interrupts.stop() }
    let observer = TrainingObserver(
      console, opening: opening, earlierRun: files.earlierRun, measure: measure)
    let others = observe(log)
    let trainer = Trainer(
      task, learning.makeOptimizer(), plan(task), log: log, interrupt: interrupt
    ) {
      observer.handle($0)
      others($0)
    }

    let outcome: TrainingOutcome
    do {
      outcome = try trainer.run(resuming: files.isResumed)
    } catch {
      observer.clear()
      files.removeFolder(withCheckpoint: false)
      throw error
    }
    observer.clear()
    guard case .finished(let summary) = outcome else {
      console.message(
        "stopped after step \(Format.count(outcome.summary.steps)) and saved to \(files.folder); go on "
          + "with\n  \(Invocation.resuming)")
      throw ExitCode(interrupts.exitStatus ?? 1)
    }
    var model = model
    model.trainingRecord = TrainingRecord(
      recipe: record, seed: seed, trainingTokens: task.trainingTokens,
      trainingFingerprint: task.trainingFingerprint, steps: summary.steps,
      epochs: summary.epochs, best: summary.best)
    try model.save(to: files.output)
    files.removeFolder(withCheckpoint: true)
    return Result(model: model, summary: summary, tokensPerSecond: observer.tokensPerSecond)
  }

  private func plan(_ task: any RecordedTask) -> TrainingPlan {
    var identity = identity
    identity["training text"] = task.trainingFingerprint
    return TrainingPlan(
      epochs: learning.epochs, accumulation: learning.optimizer.accumulation,
      stepLimit: learning.steps, seed: seed, schedule: learning.schedule,
      clipValue: learning.optimizer.clipValue, clipNorm: learning.optimizer.clip,
      patience: learning.patience, validationInterval: learning.validationInterval,
      checkpoints: files.checkpoints, identity: identity)
  }
}
