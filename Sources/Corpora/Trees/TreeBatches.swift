/// Trees in batches of equal number, in another random order in each epoch.
///
/// The order follows from seed and epoch alone, and the number of batches is the same in every epoch, so a run
/// resumes at any batch of any epoch.
public struct TreeBatches: Sendable {
  /// Trees of all.
  public let count: Int
  /// Trees of all batches but perhaps the last.
  public let batch: Int

  /// Batches of `batch` of `count` trees.
  public init(count: Int, batch: Int) {
    precondition(count > 0 && batch > 0, "\(count) trees in batches of \(batch)")
    self.count = count
    self.batch = batch
  }

  /// Batches of an epoch.
  public var batchCount: Int { (count + batch - 1) / batch }

  /// The trees of each batch of an epoch.
  public func shuffled(epoch: Int, seed: UInt64) -> [ArraySlice<Int>] {
    var random = SplitMix64(seed: seed, epoch: UInt64(epoch))
    var order = Array(0..<count)
    random.shuffle(&order)
    return stride(from: 0, to: count, by: batch).map { order[$0..<min($0 + batch, count)] }
  }
}
