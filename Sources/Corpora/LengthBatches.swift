/// Sequences in batches of nearly equal length, by their numbers.
///
/// For every epoch the sequences are shuffled, sorted by length (so that only the order within a length
/// is random), cut into batches, and the batches shuffled. The order follows from seed and epoch alone,
/// and the number of batches is the same in every epoch, so a run resumes at any batch of any epoch.
public struct LengthBatches: Sendable {
  /// Sequences of all batches but perhaps some.
  public let batch: Int
  /// No batch has more than this many places T · B, padding included, unless one sequence alone does.
  public let maximumTokens: Int?
  /// Number of batches in an epoch.
  public var batchCount: Int { cuts.count - 1 }
  /// Number of sequences.
  public var sequenceCount: Int { lengths.count }

  private let lengths: [Int]
  /// Batch `i` takes places `cuts[i] ..< cuts[i + 1]` of the sequences sorted by length.
  private let cuts: [Int]

  /// Batches of sequences of the given lengths. Throws ``CorpusError/noSentences`` without any.
  public init(
    lengths: [Int], batch: Int, maximumTokens: Int? = nil
  ) throws(CorpusError) {
    precondition(batch > 0, "batch \(batch), expected 1 or more")
    guard !lengths.isEmpty else { throw .noSentences }
    self.batch = batch
    self.maximumTokens = maximumTokens
    self.lengths = lengths
    // The sorted lengths are the same in every epoch, and so are the cuts.
    var (cuts, start) = ([0], 0)
    for (place, length) in lengths.sorted().enumerated() {
      let size = place - start + 1
      let isFull = size > batch || maximumTokens.map { size * length > $0 } ?? false
      if isFull, place > start {
        cuts.append(place)
        start = place
      }
    }
    cuts.append(lengths.count)
    self.cuts = cuts
  }

  /// The sequences of each batch of one epoch, batches in random order.
  public func shuffled(epoch: Int, seed: UInt64) -> [[Int]] {
    var random = SplitMix64(seed: seed, epoch: UInt64(epoch))
    var order = Array(0..<sequenceCount)
    random.shuffle(&order)
    order = sortedByLength(order)
    var batches = Array(0..<batchCount)
    random.shuffle(&batches)
    return batches.map { Array(order[cuts[$0]..<cuts[$0 + 1]]) }
  }

  /// The sequences of all batches, from the shortest to the longest, those of equal length in their own
  /// order.
  public var sorted: [[Int]] {
    let order = sortedByLength(Array(0..<sequenceCount))
    return (0..<batchCount).map { Array(order[cuts[$0]..<cuts[$0 + 1]]) }
  }

  /// `order`, sorted by length; equal lengths keep their order.
  private func sortedByLength(_ order: [Int]) -> [Int] {
    order.enumerated().map { (length: lengths[$1], place: $0, sequence: $1) }
      .sorted { ($0.length, $0.place) < ($1.length, $1.place) }
      .map(\.sequence)
  }
}
