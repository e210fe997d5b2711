import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// The demo's model and its training: a character LSTM that learns as much as fits into some minutes.
struct DemoTraining {
  /// Wall-clock seconds of training to aim at.
  var seconds: Double
  var seed: UInt64
  var text: TextGatherer.Text
  var shape: Shape

  /// The sizes of the net and its batches, and the learning rate.
  struct Shape {
    var embedding: Int
    var hidden: Int
    var layers: Int
    /// B, streams side by side.
    var batch: Int
    /// T, characters between updates.
    var window: Int
    var rate: Double
    /// Characters of the held-out text that are read for a point of the curve.
    var validationLimit: Int
    var sampleLength: Int
    /// The least number of steps, however little time there is.
    var leastSteps: Int

    /// What learns fastest in so short a time.
    static let usual = Shape(
      embedding: 64, hidden: 256, layers: 1, batch: 16, window: 64, rate: 0.004,
      validationLimit: 20_000, sampleLength: 400, leastSteps: 20)
    /// For tests of everything but the learning.
    static let tiny = Shape(
      embedding: 8, hidden: 16, layers: 1, batch: 4, window: 8, rate: 0.01, validationLimit: 500,
      sampleLength: 20, leastSteps: 4)
  }

  /// What came out.
  struct Result {
    var model: LanguageModel
    var task: LanguageModelTask
    var summary: TrainingSummary
    /// Loss of single steps along the way.
    var curve: [LossChart.Point]
    var tokensPerSecond: Double
    /// Training alone.
    var seconds: Double
    var wasStopped: Bool
  }

  /// Rarer characters become unknown.
  private static let minimumCount = 3

  /// How the same training is asked for with `unroll train lm`.
  var flags: [String] {
    [
      "--level", "character", "--hidden", "\(shape.hidden)", "--layers", "\(shape.layers)",
      "--embedding", "\(shape.embedding)", "--batch", "\(shape.batch)", "--bptt",
      "\(shape.window)", "--learning-rate", "\(shape.rate)", "--schedule", "cosine",
      "--min-count", "\(Self.minimumCount)",
    ]
  }

  /// Trains. `interrupt` ends it early; what was learnt until then is what there is.
  func run(interrupt: InterruptFlag, observe: (TrainingEvent) -> Void) throws -> Result {
    let validation = excerpts(shape.validationLimit)
    let steps = try stepsThatFit(validation)
    let (model, task) = try make(validation)
    let plan = TrainingPlan(
      epochs: (steps + task.stepsPerEpoch - 1) / task.stepsPerEpoch, stepLimit: steps, seed: seed,
      schedule: RateSchedule(
        base: shape.rate, course: .cosine(floor: shape.rate / 100), warmupSteps: steps / 50),
      clipNorm: 5, validationInterval: max(1, steps / 12))
    var curve: [LossChart.Point] = []
    var tokensPerSecond = 0.0
    let start = secondsNow()
    let outcome = try withoutActuallyEscaping(observe) { observe in
      try Trainer(task, Adam(), plan, interrupt: interrupt) { event in
        if case .step(let progress) = event {
          curve.append(.init(step: Double(progress.step), loss: progress.recentLoss))
          tokensPerSecond = progress.tokensPerSecond
          // The machine may have become slower since the steps were counted.
          if secondsNow() - start > seconds * 1.3 { interrupt.raise() }
        }
        observe(event)
      }.run()
    }
    var wasStopped = false
    if case .interrupted = outcome { wasStopped = true }
    return Result(
      model: model, task: task, summary: outcome.summary, curve: curve,
      tokensPerSecond: tokensPerSecond, seconds: secondsNow() - start, wasStopped: wasStopped)
  }

  /// About so many characters from all over the held-out text.
  private func excerpts(_ limit: Int) -> String {
    let heldOut = Array(text.heldOut.unicodeScalars)
    guard heldOut.count > limit else { return text.heldOut }
    let count = 10
    var excerpts = String.UnicodeScalarView()
    for index in 0..<count {
      let start = index * heldOut.count / count
      excerpts.append(contentsOf: heldOut[start..<start + limit / count])
    }
    return String(excerpts)
  }

  private func make(_ validation: String) throws -> (LanguageModel, LanguageModelTask) {
    var builder = VocabularyBuilder(tokenizer: .characters)
    builder.add(text.training)
    let model = try LanguageModel(
      configuration: LanguageModelConfiguration(
        level: .characters, cell: .lstm, embeddingSize: shape.embedding,
        hiddenSize: shape.hidden, layers: shape.layers),
      vocabulary: try builder.build(minimumCount: Self.minimumCount),
      key: RandomKey(seed: seed).child(0))
    let task = try LanguageModelTask(
      model, text: text.training, validation: validation, batch: shape.batch, window: shape.window)
    return (model, task)
  }

  /// Measures the speed of this machine with a model that is thrown away.
  private func stepsThatFit(_ validation: String) throws -> Int {
    let (_, task) = try make(validation)
    let measured = min(4, seconds / 20)
    let plan = TrainingPlan(
      epochs: 1000, seed: seed, schedule: RateSchedule(base: shape.rate / 10), clipNorm: 5)
    var steps = 0
    var start = secondsNow()
    let enough = InterruptFlag()
    _ = try Trainer(task, Adam(), plan, interrupt: enough) { event in
      guard case .step(let progress) = event else { return }
      steps = progress.step - 1
      // The first step makes what later ones reuse.
      if steps == 0 { start = secondsNow() }
      if steps >= 3, secondsNow() - start >= measured { enough.raise() }
    }.run()
    let step = (secondsNow() - start) / Double(max(steps, 1))
    let validationStart = secondsNow()
    _ = try task.validate()
    let validations = 13 * (secondsNow() - validationStart)
    let rest = max(seconds * 0.2, seconds - validations - (secondsNow() - start))
    return max(shape.leastSteps, Int(rest / step) / 10 * 10)
  }
}
