import CKernels
import Foundation
import ModelFiles
import Tensors

/// Trains a ``TrainingTask``: clips, updates, validates, follows the schedule, keeps the best model,
/// saves and resumes.
///
/// ```swift
/// let plan = TrainingPlan(
///   epochs: 10, seed: 1, schedule: RateSchedule(base: 0.002), clipNorm: 5,
///   checkpoints: CheckpointPolicy(directory: "run"))
/// let trainer = Trainer(task, Adam(), plan) { event in … }
/// let outcome = try trainer.run()
/// ```
/// The run is a function of the task, the optimiser and the plan alone: neither the clock, nor the
/// number of threads, nor the moments at which it is saved, interrupted or resumed change a bit.
public final class Trainer {
  /// What is trained.
  public let task: any TrainingTask
  /// How.
  public let plan: TrainingPlan
  /// The optimiser as it is now.
  public internal(set) var optimizer: any Optimizer

  let parameters: [Parameter]
  let log: RunLog?
  let interrupt: InterruptFlag?
  let observer: (TrainingEvent) -> Void
  var record: RunRecord
  var best: [Tensor]?
  var lastCheckpoint: String?
  /// A clock in seconds, for the meter and the times of checkpoints.
  var now: () -> Double = {
    let elapsed = ContinuousClock.now - Trainer.origin
    return elapsed / .seconds(1)
  }
  private static let origin = ContinuousClock.now

  private var lastSave = 0.0
  private var meter = ProgressMeter()

  /// A trainer for one run. `observer` is called on the thread that calls `run`.
  public init(
    _ task: any TrainingTask, _ optimizer: any Optimizer, _ plan: TrainingPlan,
    log: RunLog? = nil, interrupt: InterruptFlag? = nil,
    observer: @escaping (TrainingEvent) -> Void = { _ in }
  ) {
    self.task = task
    self.optimizer = optimizer
    self.plan = plan
    self.log = log
    self.interrupt = interrupt
    self.observer = observer
    parameters = task.parameters
    record = RunRecord(plan)
    precondition(
      Set(parameters.map(\.name)).count == parameters.count, "two parameters have one name")
  }

  /// Steps of the whole run.
  public var totalSteps: Int {
    min(plan.epochs * stepsPerEpoch, plan.stepLimit ?? .max)
  }

  /// Runs from the start or, with `resuming`, from the checkpoint in the plan's folder. To be called
  /// once.
  ///
  /// Throws ``TrainingError``, a `ModelFileError` of a checkpoint, and whatever the task throws.
  public func run(resuming: Bool = false) throws -> TrainingOutcome {
    try plan.validate()
    if let fault = faultOfObjectiveOptimizer { throw TrainingError.invalidPlan(fault) }
    guard task.stepsPerEpoch >= 1 else {
      throw TrainingError.invalidPlan("the training data is not enough for a single step")
    }
    try prepareFolder()
    for parameter in parameters { parameter.clearGradient() }
    let carried = try start(resuming: resuming)
    defer { log?.close() }
    do {
      return try runEpochs(restoring: carried)
    } catch let error as TrainingError {
      for parameter in parameters { parameter.clearGradient() }
      if case .diverged = error {
        try log?.append(
          "diverged", ["step": .integer(record.step), "reason": .string("\(error)")])
      }
      throw error
    }
  }

  /// What the plan asks of an optimiser that follows an objective and that it cannot do; nil if nothing.
  private var faultOfObjectiveOptimizer: String? {
    guard optimizer is any ObjectiveOptimizer else { return nil }
    let name = optimizer.kind.rawValue
    if plan.accumulation != 1 {
      return "a step of \(name) has one batch, not \(plan.accumulation)"
    }
    if plan.clipNorm != nil || plan.clipValue != nil || plan.overflowDecay != nil {
      return "\(name) takes its step's length from the loss, so its gradient is not clipped"
    }
    return nil
  }

