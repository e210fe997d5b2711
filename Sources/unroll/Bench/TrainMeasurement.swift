import Learning
import Models
import Recurrent
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How fast full training steps of a shape are: forward, backward, clipping and update, with the
/// state carried from window to window.
struct TrainMeasurement {
  let tokensPerSecond: Double
  let fractionOfPeak: Double

  /// What words follow one another in the text.
  enum Words {
    /// All equally often.
    case uniform
    /// By Zipf's law, as in a text: the word of rank r = 0, 1, … in proportion to ln((r + 2)/(r + 1)).
    case zipf
  }

  /// Measures for about `seconds` after a warm-up. The fraction of the peak is that of a full softmax.
  init(
    _ shape: TrainShape, output: OutputConfiguration = .full, words: Words = .uniform,
    seconds: Double
  ) throws {
    var steps = TrainingSteps(try Self.task(shape, output, words), SGD(), rate: 0.1)
    let warmUp = secondsNow()
    try steps.warmUp(seconds: min(2, seconds / 4))
    let stepTime = (secondsNow() - warmUp) / Double(steps.count)
    var peak = PeakRate(duration: min(0.25, max(0.005, stepTime)))
    peak.sample()
    var times: [Double] = []
    var measured = 0.0
    var lastSample = 0.0
    while times.count < 3 || measured < seconds {
      let start = secondsNow()
      try steps.take()
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
  private static func task(
    _ shape: TrainShape, _ output: OutputConfiguration, _ words: Words
  ) throws -> LanguageModelTask {
    let known = shape.vocabulary - 2
    let model = try benchModel(
      shape.cell, vocabulary: shape.vocabulary,
      counts: words == .zipf
        ? [0, 0] + (0..<known).map { Int(1e9 * log1p(1 / Double($0 + 1))) } : nil,
      embedding: shape.embedding, hidden: shape.hidden, layers: shape.layers, output: output)
    let drawn = RandomKey(seed: 3).words(shape.batch * (8 * shape.steps + 1)).map { word in
      switch words {
      case .uniform: Int(word) % known
      case .zipf: min(known, Int(pow(Double(known + 1), Double(word) * 0x1p-32))) - 1
      }
    }
    return try LanguageModelTask(
      model, text: drawn.map { String(2 + $0) }.joined(separator: " "), batch: shape.batch,
      window: shape.steps)
  }
}
