import Corpora
import Learning
import Tensors

/// The batches of a task whose examples have lengths, shuffled anew for each epoch.
struct EpochBatches {
  private let batches: LengthBatches
  /// Those of one epoch, in its order.
  private var shuffled: (epoch: Int, batches: [[Int]])?

  init(_ batches: LengthBatches) { self.batches = batches }

  /// Number of batches in an epoch.
  var count: Int { batches.batchCount }

  /// Shuffles for an epoch.
  mutating func begin(_ epoch: Int, key: RandomKey) {
    shuffled = (epoch, batches.shuffled(epoch: epoch, seed: key.seed))
  }

  /// The examples of a step.
  mutating func examples(at position: StepPosition) -> [Int] {
    if shuffled?.epoch != position.epoch { begin(position.epoch, key: position.key) }
    return shuffled?.batches[position.index] ?? []
  }
}
