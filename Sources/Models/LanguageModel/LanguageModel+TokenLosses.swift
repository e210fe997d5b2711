import Corpora

extension LanguageModel {
  /// -ln p(token | all before it) of every token of a text made ready before, in the order of the
  /// text: sentence by sentence where it is one of sentences, each with its `</s>`.
  ///
  /// A stream is read from its first token to its last with the state carried all the way; sentences
  /// are read one by one.
  public func tokenLosses(_ text: EvaluationText) -> [Double] {
    switch text.content {
    case .stream(let windows):
      var losses: [Double] = []
      losses.reserveCapacity(windows.targetCount)
      var state: State?
      for window in windows {
        let (_, found, last) = loss(
          window.inputs, targets: window.targets, words: text.words, steps: window.length,
          from: state, scale: 0, mode: .prediction)
        losses += found.lazy.map(Double.init)
        state = last
      }
      return losses
    case .sentences(let sentences):
      var losses = [[Double]](repeating: [], count: sentences.sentenceCount)
      for batch in sentences.sorted {
        let (_, found, _) = loss(
          batch.inputs, targets: batch.targets, words: text.words, steps: batch.length,
          lengths: batch.lengths, from: nil, scale: 0, mode: .prediction)
        for (row, sentence) in batch.sentences.enumerated() {
          losses[sentence] = (0..<Int(batch.lengths[row])).map {
            Double(found[$0 * batch.batch + row])
          }
        }
      }
      return Array(losses.joined())
    }
  }
}

extension Evaluation {
  /// The mean of -ln p over all tokens.
  init(losses: [Double], unknownTokens: Int, level: Tokenizer) {
    let mean = losses.reduce(0, +) / Double(losses.count)
    self.init(
      tokens: losses.count, unknownTokens: unknownTokens, crossEntropy: mean,
      bitsPerCharacter: level == .characters ? mean / loge(2) : nil)
  }
}
