import Corpora
import Learning
import Tensors

/// One run of a ``LongRangeMethod`` on a ``LongRangeProblem``, until it is solved or given up.
public struct LongRangeRun: Sendable {
  /// What is to be solved.
  public var problem: any LongRangeProblem
  /// What it is tried with.
  public var method: LongRangeMethod
  /// When a run is solved, and when it is given up.
  public var limits: LongRangeTask.Limits
  /// Of the sequences and of the start.
  public var seed: UInt64
  /// The run is given up after so long; nil for never. What is found then depends on the machine.
  public var secondsLimit: Double?

  /// A run of the given parts.
  public init(
    _ problem: any LongRangeProblem, _ method: LongRangeMethod, limits: LongRangeTask.Limits,
    seed: UInt64, secondsLimit: Double? = nil
  ) {
    self.problem = problem
    self.method = method
    self.limits = limits
    self.seed = seed
    self.secondsLimit = secondsLimit
  }

  /// How a run ended.
  public enum Ending: String, Sendable, Codable {
    case solved
    /// Not solved with all sequences.
    case unsolved
    /// The loss or the gradient was no number any more.
    case diverged
    /// Not solved in time.
    case outOfTime = "out-of-time"
  }

  /// What came out.
  public struct Result: Sendable, Equatable, Codable {
    /// How the run ended.
    public var ending: Ending
    /// Sequences that were learnt from.
    public var sequences: Int
    /// The share of wrong sequences in the full test; of a run that has diverged the least of its
    /// checks, or 1.
    public var wrong: Double
    /// The held-out loss that goes with it; nil if there is none.
    public var loss: Double?
    /// The time that it took, in seconds.
    public var seconds: Double
    /// The weights of the model.
    public var parameters: Int
    /// Along the way.
    public var checks: [LongRangeTask.Check]

    /// The given result.
    public init(
      ending: Ending, sequences: Int, wrong: Double, loss: Double?, seconds: Double,
      parameters: Int, checks: [LongRangeTask.Check]
    ) {
      self.ending = ending
      self.sequences = sequences
      self.wrong = wrong
      self.loss = loss
      self.seconds = seconds
      self.parameters = parameters
      self.checks = checks
    }
  }

  /// What is trained, as it starts.
  public func makeTask() -> LongRangeTask {
    LongRangeTask(method, problem, limits: limits, seed: seed)
  }

  /// Runs, on the threads of the current team.
  ///
  /// - Parameters:
  ///   - task: what is trained, fresh from ``makeTask()``, for those who want to look at the model
  ///     afterwards.
  ///   - interrupt: stops the run, which then has no result.
  ///   - observe: is told each check.
  /// - Returns: nil if it was interrupted.
  public func callAsFunction(
    _ task: LongRangeTask? = nil, interrupt: InterruptFlag? = nil,
    observe: (LongRangeTask.Check) -> Void = { _ in }
  ) throws -> Result? {
    let task = task ?? makeTask()
    let plan = TrainingPlan(
      epochs: 1, seed: seed, schedule: RateSchedule(base: method.rate), clipNorm: method.clipNorm,
      overflowDecay: method.overflowDecay, validationInterval: task.checkSteps)
    let start = ContinuousClock.now
    func seconds() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    let stop = InterruptFlag()
    var isOutOfTime = false
    var ending: Ending
    task.willWork = { if interrupt?.isRaised == true { throw CancellationError() } }
    do {
      _ = try withoutActuallyEscaping(observe) { observe in
        try Trainer(task, method.makeOptimizer(), plan, interrupt: stop) { event in
          if case .validated = event, let check = task.checks.last { observe(check) }
          guard case .step = event else {
            if task.passed != nil { stop.raise() }
            return
          }
          if interrupt?.isRaised == true { stop.raise() }
          if let secondsLimit, seconds() > secondsLimit {
            isOutOfTime = true
            stop.raise()
          }
        }.run()
      }
      ending = task.passed != nil ? .solved : isOutOfTime ? .outOfTime : .unsolved
    } catch TrainingError.diverged {
      ending = .diverged
    } catch is CancellationError {
      return nil
    }
    if interrupt?.isRaised == true, ending != .solved { return nil }
    let test: LongRangeTask.Check? =
      switch ending {
      case .solved: task.passed
      case .diverged: task.checks.min { $0.wrong < $1.wrong }
      case .unsolved, .outOfTime: task.test()
      }
    return Result(
      ending: ending, sequences: task.sequences, wrong: test?.wrong ?? 1,
      loss: test.flatMap { $0.loss.isFinite ? $0.loss : nil }, seconds: seconds(),
      parameters: task.model.parameterCount, checks: task.checks.filter(\.loss.isFinite))
  }
}
