import Corpora
import Foundation
import Learning
import Recurrent
import Tensors

/// Training a forecaster: what a ``Trainer`` asks of it.
///
/// A step is a batch of windows of the series, each read from a state of zeros; where the windows of an
/// epoch begin is drawn anew for each. The loss is -ln of the density of the standardised values, in nats a
/// value, over all steps of a window and all k that follow each.
public final class ForecasterTask: RecordedTask {
  /// The model in training.
  public let model: Forecaster
  /// The number of values of all series.
  public var trainingTokens: Int { series.reduce(0) { $0 + $1.values.count } }
  /// The hash of all values.
  public let trainingFingerprint: String

  /// Standardised.
  private let series: [Series]
  private let validation: [Series]
  /// Steps that are read in a window.
  private let window: Int
  /// Of each window the series and its place among the windows of that.
  private let windows: [(series: Int, place: Int)]
  private let batches: LengthBatches
  private var epoch: (number: Int, batches: [[Int]], starts: [Int])?

  /// A task of training `model` on `series`, and validating on `validation`. Series of a single step are left
  /// out.
  ///
  /// - Parameters:
  ///   - window: steps through which gradients flow.
  ///   - batch: B, windows side by side.
  /// - Throws: `CorpusError.noSentences` where there is nothing to predict.
  public init(
    _ model: Forecaster, _ series: [Series], validation: [Series] = [], window: Int, batch: Int
  ) throws(CorpusError) {
    precondition(window >= 1, "windows of \(window) steps")
    self.model = model
    self.window = window
    self.validation = validation
    let series = series.filter { $0.steps > 1 }
    self.series = series.map {
      Series(width: $0.width, values: model.scale.standardized($0.values))
    }
    windows = series.enumerated().flatMap { index, series in
      (0..<max(1, (series.steps - 1) / window)).map { (index, $0) }
    }
    batches = try LengthBatches(
      lengths: windows.map { min(window, series[$0.series].steps - 1) }, batch: batch)
    trainingFingerprint = fingerprint(
      series.lazy.flatMap { $0.values.map { Int32(bitPattern: $0.bitPattern) } + [-1] })
  }

  public var parameters: [Parameter] { model.parameters }

  public var stepsPerEpoch: Int { batches.batchCount }

  public func beginEpoch(_ epoch: Int, key: RandomKey) {
    let words = key.child(-1).words(series.count)
    let starts = series.enumerated().map { index, series in
      let slack = (series.steps - 1) % window
      return series.steps - 1 < window ? 0 : Int(words[index]) % (slack + 1)
    }
    self.epoch = (epoch, batches.shuffled(epoch: epoch, seed: key.seed), starts)
  }

  public func loss(at position: StepPosition) throws -> StepLoss {
    if epoch?.number != position.epoch { beginEpoch(position.epoch, key: position.key) }
    let chosen = epoch?.batches[position.index] ?? []
    let batch = batch(chosen)
    let (means, deviations, _) = model.predict(
      batch.inputs, lengths: batch.lengths, mode: .training(position.key))
    // Beyond a series' end nothing is asked for.
    let distance = (Variable(batch.targets) - means) / deviations
    let losses = (distance.squared() * 0.5 + deviations.log() + Float(0.5 * log(2 * Double.pi)))
    let sum = (losses * Variable(batch.mask)).sum()
    (sum / Float(batch.count)).backward()
    return StepLoss(sum: Double(sum.value.scalars[0]), tokens: batch.count)
  }

  private func batch(
    _ chosen: [Int]
  ) -> (inputs: Tensor, targets: Tensor, mask: Tensor, lengths: [Int32], count: Int) {
    let (width, horizon) = (model.variables.count, model.configuration.horizon)
    let lengths = chosen.map { min(window, series[windows[$0].series].steps - 1) }
    let (steps, rows) = (lengths.max() ?? 0, chosen.count)
    var inputs = [Float](repeating: 0, count: steps * rows * width)
    var targets = [Float](repeating: 0, count: steps * rows * horizon * width)
    var mask = targets
    var count = 0
    for (row, index) in chosen.enumerated() {
      let source = series[windows[index].series]
      let start = (epoch?.starts[windows[index].series] ?? 0) + windows[index].place * window
      for step in 0..<lengths[row] {
        let place = step * rows + row
        for variable in 0..<width {
          inputs[place * width + variable] = source.values[(start + step) * width + variable]
        }
        for ahead in 0..<min(horizon, source.steps - 1 - start - step) {
          for variable in 0..<width {
            let target = (place * horizon + ahead) * width + variable
            targets[target] = source.values[(start + step + 1 + ahead) * width + variable]
            mask[target] = 1
            count += 1
          }
        }
      }
    }
    let shape = [steps, rows, horizon * width]
    return (
      Tensor(shape: [steps, rows, width], scalars: inputs), Tensor(shape: shape, scalars: targets),
      Tensor(shape: shape, scalars: mask), lengths.map(Int32.init), count
    )
  }

  /// The mean of -ln of the density of held-out values, standardised, in nats a value.
  public func validate() -> Double? {
    guard !validation.isEmpty else { return nil }
    let scores = model.evaluate(validation).byVariable
    let count = scores.reduce(0) { $0 + $1.count }
    guard count > 0 else { return nil }
    // A density of values in their own unit is one of standardised values, divided by the deviation.
    let sum = zip(scores, model.scale.deviations).reduce(0.0) { sum, pair in
      sum + Double(pair.0.count) * (pair.0.negativeLogLikelihood - log(Double(pair.1)))
    }
    return sum / Double(count)
  }
}
