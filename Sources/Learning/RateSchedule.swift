#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the learning rate changes during a run.
///
/// The rate is a pure function of the place in the run; the plateau schedule alone looks back, and
/// what it looks at is the number of reductions so far, which ``Plateau`` counts.
public struct RateSchedule: Sendable, Hashable {
  /// The course of the rate, apart from the warm-up.
  public enum Course: Sendable, Hashable {
    /// The base rate throughout.
    case constant
    /// base · decay^max(0, e - N) in epoch e = 1, 2, …: the first N epochs at the base rate, each
    /// later one at `decay` times the rate before it (Zaremba et al. 2014, whose small net has
    /// decay 1/2 and N = 4).
    case exponential(decay: Double, afterEpoch: Int)
    /// base · factor^k after k plateaus of the validation loss; see ``Plateau``.
    case plateau(factor: Double = 0.5, patience: Int = 0)
    /// floor + (base - floor) · (1 + cos(π s/S)) / 2, where s of the S steps after the warm-up are
    /// done (Loshchilov & Hutter 2017, without restarts).
    case cosine(floor: Double = 0)
  }

  /// The rate that the course starts from.
  public var base: Double
  /// How it goes on.
  public var course: Course
  /// In the first W steps the rate is multiplied by 1/W, 2/W, … 1.
  public var warmupSteps: Int

  /// A constant rate unless told otherwise.
  public init(base: Double, course: Course = .constant, warmupSteps: Int = 0) {
    self.base = base
    self.course = course
    self.warmupSteps = warmupSteps
  }

  /// The rate of the step in epoch `epoch` (from 1) before which `step` steps of `totalSteps` were
  /// done, after `plateaus` plateaus.
  public func rate(epoch: Int, step: Int, totalSteps: Int, plateaus: Int = 0) -> Double {
    let warmth = step < warmupSteps ? Double(step + 1) / Double(warmupSteps) : 1
    return warmth * courseRate(epoch: epoch, step: step, totalSteps: totalSteps, plateaus: plateaus)
  }

  private func courseRate(epoch: Int, step: Int, totalSteps: Int, plateaus: Int) -> Double {
    switch course {
    case .constant: return base
    case .exponential(let decay, let lastFullEpoch):
      return base * pow(decay, Double(max(0, epoch - lastFullEpoch)))
    case .plateau(let factor, _): return base * pow(factor, Double(plateaus))
    case .cosine(let floor):
      let length = max(1, totalSteps - warmupSteps)
      let progress = Double(min(max(0, step - warmupSteps), length)) / Double(length)
      return floor + (base - floor) * 0.5 * (1 + cos(.pi * progress))
    }
  }

  /// What is wrong with the numbers, in words; nil if nothing is.
  var fault: String? {
    guard base > 0, base.isFinite else {
      return "the learning rate is a number above 0, not \(base)"
    }
    guard warmupSteps >= 0 else { return "warm-up takes 0 steps or more, not \(warmupSteps)" }
    switch course {
    case .constant: return nil
    case .exponential(let decay, let lastFullEpoch):
      guard decay > 0, decay <= 1 else { return "the decay of the rate is in (0, 1], not \(decay)" }
      return lastFullEpoch >= 0
        ? nil : "the rate decays after epoch 0 or later, not \(lastFullEpoch)"
    case .plateau(let factor, let patience):
      guard factor > 0, factor < 1 else {
        return "the factor of a plateau is in (0, 1), not \(factor)"
      }
      return patience >= 0 ? nil : "the patience of a plateau is 0 or more, not \(patience)"
    case .cosine(let floor):
      return floor >= 0 && floor <= base
        ? nil : "the floor of the rate is between 0 and the rate \(base), not \(floor)"
    }
  }
}