  /// Loads the checkpoint, if asked to, and opens the log. Gives the carried state that can be put
  /// back only once the epoch has begun.
  private func start(resuming: Bool) throws -> [String: Tensor]? {
    var carried: [String: Tensor]?
    var logBytes: UInt64 = 0
    if resuming {
      let checkpoint = try loadCheckpoint()
      logBytes = checkpoint.record.logBytes ?? 0
      if record.stepInEpoch > 0 {
        carried = checkpoint.carried
      } else {
        try task.restoreCarriedState(checkpoint.carried)
      }
    }
    try log?.open(keeping: logBytes)
    try log?.append(
      resuming ? "resume" : "start",
      [
        "step": .integer(record.step), "epoch": .integer(record.epoch),
        "time": .string(Date.now.formatted(.iso8601)), "configuration": .object(identity),
      ])
    lastSave = now()
    observer(
      .began(
        RunStart(
          epochs: epochCount, stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps,
          stepsDone: record.step, parameterCount: parameters.reduce(0) { $0 + $1.count })))
    return carried
  }

  /// Epochs, the last of which may be cut short by the limit of steps.
  private var epochCount: Int {
    (totalSteps + stepsPerEpoch - 1) / stepsPerEpoch
  }

  /// A run is saved before an epoch begins and after a step, never between an epoch's beginning and
  /// its first step: so what an epoch's beginning does to the carried state is done once.
  private func runEpochs(restoring carriedState: [String: Tensor]?) throws -> TrainingOutcome {
    var carriedState = carriedState
    while record.epoch <= epochCount, !record.isOutOfPatience || record.stepInEpoch > 0 {
      if record.stepInEpoch == 0, isInterrupted { return try interrupted() }
      try task.beginEpoch(record.epoch, key: key.child(0).child(record.epoch))
      if let state = carriedState.take() { try task.restoreCarriedState(state) }
      while record.stepInEpoch < stepsInEpoch, !record.isOutOfPatience {
        try takeStep()
        if let interval = plan.validationInterval, record.step % interval == 0 { try validate() }
        if isInterrupted { return try interrupted() }
        if isSaveDue { try save() }
      }
      try endEpoch()
      try save()
    }
    return try finished()
  }

  private var key: RandomKey { RandomKey(seed: plan.seed).child(-1) }

  private var isInterrupted: Bool { interrupt?.isRaised ?? false }

  /// Steps of a whole epoch.
  private var stepsPerEpoch: Int {
    let count = max(1, plan.accumulation)
    return (task.stepsPerEpoch + count - 1) / count
  }

  /// Steps of the present epoch.
  private var stepsInEpoch: Int {
    min(stepsPerEpoch, totalSteps - (record.epoch - 1) * stepsPerEpoch)
  }

  /// Where in the run the batches of the next step are.
  private var nextPositions: [StepPosition] {
    let first = record.stepInEpoch * plan.accumulation
    return (first..<min(first + plan.accumulation, task.stepsPerEpoch)).map { index in
      let batch = (record.epoch - 1) * task.stepsPerEpoch + index
      return StepPosition(
        epoch: record.epoch, index: index, step: batch, key: key.child(1).child(batch))
    }
  }

  /// The rate of the step after the given number of steps.
  private func rate(afterSteps step: Int) -> Double {
    plan.schedule.rate(
      epoch: record.epoch, step: step, totalSteps: totalSteps, plateaus: record.plateau?.count ?? 0)
  }

  private func takeStep() throws {
    let begin = now()
    let rate = rate(afterSteps: record.step)
    let positions = nextPositions
    let taken =
      if let rule = optimizer as? any ObjectiveOptimizer {
        try step(along: rule, at: positions[0], rate: rate)
      } else {
        try step(at: positions, rate: rate)
      }
    for parameter in parameters { parameter.clearGradient() }
    record.add(taken.loss)
    meter.record(tokens: taken.loss.tokens, seconds: now() - begin)
    try tell(taken, rate: rate)
  }

  /// A step that was taken.
  private struct TakenStep {
    let loss: StepLoss
    let gradientNorm: Double
    var notes: [String: Double] = [:]
  }

