/// What ends a run, or keeps it from starting.
public enum TrainingError: Error, Sendable, Equatable {
  /// The numbers have left all reason. `step` (from 1) and `epoch` are those of the step at fault.
  case diverged(Divergence, step: Int, epoch: Int, lastCheckpoint: String?)
  /// The plan makes no sense, for the given reason.
  case invalidPlan(String)
  /// A run was to be resumed, but there is no checkpoint.
  case noCheckpoint(path: String)
  /// The file is no checkpoint, or is damaged.
  case unusableCheckpoint(path: String, reason: String)
  /// The checkpoint belongs to another run; each difference in words.
  case foreignCheckpoint(path: String, differences: [String])
  /// The task carries no state of these names.
  case foreignCarriedState(names: [String])
  /// A folder or the log cannot be written.
  case unwritable(path: String, reason: String)

  /// What gave a divergence away.
  public enum Divergence: Sendable, Equatable {
    /// The loss of a step, in nats a token, is no number.
    case loss(Double)
    /// The loss, averaged over about the last ten steps, is above `limit`, three times that of a
    /// uniform guess.
    case highLoss(Double, limit: Double)
    /// The global norm of the gradients is no number.
    case gradientNorm(Double)
    /// The validation loss is no number.
    case validationLoss(Double)
    /// A parameter holds NaN or infinity.
    case parameter(String)
  }
}

extension TrainingError: CustomStringConvertible {
  /// One line.
  public var description: String {
    switch self {
    case .diverged(let divergence, let step, let epoch, let lastCheckpoint):
      return "training diverged at step \(step) (epoch \(epoch)): \(divergence); "
        + (lastCheckpoint.map { "the last checkpoint is \($0)" } ?? "there is no checkpoint")
    case .invalidPlan(let reason): return reason
    case .noCheckpoint(let path): return "there is no checkpoint \(path) to resume from"
    case .unusableCheckpoint(let path, let reason):
      return "\(path) is not a usable checkpoint: \(reason)"
    case .foreignCheckpoint(let path, let differences):
      let shown = differences.prefix(4).joined(separator: "; ")
      let rest = differences.count > 4 ? "; and \(differences.count - 4) more" : ""
      return "\(path) belongs to another run: \(shown)\(rest)"
    case .foreignCarriedState(let names):
      return "the task carries no state named \(names.joined(separator: ", "))"
    case .unwritable(let path, let reason): return "cannot write \(path): \(reason)"
    }
  }
}

extension TrainingError.Divergence: CustomStringConvertible {
  /// A clause.
  public var description: String {
    switch self {
    case .loss(let loss): "the loss is \(loss)"
    case .highLoss(let loss, let limit):
      "the loss is \(loss) nats a token, above \(limit), three times that of a uniform guess"
    case .gradientNorm(let norm): "the norm of the gradient is \(norm)"
    case .validationLoss(let loss): "the validation loss is \(loss)"
    case .parameter(let name): "\(name) holds a value that is no finite number"
    }
  }
}
