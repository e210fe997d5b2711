/// Watches a loss for improvement: the common part of early stopping and of rates that fall on a
/// plateau.
///
/// An improvement is any loss below the best so far. A value, saved in checkpoints.
public struct LossWatch: Sendable, Equatable, Codable {
  /// The lowest loss so far.
  public private(set) var best: Double?
  /// How many losses in a row have not been below it.
  public private(set) var failures = 0

  /// Has seen nothing yet.
  public init() {}

  /// Takes note of a loss; whether it is the best so far.
  public mutating func record(_ loss: Double) -> Bool {
    if best.map({ loss < $0 }) ?? loss.isFinite {
      best = loss
      failures = 0
      return true
    }
    failures += 1
    return false
  }

  fileprivate mutating func forgive() { failures = 0 }
}

/// Stops a run when the validation loss has not improved for a while.
public struct EarlyStopping: Sendable, Equatable, Codable {
  /// The run ends after this many validations in a row without improvement.
  public let patience: Int
  /// What has been seen.
  public private(set) var watch = LossWatch()

  /// Stops after `patience` validations in a row without improvement, at least 1.
  public init(patience: Int) { self.patience = patience }

  /// Takes note of a loss; whether the run is to stop.
  public mutating func record(_ loss: Double) -> Bool {
    _ = watch.record(loss)
    return watch.failures >= patience
  }
}

/// Counts the plateaus of the validation loss, for ``RateSchedule/Course/plateau(factor:patience:)``.
///
/// With patience p, p validations in a row without improvement are let pass and the next one makes
/// a plateau; then counting starts anew (as PyTorch's `ReduceLROnPlateau`, without a threshold).
public struct Plateau: Sendable, Equatable, Codable {
  /// Validations without improvement that are let pass.
  public let patience: Int
  /// Plateaus so far.
  public private(set) var count = 0
  /// What has been seen.
  public private(set) var watch = LossWatch()

  /// Nothing seen yet.
  public init(patience: Int = 0) { self.patience = patience }

  /// Takes note of a loss; whether it makes a plateau.
  @discardableResult
  public mutating func record(_ loss: Double) -> Bool {
    _ = watch.record(loss)
    guard watch.failures > patience else { return false }
    watch.forgive()
    count += 1
    return true
  }
}
