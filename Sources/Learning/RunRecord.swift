/// The part of a run's state that is neither a tensor nor the optimiser's: how far it has come and
/// what has been measured. Saved in checkpoints as JSON.
struct RunRecord: Equatable, Codable {
  /// The epoch in progress, from 1.
  var epoch = 1
  /// Steps of it that are done.
  var stepInEpoch = 0
  /// Steps of the run that are done.
  var step = 0
  /// Sums over the epoch in progress.
  var epochLoss = 0.0
  var epochTokens = 0
  /// The last validation of the epoch in progress.
  var epochValidation: ValidationRecord?
  /// The mean loss with exponentially fading memory of about ten steps.
  var recentLoss: Double?
  var plateau: Plateau?
  var stopping: EarlyStopping?
  var isOutOfPatience = false
  var best: ValidationRecord?
  var epochs: [EpochRecord] = []
  var validations: [ValidationRecord] = []

  /// Nothing done yet.
  init(_ plan: TrainingPlan) {
    if case .plateau(_, let patience) = plan.schedule.course {
      plateau = Plateau(patience: patience)
    }
    stopping = plan.patience.map(EarlyStopping.init(patience:))
  }

  /// The mean loss of the epoch in progress.
  var trainingLoss: Double { epochLoss / Double(max(epochTokens, 1)) }

  /// Takes note of a step that was made.
  mutating func add(_ loss: StepLoss) {
    step += 1
    stepInEpoch += 1
    epochLoss += loss.sum
    epochTokens += loss.tokens
    recentLoss = recent(with: loss)
  }

  /// What ``recentLoss`` would be after one more step.
  func recent(with loss: StepLoss) -> Double {
    recentLoss.map { $0 + (loss.mean - $0) / 10 } ?? loss.mean
  }

  /// Takes note of the loss that decides about the rate and the end.
  mutating func watch(_ loss: Double) {
    plateau?.record(loss)
    if stopping?.record(loss) == true { isOutOfPatience = true }
  }

  /// Goes on to the next epoch.
  mutating func endEpoch(rate: Double) -> EpochRecord {
    let record = EpochRecord(
      epoch: epoch, step: step, trainingLoss: trainingLoss,
      validationLoss: epochValidation?.loss, rate: rate)
    epochs.append(record)
    epoch += 1
    stepInEpoch = 0
    epochLoss = 0
    epochTokens = 0
    epochValidation = nil
    return record
  }

  func summary(_ end: TrainingSummary.End) -> TrainingSummary {
    TrainingSummary(
      end: end, steps: step, epochs: epochs, validations: validations, best: best)
  }
}
