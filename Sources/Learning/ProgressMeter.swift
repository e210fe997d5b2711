#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The state of a run at a glance.
public struct ProgressSnapshot: Sendable, Equatable {
  /// The epoch, from 1.
  public let epoch: Int
  /// Epochs of the run.
  public let epochs: Int
  /// Steps of this epoch done.
  public let stepInEpoch: Int
  /// Steps of this epoch.
  public let stepsPerEpoch: Int
  /// Steps of the run done.
  public let step: Int
  /// Steps of the run.
  public let totalSteps: Int
  /// The mean over this epoch's tokens so far, in nats a token.
  public let loss: Double
  /// The mean over about the last ten steps, in nats a token.
  public let recentLoss: Double
  /// The learning rate of the step.
  public let rate: Double
  /// The global norm of the step's gradient before clipping.
  public let gradientNorm: Double
  /// Over about the last ten seconds; validation and checkpoints not counted.
  public let tokensPerSecond: Double
  /// Seconds that the remaining steps will take at the present speed.
  public let secondsLeft: Double

  /// A snapshot with the given numbers.
  public init(
    epoch: Int, epochs: Int, stepInEpoch: Int, stepsPerEpoch: Int, step: Int, totalSteps: Int,
    loss: Double, recentLoss: Double, rate: Double, gradientNorm: Double, tokensPerSecond: Double,
    secondsLeft: Double
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.stepInEpoch = stepInEpoch
    self.stepsPerEpoch = stepsPerEpoch
    self.step = step
    self.totalSteps = totalSteps
    self.loss = loss
    self.recentLoss = recentLoss
    self.rate = rate
    self.gradientNorm = gradientNorm
    self.tokensPerSecond = tokensPerSecond
    self.secondsLeft = secondsLeft
  }
}

/// The speed of a run, smoothed: what is t seconds old counts e^(-t/τ) as much as what is new.
///
/// Pure arithmetic on durations that the caller measures. Nothing here is saved or fed back.
public struct ProgressMeter: Sendable, Equatable {
  /// τ in seconds.
  public let memory: Double
  private var tokens = 0.0
  private var steps = 0.0
  private var seconds = 0.0

  /// Has seen nothing yet.
  public init(memory: Double = 10) { self.memory = memory }

  /// Takes note of one step.
  public mutating func record(tokens newTokens: Int, seconds duration: Double) {
    let kept = exp(-max(0, duration) / memory)
    tokens = kept * tokens + Double(newTokens)
    steps = kept * steps + 1
    seconds = kept * seconds + max(0, duration)
  }

  /// 0 before the first step.
  public var tokensPerSecond: Double { seconds > 0 ? tokens / seconds : 0 }

  /// How long so many steps will take.
  public func seconds(forSteps count: Int) -> Double {
    steps > 0 ? Double(count) * seconds / steps : 0
  }
}
