/// What a run tells its observer, in this order: `began`, then for every step `step`, possibly
/// followed by `validated` (and `improved`), at the end of an epoch `epochEnded`, and `checkpointed`
/// whenever the run has been saved; last `finished`, unless it was interrupted or threw.
public enum TrainingEvent: Sendable {
  /// The run starts or, if `progress.step` is above 0, goes on.
  case began(RunStart)
  /// A step was made.
  case step(ProgressSnapshot)
  /// The validation loss was measured.
  case validated(ValidationRecord)
  /// The validation loss just measured is the lowest so far: this model is kept.
  case improved(ValidationRecord)
  /// An epoch is complete, its validation included.
  case epochEnded(EpochRecord)
  /// The run was saved to `path` after `step` steps.
  case checkpointed(path: String, step: Int)
  /// The run is complete.
  case finished(TrainingSummary)
}

/// Where a run starts.
public struct RunStart: Sendable, Equatable {
  /// Epochs to be gone through.
  public let epochs: Int
  /// Steps of a whole epoch.
  public let stepsPerEpoch: Int
  /// Steps of the whole run.
  public let totalSteps: Int
  /// Steps done before: 0 unless resumed.
  public let stepsDone: Int
  /// Scalars that are trained.
  public let parameterCount: Int
}

/// A validation loss and when it was measured.
public struct ValidationRecord: Sendable, Equatable, Codable {
  /// The epoch, from 1.
  public let epoch: Int
  /// Steps done by then.
  public let step: Int
  /// In nats a token.
  public let loss: Double
}

/// What became of an epoch.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// The epoch, from 1.
  public let epoch: Int
  /// Steps done by its end.
  public let step: Int
  /// The mean over the epoch's tokens, each at the time of its step, in nats a token.
  public let trainingLoss: Double
  /// The last validation loss measured in this epoch, in nats a token.
  public let validationLoss: Double?
  /// The rate of its last step.
  public let rate: Double
}

/// What became of a run.
public struct TrainingSummary: Sendable, Equatable {
  /// Why it ended.
  public enum End: String, Sendable {
    /// All steps are done.
    case complete
    /// The validation loss had not improved for a while.
    case outOfPatience
    /// It was asked to stop.
    case interrupted
  }
  /// Why it ended.
  public let end: End
  /// Steps done, those before a resume included.
  public let steps: Int
  /// The epochs that were completed.
  public let epochs: [EpochRecord]
  /// All validations.
  public let validations: [ValidationRecord]
  /// The validation with the lowest loss.
  public let best: ValidationRecord?
}

/// How a run ended, short of an error.
public enum TrainingOutcome: Sendable, Equatable {
  /// The parameters are those with the lowest validation loss, or the last ones if nothing was
  /// validated.
  case finished(TrainingSummary)
  /// The parameters are those of the last step, saved in `checkpoint` if the plan has a folder.
  case interrupted(TrainingSummary, checkpoint: String?)

  /// What became of the run.
  public var summary: TrainingSummary {
    switch self {
    case .finished(let summary), .interrupted(let summary, _): summary
    }
  }
}
