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

/// Sentences, each from `<s>` to `</s>`, in batches of nearly equal length, shuffled for every epoch
/// (see ``LengthBatches``).
public struct SentenceBatches: Sendable {
  /// Number of batches in an epoch.
  public var batchCount: Int { batches.batchCount }
  /// Number of sentences.
  public var sentenceCount: Int { offsets.count - 1 }
  /// Tokens predicted in an epoch: those of all sentences, and a `</s>` for each.
  public var targetCount: Int { ids.count + sentenceCount }

  private let batches: LengthBatches
  fileprivate let ids: [Int32]
  /// Sentence `i` is `ids[offsets[i] ..< offsets[i + 1]]`.
  fileprivate let offsets: [Int]
  fileprivate let start: Int32
  fileprivate let end: Int32

  /// Batches of `sentences`, which hold neither `start` nor `end`. Throws
  /// ``CorpusError/noSentences`` without any.
  ///
  /// - Parameters:
  ///   - batch: sentences of all batches but perhaps some.
  ///   - maximumTokens: no batch has more than this many places T · B, padding included, unless one
  ///     sentence alone does.
  public init(
    sentences: [[Int32]], start: Int32, end: Int32, batch: Int, maximumTokens: Int? = nil
  ) throws(CorpusError) {
    batches = try LengthBatches(
      lengths: sentences.map { $0.count + 1 }, batch: batch, maximumTokens: maximumTokens)
    self.start = start
    self.end = end
    ids = Array(sentences.joined())
    var offsets = [0]
    for sentence in sentences { offsets.append((offsets.last ?? 0) + sentence.count) }
    self.offsets = offsets
  }

  /// The batches of one epoch in random order.
  public func shuffled(epoch: Int, seed: UInt64) -> SentenceEpoch {
    SentenceEpoch(source: self, batches: batches.shuffled(epoch: epoch, seed: seed))
  }

  /// All batches, from the shortest sentences to the longest, those of equal length in their own
  /// order.
  public var sorted: SentenceEpoch { SentenceEpoch(source: self, batches: batches.sorted) }
}

/// The batches of one epoch, in the order in which they are to be seen.
public struct SentenceEpoch: Sendable, RandomAccessCollection {
  fileprivate let source: SentenceBatches
  /// The sentences of each batch.
  fileprivate let batches: [[Int]]

  /// 0, the first batch.
  public var startIndex: Int { 0 }
  /// The number of batches.
  public var endIndex: Int { batches.count }

  /// Batch `index` of the epoch. Takes O(T · B).
  public subscript(index: Int) -> SentenceBatch {
    let sentences = batches[index]
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