  /// The gradients of one or more batches, clipped, and one update.
  private func step(at positions: [StepPosition], rate: Double) throws -> TakenStep {
    var loss = StepLoss(sum: 0, tokens: 0)
    var rateFactor = 0.0
    for position in positions {
      let batch = try task.loss(at: position)
      precondition(batch.tokens > 0, "a batch predicts at least one token")
      loss = StepLoss(sum: loss.sum + batch.sum, tokens: loss.tokens + batch.tokens)
      rateFactor += batch.rateFactor
    }
    try checkLoss(loss)
    // The gradients are sums over the batches; what is clipped, applied and told is their mean.
    let count = Double(positions.count)
    var norm = GradientNorm.global(parameters) / count
    guard norm.isFinite else {
      guard let decay = plan.overflowDecay else {
        throw diverged(.gradientNorm(norm), step: record.step + 1)
      }
      shrink(by: rate * rateFactor / count * decay)
      return TakenStep(loss: loss, gradientNorm: norm)
    }
    let fullNorm = norm
    if let limit = plan.clipValue {
      GradientValues.clip(parameters, limit: count * limit)
      norm = GradientNorm.global(parameters) / count
    }
    let scale = plan.clipNorm.map { GradientNorm.clipScale(norm: norm, limit: $0) } ?? 1
    optimizer.step(
      parameters: parameters, rate: rate * rateFactor / count, gradientScale: scale / count)
    return TakenStep(loss: loss, gradientNorm: fullNorm)
  }

  /// The step in place of a gradient that has overflowed.
  private func shrink(by share: Double) {
    for parameter in parameters { parameter.value = parameter.value.scaled(by: Float(1 - share)) }
  }

  /// A step of an optimiser that looks at the loss more than once. Nothing is clipped.
  private func step(
    along rule: any ObjectiveOptimizer, at position: StepPosition, rate: Double
  ) throws -> TakenStep {
    guard let objective = try task.objective(at: position) else {
      throw TrainingError.invalidPlan(
        "\(rule.kind.rawValue) needs a loss that can be asked for again, which this task does not have"
      )
    }
    precondition(objective.cases > 0, "a step predicts at least one token")
    var rule = rule
    let step = try rule.step(objective, rate: rate)
    let loss = StepLoss(mean: step.loss, tokens: objective.cases)
    // The optimiser has left the parameters alone if these are no numbers.
    try checkLoss(loss)
    guard step.gradientNorm.isFinite else {
      throw diverged(.gradientNorm(step.gradientNorm), step: record.step + 1)
    }
    optimizer = rule
    return TakenStep(loss: loss, gradientNorm: step.gradientNorm, notes: step.notes)
  }

  private func checkLoss(_ loss: StepLoss) throws {
    guard loss.mean.isFinite else { throw diverged(.loss(loss.mean), step: record.step + 1) }
    guard let limit = task.uniformLoss.map({ 3 * $0 }) else { return }
    let recent = record.recent(with: loss)
    if recent > limit { throw diverged(.highLoss(recent, limit: limit), step: record.step + 1) }
  }

  private func diverged(_ divergence: TrainingError.Divergence, step: Int) -> TrainingError {
    .diverged(divergence, step: step, epoch: record.epoch, lastCheckpoint: lastCheckpoint)
  }

  private func tell(_ taken: TakenStep, rate: Double) throws {
    let (loss, gradientNorm) = (taken.loss, taken.gradientNorm)
    observer(
      .step(
        ProgressSnapshot(
          epoch: record.epoch, epochs: epochCount, stepInEpoch: record.stepInEpoch,
          stepsPerEpoch: stepsInEpoch, step: record.step, totalSteps: totalSteps,
          loss: record.trainingLoss, recentLoss: record.recentLoss ?? loss.mean, rate: rate,
          gradientNorm: gradientNorm, tokensPerSecond: meter.tokensPerSecond,
          secondsLeft: meter.seconds(forSteps: totalSteps - record.step))))
    guard record.step % plan.logInterval == 0 else { return }
    try log?.append(
      "step",
      [
        "step": .integer(record.step), "epoch": .integer(record.epoch),
        "loss": .number(loss.mean), "rate": .number(rate), "gradient_norm": .number(gradientNorm),
        "tokens_per_second": .number(meter.tokensPerSecond.rounded()),
      ], notes: taken.notes)
  }

