import Corpora

extension Translator {
  /// A vector for each text: the encoder's outputs at the end of what it reads, from either end where it reads
  /// from both (Sutskever et al. 2014). It does not depend on the other texts.
  public func sentenceVectors(of texts: [String]) -> [[Float]] {
    let sources = texts.map(sourceTokens)
    // There are no sources without a step.
    let batches = try? LengthBatches(
      lengths: sources.map { $0.count + 1 }, batch: 256, maximumTokens: Self.batchTokens)
    var vectors = [[Float]](repeating: [], count: texts.count)
    for batch in batches?.sorted ?? [] {
      let summary = encode(batch.map { sources[$0] }, mode: .prediction).summary.value
      let (width, values) = (summary.shape[1], summary.scalars)
      for (row, index) in batch.enumerated() {
        vectors[index] = Array(values[row * width..<(row + 1) * width])
      }
    }
    return vectors
  }
}
