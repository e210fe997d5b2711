import Corpora
import Recurrent
import Tensors

extension Translator {
  /// Places T·B of a batch in prediction.
  static let batchTokens = 4096

  /// -ln p of each token of each target, `</s>` at the end, given its source. It does not depend on the
  /// other pairs.
  public func tokenLosses(sources: [[Int32]], targets: [[Int32]]) -> [[Float]] {
    precondition(
      sources.count == targets.count, "\(sources.count) sources, \(targets.count) targets")
    let pairs = TranslationPairs(sources: sources, targets: targets)
    var result = [[Float]](repeating: [], count: pairs.count)
    for batch in batches(pairs) {
      let losses = losses(of: pairs, batch)
      for (row, index) in batch.enumerated() {
        result[index] = (0...targets[index].count).map { losses[$0 * batch.count + row] }
      }
    }
    return result
  }

  /// The mean of -ln p over all tokens of the targets, in nats.
  func meanLoss(_ pairs: TranslationPairs) -> Double {
    var sum = 0.0
    for batch in batches(pairs) {
      for loss in losses(of: pairs, batch) { sum += Double(loss) }
    }
    return sum / Double(max(pairs.targetTokens, 1))
  }

  private func batches(_ pairs: TranslationPairs) -> [[Int]] {
    // There are no pairs without a step.
    let batches = try? LengthBatches(
      lengths: (0..<pairs.count).map(pairs.length), batch: 256, maximumTokens: Self.batchTokens)
    return batches?.sorted ?? []
  }

  /// -ln p [T, B] of the targets of some pairs; 0 beyond their ends.
  private func losses(of pairs: TranslationPairs, _ batch: [Int]) -> [Float] {
    let target = TargetBatch(
      batch.map { pairs.targets[$0] }, start: specials.start, end: specials.end)
    let source = encode(batch.map { pairs.sources[$0] }, mode: .prediction)
    return decoder.losses(
      target.inputs, targets: target.targets, steps: target.steps, from: source)
  }
}
