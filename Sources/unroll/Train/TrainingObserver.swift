import Foundation
import Learning

/// How the losses of a run are told.
enum LossMeasure {
  /// As perplexities: training and validation losses are nats a token.
  case perplexity
  /// The validation loss as a perplexity; the training loss is another one, that of samples.
  case heldOutPerplexity
  /// As they are.
  case loss
  /// The validation loss is the share of errors, and told as accuracy; the training loss is another one.
  case errorRate
  /// The training loss as a perplexity; the validation loss is one minus BLEU, and told as that.
  case bleu
  /// The training loss as a perplexity; the validation loss is one minus BLEU-1, and told as that.
  case unigramBLEU
  /// The training loss as a perplexity; the validation loss is the share of what is to be edited.
  case edits
  /// The training loss as a perplexity; the validation loss is the share that is not exactly right.
  case mismatch

  /// Whether e to a validation loss is a perplexity.
  var hasPerplexity: Bool { self == .perplexity || self == .heldOutPerplexity }

  /// What a validation loss comes to: "perplexity 42.0", "accuracy 95.5 %".
  func figure(_ loss: Double) -> String {
    switch self {
    case .perplexity, .heldOutPerplexity: "perplexity \(Format.number(exp(loss)))"
    case .loss: "loss \(Format.number(loss))"
    case .errorRate: "accuracy \(Format.number(100 * (1 - loss))) %"
    case .bleu: "BLEU \(Format.number(100 * (1 - loss)))"
    case .unigramBLEU: "BLEU-1 \(Format.number(100 * (1 - loss)))"
    case .edits: "errors \(Format.number(100 * loss)) %"
    case .mismatch: "exactly right \(Format.number(100 * (1 - loss))) %"
    }
  }

  /// Whether e to a training loss is a perplexity.
  var trainsByPerplexity: Bool {
    switch self {
    case .perplexity, .bleu, .unigramBLEU, .edits, .mismatch: true
    case .heldOutPerplexity, .loss, .errorRate: false
    }
  }

  /// A training loss.
  func training(_ loss: Double) -> String {
    trainsByPerplexity
      ? "training perplexity \(Format.number(exp(loss)))"
      : "training loss \(Format.number(loss))"
  }

  /// A validation loss.
  func validation(_ loss: Double) -> String {
    hasPerplexity
      ? "validation loss \(Format.number(loss))  \(figure(loss))" : "validation \(figure(loss))"
  }
}

/// Tells whoever watches how a run goes: a line of progress, and a line for each validation or epoch.
final class TrainingObserver {
  private let console: Console
  private let opening: String
  private let earlierRun: String?
  private let measure: LossMeasure
  private var bar: ProgressBar
  private var isBest = false

  /// The speed at the last step.
  private(set) var tokensPerSecond = 0.0

  /// - Parameters:
  ///   - opening: what is trained on what.
  ///   - earlierRun: a warning to begin with.
  init(
    _ console: Console, opening: String, earlierRun: String?, measure: LossMeasure = .perplexity
  ) {
    self.console = console
    self.opening = opening
    self.earlierRun = earlierRun
    self.measure = measure
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
      bar.show(ProgressLine(progress, measure))
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
      "step \(Format.count(validation.step))  \(measure.validation(validation.loss))")
  }

  private func tell(_ epoch: EpochRecord) {
    var line =
      "epoch \(epoch.epoch)  step \(Format.count(epoch.step))"
      + "  \(measure.training(epoch.trainingLoss))"
    if let loss = epoch.validationLoss {
      line += "  \(measure.validation(loss))"
      if isBest { line += "  best so far" }
    }
    bar.say(line)
  }

  /// Takes the live line away.
  func clear() { bar.clear() }
}

extension ProgressLine {
  /// The state of a run.
  init(_ progress: ProgressSnapshot, _ measure: LossMeasure = .perplexity) {
    self.init(
      epoch: progress.epoch, epochs: progress.epochs, step: progress.step,
      steps: progress.totalSteps, loss: progress.recentLoss,
      hasPerplexity: measure.trainsByPerplexity,
      tokensPerSecond: progress.tokensPerSecond, secondsLeft: progress.secondsLeft)
  }
}
