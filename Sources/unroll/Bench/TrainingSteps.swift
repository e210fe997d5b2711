import Learning
import Models
import Tensors

/// Full training steps of a task, one after the other, to be timed: forward, backward, clipping and update.
struct TrainingSteps<Task: TrainingTask> {
  private let task: Task
  private let parameters: [Parameter]
  private var optimizer: any Optimizer
  private let rate: Double
  private let key = RandomKey(seed: 2)
  /// Steps taken.
  private(set) var count = 0
  /// What the losses were sums over.
  private(set) var tokens = 0

  init(_ task: Task, _ optimizer: any Optimizer, rate: Double) {
    self.task = task
    parameters = task.parameters
    self.optimizer = optimizer
    self.rate = rate
  }

  mutating func take() throws {
    let index = count % task.stepsPerEpoch
    if index == 0 { try task.beginEpoch(1, key: key) }
    let loss = try task.loss(
      at: StepPosition(epoch: 1, index: index, step: count, key: key.child(count)))
    let norm = GradientNorm.global(parameters)
    optimizer.step(
      parameters: parameters, rate: rate,
      gradientScale: GradientNorm.clipScale(norm: norm, limit: 5))
    for parameter in parameters { parameter.clearGradient() }
    count += 1
    tokens += loss.tokens
  }

  /// Takes at least two steps, for at least so many seconds.
  mutating func warmUp(seconds: Double) throws {
    let start = secondsNow()
    while count < 2 || secondsNow() - start < seconds { try take() }
  }

  /// Takes steps for about so many seconds, and gives the tokens of a second.
  mutating func tokensPerSecond(over seconds: Double) throws -> Double {
    let (start, before) = (secondsNow(), tokens)
    repeat { try take() } while secondsNow() - start < seconds
    return Double(tokens - before) / (secondsNow() - start)
  }
}
