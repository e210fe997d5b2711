/// Everything about a run that is neither the task nor the optimiser.
public struct TrainingPlan: Sendable {
  /// How often the training data is gone through.
  public var epochs: Int
  /// Batches of the task that make one step. Their gradients are averaged before the one update, so
  /// that N batches of B sequences move the parameters as one batch of N·B would where each batch
  /// predicts as many tokens. As in PyTorch's usual loops, everything is then counted in updates:
  /// the steps of the plan, of the schedule and its warm-up, of the log, of progress and of checkpoints.
  /// An epoch whose batches are no multiple of N ends with a step of fewer.
  public var accumulation: Int
  /// The run ends after this many steps, even within an epoch, if that is sooner.
  public var stepLimit: Int?
  /// The root of all random numbers. The trainer draws from branch -1 of `RandomKey(seed:)`;
  /// branches from 0 up are free for the initialisation of the model.
  public var seed: UInt64
  /// The learning rate.
  public var schedule: RateSchedule
  /// Elements of the gradient beyond ± this are set to it, before the norm is clipped; nil to leave
  /// them.
  public var clipValue: Double?
  /// Gradients of a greater global norm are scaled down to it; nil to leave them.
  public var clipNorm: Double?
  /// What to do where the loss is a number and its gradient is not, having overflowed on its way back
  /// through many steps: nil stops the run; else that step replaces the gradient by this times the
  /// parameters, which shrinks them until errors no longer explode. The code of Pascanu et al. (2013)
  /// does so to W_hh alone. The rate times this is below 1. Not for optimisers that follow an objective.
  public var overflowDecay: Double?
  /// The run ends after this many validations in a row without improvement; nil to go on.
  public var patience: Int?
  /// Validation every so many steps; nil for the end of each epoch.
  public var validationInterval: Int?
  /// Where and when the run is saved; nil for never.
  public var checkpoints: CheckpointPolicy?
  /// What the run is, by name: architecture, data, options of the task. A checkpoint with another
  /// identity is refused, and the refusal names what differs. Optimiser, schedule, seed, clipping
  /// and the parameters' shapes are added by the trainer.
  public var identity: [String: String]
  /// A line of the run's log every so many steps.
  public var logInterval: Int

  /// A plan with the given numbers.
  public init(
    epochs: Int, accumulation: Int = 1, stepLimit: Int? = nil, seed: UInt64,
    schedule: RateSchedule, clipValue: Double? = nil, clipNorm: Double? = nil,
    overflowDecay: Double? = nil, patience: Int? = nil, validationInterval: Int? = nil,
    checkpoints: CheckpointPolicy? = nil,
    identity: [String: String] = [:], logInterval: Int = 100
  ) {
    self.epochs = epochs
    self.accumulation = accumulation
    self.stepLimit = stepLimit
    self.seed = seed
    self.schedule = schedule
    self.clipValue = clipValue
    self.clipNorm = clipNorm
    self.overflowDecay = overflowDecay
    self.patience = patience
    self.validationInterval = validationInterval
    self.checkpoints = checkpoints
    self.identity = identity
    self.logInterval = logInterval
  }

  /// Throws ``TrainingError/invalidPlan(_:)`` for numbers that make no sense.
  public func validate() throws(TrainingError) {
    func check(_ holds: Bool, _ fault: @autoclosure () -> String) throws(TrainingError) {
      if !holds { throw .invalidPlan(fault()) }
    }
    func checkPositive(_ count: Int?, _ name: String) throws(TrainingError) {
      if let count { try check(count >= 1, "\(name) is at least 1, not \(count)") }
    }
    try checkPositive(epochs, "the number of epochs")
    try checkPositive(accumulation, "the number of batches of a step")
    try checkPositive(stepLimit, "the limit of steps")
    try checkPositive(patience, "the patience")
    try checkPositive(validationInterval, "the interval of validation")
    try checkPositive(logInterval, "the interval of log lines")
    try checkPositive(checkpoints?.everySteps, "the interval of checkpoints")
    if let clipValue {
      try check(
        clipValue > 0 && clipValue.isFinite, "the value to clip at is above 0, not \(clipValue)")
    }
    if let clipNorm {
      try check(
        clipNorm > 0 && clipNorm.isFinite, "the norm to clip at is above 0, not \(clipNorm)")
    }
    if let overflowDecay {
      try check(
        overflowDecay > 0 && overflowDecay.isFinite,
        "the decay after an overflow is above 0, not \(overflowDecay)")
      try check(
        schedule.base * overflowDecay < 1,
        "the decay after an overflow, \(overflowDecay), takes all of the weights at a rate of "
          + "\(schedule.base)")
    }
    if let seconds = checkpoints?.everySeconds {
      try check(seconds > 0, "the time between checkpoints is above 0, not \(seconds) s")
    }
    if let fault = schedule.fault { throw .invalidPlan(fault) }
  }
}

/// Where and when a run is saved. It always is at the end of an epoch and when interrupted.
public struct CheckpointPolicy: Sendable, Equatable {
  /// The folder, made if it is not there. It holds the one file ``Checkpoint/fileName``.
  public var directory: String
  /// Also every so many steps.
  public var everySteps: Int?
  /// Also when so many seconds have passed. Saving changes no number of the run.
  public var everySeconds: Double?

  /// A policy with the given numbers.
  public init(directory: String, everySteps: Int? = nil, everySeconds: Double? = nil) {
    self.directory = directory
    self.everySteps = everySteps
    self.everySeconds = everySeconds
  }
}