  /// Measures the validation loss, if there is one, and keeps the model if it is the best.
  private func validate() throws {
    let averages = optimizer.averages(of: parameters)
    guard let loss = try withValues(averages, { try task.validate() }) else { return }
    guard loss.isFinite else { throw diverged(.validationLoss(loss), step: record.step) }
    let validation = ValidationRecord(epoch: record.epoch, step: record.step, loss: loss)
    record.validations.append(validation)
    record.epochValidation = validation
    observer(.validated(validation))
    try log?.append(
      "validation",
      [
        "step": .integer(validation.step), "epoch": .integer(validation.epoch),
        "loss": .number(loss),
      ])
    if record.best.map({ loss < $0.loss }) ?? true {
      record.best = validation
      best = averages ?? parameters.map(\.value)
      observer(.improved(validation))
    }
    record.watch(loss)
    optimizer.observe(validationLoss: loss)
  }

  /// Gives the parameters other values for the length of `body`, if there are any.
  private func withValues<Result>(
    _ values: [Tensor]?, _ body: () throws -> Result
  ) rethrows -> Result {
    guard let values else { return try body() }
    let own = parameters.map(\.value)
    setValues(values)
    defer { setValues(own) }
    return try body()
  }

  private func setValues(_ values: [Tensor]) {
    for (parameter, value) in zip(parameters, values) { parameter.value = value }
  }

  /// Without held-out data, the training loss decides about plateaus and early stopping.
  private func endEpoch() throws {
    // Before the validation, which may lower it.
    let rate = rate(afterSteps: record.step - 1)
    let isLast = record.epoch == epochCount
    if plan.validationInterval == nil || (isLast && record.epochValidation?.step != record.step) {
      try validate()
    }
    if record.validations.isEmpty { record.watch(record.trainingLoss) }
    let epoch = record.endEpoch(rate: rate)
    observer(.epochEnded(epoch))
    try log?.append(
      "epoch",
      [
        "step": .integer(epoch.step), "epoch": .integer(epoch.epoch),
        "training_loss": .number(epoch.trainingLoss),
        "validation_loss": .number(epoch.validationLoss ?? .nan), "rate": .number(epoch.rate),
      ])
  }

  private func finished() throws -> TrainingOutcome {
    if let values = best ?? optimizer.averages(of: parameters) { setValues(values) }
    let summary = record.summary(record.isOutOfPatience ? .outOfPatience : .complete)
    try log?.append(
      "end", ["step": .integer(record.step), "reason": .string(summary.end.rawValue)])
    observer(.finished(summary))
    return .finished(summary)
  }

  private func interrupted() throws -> TrainingOutcome {
    if plan.checkpoints != nil { try save() }
    try log?.append("interrupted", ["step": .integer(record.step)])
    return .interrupted(record.summary(.interrupted), checkpoint: lastCheckpoint)
  }

  private var isSaveDue: Bool {
    guard let policy = plan.checkpoints else { return false }
    if let interval = policy.everySteps, record.step % interval == 0 { return true }
    return policy.everySeconds.map { now() - lastSave >= $0 } ?? false
  }

  /// Saves the run, unless it is never saved or its parameters are no numbers.
  private func save() throws {
    guard let policy = plan.checkpoints else { return }
    for parameter in parameters {
      let isFinite = parameter.value.withUnsafeBufferPointer {
        unroll_all_finite($0.count, $0.baseAddress)
      }
      guard isFinite else { throw diverged(.parameter(parameter.name), step: record.step) }
    }
    let path = Checkpoint.path(in: policy.directory)
    try checkpoint().write(to: path)
    lastCheckpoint = path
    lastSave = now()
    try log?.append("checkpoint", ["step": .integer(record.step), "path": .string(path)])
    observer(.checkpointed(path: path, step: record.step))
  }
}
