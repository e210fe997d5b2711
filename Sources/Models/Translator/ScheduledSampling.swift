import Foundation

/// How often a decoder in training reads its own prediction in place of the target's token (Bengio et al.
/// 2015), so that it learns to go on from its own mistakes.
public struct ScheduledSampling: Sendable, Equatable {
  /// How the share rises from 0 to its end.
  public enum Shape: String, Sendable, Codable, CaseIterable {
    /// Straight.
    case linear
    /// (1 - 0.01ʷ) / 0.99, w being the share of the way that is done: fast at first.
    case exponential
    /// As the logistic function: slow, fast, slow.
    case sigmoid = "inverse-sigmoid"
  }

  /// The share at the end, in [0, 1].
  public var share: Double
  /// The way there.
  public var shape: Shape
  /// Epochs until the share is reached.
  public var epochs: Double

  /// A schedule.
  public init(share: Double, shape: Shape = .linear, epochs: Double) {
    self.share = share
    self.shape = shape
    self.epochs = epochs
  }

  /// What is wrong with it, in words; nil if nothing is.
  public var fault: String? {
    if !(0...1).contains(share) { return "the share of sampled tokens is in [0, 1], not \(share)" }
    if !(epochs > 0 && epochs.isFinite) {
      return "a share of sampled tokens is reached after some epochs, not \(epochs)"
    }
    return nil
  }

  /// The probability of reading a prediction after so many epochs.
  public func probability(afterEpochs done: Double) -> Double {
    let way = min(max(done / epochs, 0), 1)
    switch shape {
    case .linear: return share * way
    case .exponential: return share * (1 - pow(0.01, way)) / 0.99
    case .sigmoid:
      // From σ(-6) to σ(6), moved to reach 0 and 1.
      let (low, high) = (1 / (1 + exp(6.0)), 1 / (1 + exp(-6.0)))
      return share * (1 / (1 + exp(6 - 12 * way)) - low) / (high - low)
    }
  }
}
