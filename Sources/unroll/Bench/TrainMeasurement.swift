import Learning
import Models
import Tensors

/// How fast full training steps of a shape are: forward, backward, clipping and update, with the
/// state carried from window to window.
struct TrainMeasurement {
  let tokensPerSecond: Double
  let fractionOfPeak: Double

  /// Measures for about `seconds` after a warm-up.
  init(_ shape: TrainShape, seconds: Double) throws {
    let task = try Self.task(shape)
    let parameters = task.parameters
    var optimizer: any Optimizer = SGD()
    let key = RandomKey(seed: 2)
    var count = 0

    func takeStep() throws {
      let index = count % task.stepsPerEpoch
      if index == 0 { task.beginEpoch(1, key: key) }
      _ = try task.loss(
        at: StepPosition(epoch: 1, index: index, step: count, key: key.child(count)))
      let norm = GradientNorm.global(parameters)
      optimizer.step(
        parameters: parameters, rate: 0.1,
        gradientScale: GradientNorm.clipScale(norm: norm, limit: 5))
      for parameter in parameters { parameter.clearGradient() }
      count += 1
    }

    let warmUp = secondsNow()
    while count < 2 || secondsNow() - warmUp < min(2, seconds / 4) { try takeStep() }
    let stepTime = (secondsNow() - warmUp) / Double(count)
    var peak = PeakRate(duration: min(0.25, max(0.005, stepTime)))
    peak.sample()
    var times: [Double] = []
    var measured = 0.0
    var lastSample = 0.0
    while times.count < 3 || measured < seconds {
      let start = secondsNow()
      try takeStep()
      times.append(secondsNow() - start)
      measured += times[times.count - 1]
      if measured - lastSample > seconds / 10 {
        peak.sample()
        lastSample = measured
      }
    }
    peak.sample()
    tokensPerSecond = Double(times.count * shape.batch * shape.steps) / measured
    fractionOfPeak = shape.operationsPerStep / middle(of: times) / peak.median
  }

  /// Random words, enough for eight windows.
  private static func task(_ shape: TrainShape) throws -> LanguageModelTask {
    let model = try benchModel(
      shape.cell, vocabulary: shape.vocabulary, embedding: shape.embedding, hidden: shape.hidden,
      layers: shape.layers)
    let count = shape.batch * (8 * shape.steps + 1)
    let words = RandomKey(seed: 3).words(count).map { 2 + Int($0) % (shape.vocabulary - 2) }
    return try LanguageModelTask(
      model, text: words.map(String.init).joined(separator: " "), batch: shape.batch,
      window: shape.steps)
  }
}
