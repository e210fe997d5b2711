import Foundation
import Learning

/// Tells whoever watches how a run goes: a line of progress, and a line for each validation or epoch.
final class TrainingObserver {
  private let console: Console
  private let opening: String
  private let earlierRun: String?
  private let hasValidation: Bool
  private var bar: ProgressBar
  private var isBest = false

  /// The speed at the last step.
  private(set) var tokensPerSecond = 0.0

  /// - Parameters:
  ///   - opening: what is trained on what.
  ///   - earlierRun: a warning to begin with.
  init(_ console: Console, opening: String, earlierRun: String?, hasValidation: Bool) {
    self.console = console
    self.opening = opening
    self.earlierRun = earlierRun
    self.hasValidation = hasValidation
    bar = ProgressBar(console)
  }

  func handle(_ event: TrainingEvent) {
    switch event {
    case .began(let start):
      if let earlierRun { console.message(earlierRun) }
      console.message(opening)
      if start.stepsDone > 0 {
        console.message(
          "going on after step \(Format.count(start.stepsDone)) of \(Format.count(start.totalSteps))"
        )
      }
    case .step(let progress):
      tokensPerSecond = progress.tokensPerSecond
      isBest = false
      bar.show(ProgressLine(progress))
    case .improved: isBest = true
    case .validated(let validation): pending = validation
    case .epochEnded(let epoch): tell(epoch)
    case .checkpointed, .finished: break
    }
    if case .validated = event {} else { tellPending(event) }
  }

  /// A validation that is not that of an epoch's end; told when it is known whether it is the best.
  private var pending: ValidationRecord?

  private func tellPending(_ event: TrainingEvent) {
    guard let validation = pending else { return }
    if case .epochEnded = event {
      pending = nil
      return
    }
    guard case .step = event else { return }
    pending = nil
    bar.say(
      "step \(Format.count(validation.step))  validation loss \(Format.number(validation.loss))"
        + "  perplexity \(Format.number(exp(validation.loss)))")
  }

  private func tell(_ epoch: EpochRecord) {
    var line =
      "epoch \(epoch.epoch)  step \(Format.count(epoch.step))"
      + "  training perplexity \(Format.number(exp(epoch.trainingLoss)))"
    if let loss = epoch.validationLoss {
      line += "  validation loss \(Format.number(loss))  perplexity \(Format.number(exp(loss)))"
      if isBest { line += "  best so far" }
    }
    bar.say(line)
  }

  /// Takes the live line away.
  func clear() { bar.clear() }
}

extension ProgressLine {
  /// The state of a run.
  init(_ progress: ProgressSnapshot) {
    self.init(
      epoch: progress.epoch, epochs: progress.epochs, step: progress.step,
      steps: progress.totalSteps, loss: progress.recentLoss,
      tokensPerSecond: progress.tokensPerSecond, secondsLeft: progress.secondsLeft)
  }
}
