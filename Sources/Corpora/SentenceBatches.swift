/// Sentences side by side, padded to the longest.
public struct SentenceBatch: Equatable, Sendable {
  /// Ids to read, [T, B] time-major: `<s>` and the sentence; `</s>` where it has ended.
  public let inputs: [Int32]
  /// Ids to predict, [T, B] time-major: the sentence and `</s>`; -1 where it has ended.
  public let targets: [Int32]
  /// Steps of each sentence, [B]: its tokens and one more.
  public let lengths: [Int32]
  /// Which sentences these are, [B].
  public let sentences: [Int]

  /// T, the steps of the longest sentence.
  public var length: Int { inputs.count / batch }
  /// B, the number of sentences.
  public var batch: Int { lengths.count }
}

/// Sentences, each from `<s>` to `</s>`, in batches of nearly equal length.
///
/// For every epoch the sentences are shuffled, sorted by length (so that only the order within a
/// length is random), cut into batches, and the batches shuffled. The order follows from seed and
/// epoch alone, and the number of batches is the same in every epoch, so a run resumes at any batch
/// of any epoch.
public struct SentenceBatches: Sendable {
  /// Sentences of all batches but perhaps some.
  public let batch: Int
  /// No batch has more than this many places T · B, padding included, unless one sentence alone
  /// does.
  public let maximumTokens: Int?
  /// Number of batches in an epoch.
  public var batchCount: Int { cuts.count - 1 }
  /// Number of sentences.
  public var sentenceCount: Int { offsets.count - 1 }
  /// Tokens predicted in an epoch: those of all sentences, and a `</s>` for each.
  public var targetCount: Int { ids.count + sentenceCount }

  fileprivate let ids: [Int32]
  /// Sentence `i` is `ids[offsets[i] ..< offsets[i + 1]]`.
  fileprivate let offsets: [Int]
  fileprivate let start: Int32
  fileprivate let end: Int32
  /// Batch `i` takes places `cuts[i] ..< cuts[i + 1]` of the sentences sorted by length.
  fileprivate let cuts: [Int]

  /// Batches of `sentences`, which hold neither `start` nor `end`. Throws
  /// ``CorpusError/noSentences`` without any.
  public init(
    sentences: [[Int32]], start: Int32, end: Int32, batch: Int, maximumTokens: Int? = nil
  ) throws(CorpusError) {
    precondition(batch > 0, "batch \(batch), expected 1 or more")
    guard !sentences.isEmpty else { throw .noSentences }
    self.batch = batch
    self.maximumTokens = maximumTokens
    self.start = start
    self.end = end
    ids = Array(sentences.joined())
    var offsets = [0]
    for sentence in sentences { offsets.append(offsets.last! + sentence.count) }
    self.offsets = offsets

    // The sorted lengths are the same in every epoch, and so are the cuts.
    var cuts = [0]
    for (place, sentence) in sentences.map(\.count).sorted().enumerated() {
      let size = place - cuts.last! + 1
      let isFull = size > batch || maximumTokens.map { size * (sentence + 1) > $0 } ?? false
      if isFull, place > cuts.last! { cuts.append(place) }
    }
    cuts.append(sentences.count)
    self.cuts = cuts
  }

  /// The batches of one epoch in random order.
  public func shuffled(epoch: Int, seed: UInt64) -> SentenceEpoch {
    var random = SplitMix64(seed: seed, epoch: UInt64(epoch))
    var order = Array(0..<sentenceCount)
    random.shuffle(&order)
    order = sortedByLength(order)
    var batches = Array(0..<batchCount)
    random.shuffle(&batches)
    return SentenceEpoch(source: self, order: order, batches: batches)
  }

  /// All batches, from the shortest sentences to the longest, those of equal length in their own
  /// order.
  public var sorted: SentenceEpoch {
    SentenceEpoch(
      source: self, order: sortedByLength(Array(0..<sentenceCount)),
      batches: Array(0..<batchCount))
  }

  /// `order`, sorted by length; equal lengths keep their order.
  private func sortedByLength(_ order: [Int]) -> [Int] {
    order.enumerated().map { (length: offsets[$1 + 1] - offsets[$1], place: $0, sentence: $1) }
      .sorted { ($0.length, $0.place) < ($1.length, $1.place) }
      .map(\.sentence)
  }
}

/// The batches of one epoch, in the order in which they are to be seen.
public struct SentenceEpoch: Sendable, RandomAccessCollection {
  fileprivate let source: SentenceBatches
  fileprivate let order: [Int]
  fileprivate let batches: [Int]

  /// 0, the first batch.
  public var startIndex: Int { 0 }
  /// The number of batches.
  public var endIndex: Int { batches.count }

  /// Batch `index` of the epoch. Takes O(T · B).
  public subscript(index: Int) -> SentenceBatch {
    let cut = batches[index]
    let sentences = Array(order[source.cuts[cut]..<source.cuts[cut + 1]])
    let batch = sentences.count
    let lengths = sentences.map { source.offsets[$0 + 1] - source.offsets[$0] + 1 }
    let length = lengths.max()!
    var inputs = [Int32](repeating: source.end, count: length * batch)
    var targets = [Int32](repeating: -1, count: length * batch)
    for (row, sentence) in sentences.enumerated() {
      let first = source.offsets[sentence]
      inputs[row] = source.start
      for step in 0..<(lengths[row] - 1) {
        let id = source.ids[first + step]
        targets[step * batch + row] = id
        inputs[(step + 1) * batch + row] = id
      }
      targets[(lengths[row] - 1) * batch + row] = source.end
    }
    return SentenceBatch(
      inputs: inputs, targets: targets, lengths: lengths.map(Int32.init), sentences: sentences)
  }
}
