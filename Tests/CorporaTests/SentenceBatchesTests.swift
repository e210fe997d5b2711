import Testing

@testable import Corpora

@Suite("Sentences")
struct SentenceBatchesTests {
  @Test("three sentences, by hand: padded to the longest, targets -1 beyond the end")
  func byHand() throws {
    let batches = try SentenceBatches(
      sentences: [[5, 6, 7], [], [8]], start: 1, end: 2, batch: 3)
    #expect(batches.batchCount == 1 && batches.targetCount == 7)
    let batch = batches.sorted[0]
    #expect(batch.sentences == [1, 2, 0])
    #expect(batch.lengths == [1, 2, 4])
    #expect(batch.length == 4 && batch.batch == 3)
    #expect(batch.inputs == [1, 1, 1, 2, 8, 5, 2, 2, 6, 2, 2, 7])
    #expect(batch.targets == [2, 8, 5, -1, 2, 6, -1, -1, 7, -1, -1, 2])
  }

  @Test("the limit on places T · B holds, and a longer sentence stands alone")
  func maximumTokens() throws {
    let sentences = [3, 9, 3, 3, 4, 1].map { [Int32](repeating: 5, count: $0) }
    let batches = try SentenceBatches(
      sentences: sentences, start: 1, end: 2, batch: 8, maximumTokens: 9)
    // Lengths with </s>: 2 4 | 4 4 | 5 | 10.
    #expect(batches.sorted.map(\.lengths) == [[2, 4], [4, 4], [5], [10]])
  }

  @Test("no sentences are an error")
  func noSentences() {
    #expect(throws: CorpusError.noSentences) {
      try SentenceBatches(sentences: [], start: 1, end: 2, batch: 3)
    }
  }

  private func randomSentences(_ count: Int) -> [[Int32]] {
    var random = SplitMix64(seed: 11, epoch: 0)
    return (0..<count).map { sentence in
      (0..<Int(random.below(9))).map { Int32(10 + sentence * 10 + $0) }
    }
  }

  @Test("in every epoch every sentence comes once, whole", arguments: [nil, 20])
  func everySentenceOnce(maximumTokens: Int?) throws {
    let sentences = randomSentences(103)
    let batches = try SentenceBatches(
      sentences: sentences, start: 1, end: 2, batch: 8, maximumTokens: maximumTokens)
    for epoch in 0..<4 {
      let batchesOfEpoch = batches.shuffled(epoch: epoch, seed: 7)
      #expect(batchesOfEpoch.count == batches.batchCount)
      var seen: [Int] = []
      var targets = 0
      for batch in batchesOfEpoch {
        #expect(batch.batch <= 8)
        if let maximumTokens, batch.batch > 1 { #expect(batch.inputs.count <= maximumTokens) }
        seen += batch.sentences
        for (row, sentence) in batch.sentences.enumerated() {
          let column = stride(from: row, to: batch.inputs.count, by: batch.batch)
          let length = Int(batch.lengths[row])
          let input = column.map { batch.inputs[$0] }
          #expect(Array(input.prefix(length)) == [1] + sentences[sentence])
          let target = column.map { batch.targets[$0] }
          #expect(Array(target.prefix(length)) == sentences[sentence] + [2])
          #expect(target.dropFirst(length).allSatisfy { $0 == -1 })
          targets += length
        }
      }
      #expect(seen.sorted() == Array(0..<103))
      #expect(targets == batches.targetCount)
    }
  }

  @Test("the order follows from seed and epoch, and differs between them")
  func deterministic() throws {
    let batches = try SentenceBatches(
      sentences: randomSentences(60), start: 1, end: 2, batch: 4)
    func order(_ epoch: Int, _ seed: UInt64) -> [[Int]] {
      batches.shuffled(epoch: epoch, seed: seed).map(\.sentences)
    }
    #expect(order(3, 5) == order(3, 5))
    #expect(order(3, 5) != order(4, 5))
    #expect(order(3, 5) != order(3, 6))
    #expect(order(0, 1) != order(1, 0))
    // Random access: a batch does not depend on those before it.
    #expect(batches.shuffled(epoch: 3, seed: 5)[7].sentences == order(3, 5)[7])
  }

  @Test("the generator is SplitMix64, unbiased below a bound, and its shuffle a permutation")
  func generator() {
    var random = SplitMix64(seed: 0, epoch: 0)
    var histogram = [Int](repeating: 0, count: 6)
    for _ in 0..<6000 { histogram[Int(random.below(6))] += 1 }
    // Each has 1000 ± 29; six standard deviations.
    #expect(histogram.allSatisfy { 826...1174 ~= $0 })
    var elements = Array(0..<50)
    random.shuffle(&elements)
    #expect(elements != Array(0..<50) && elements.sorted() == Array(0..<50))
  }
}

@Suite("Batches of like length")
struct LengthBatchesTests {
  @Test("by hand: cut at the number of sequences and of places, all there once in every epoch")
  func byHand() throws {
    let batches = try LengthBatches(
      lengths: [3, 9, 0, 3, 3, 4, 1], batch: 3, maximumTokens: 9)
    #expect(batches.sorted == [[2, 6, 0], [3, 4], [5], [1]])
    #expect(batches.batchCount == 4 && batches.sequenceCount == 7)
    for epoch in 1...3 {
      let shuffled = batches.shuffled(epoch: epoch, seed: 3)
      #expect(shuffled.count == 4)
      #expect(Set(shuffled.joined()) == Set(0..<7))
      #expect(shuffled == batches.shuffled(epoch: epoch, seed: 3))
    }
    #expect(batches.shuffled(epoch: 1, seed: 3) != batches.shuffled(epoch: 2, seed: 3))
  }
}
