import Corpora

/// Pairs of source and target as tokens, without `<s>` and `</s>`.
struct TranslationPairs: Sendable {
  var sources: [[Int32]]
  var targets: [[Int32]]

  var count: Int { sources.count }

  /// What a batch is made from: steps of the longer side, `</s>` included.
  func length(_ index: Int) -> Int { max(sources[index].count, targets[index].count) + 1 }

  /// Target tokens that are predicted, `</s>` included.
  var targetTokens: Int { targets.reduce(0) { $0 + $1.count + 1 } }
}

/// Some targets as a decoder reads and predicts them.
struct TargetBatch: Sendable {
  /// T, of the longest, `</s>` included.
  let steps: Int
  /// What is read, [T, B]: `<s>` and all tokens of a target; `</s>` beyond its end.
  var inputs: [Int32]
  /// What is predicted, [T, B]: all tokens and `</s>`; -1 beyond.
  let targets: [Int32]
  /// Tokens that are predicted.
  let tokenCount: Int

  init(_ sequences: [[Int32]], start: Int32, end: Int32) {
    let batch = sequences.count
    let steps = (sequences.map(\.count).max() ?? 0) + 1
    var inputs = [Int32](repeating: end, count: steps * batch)
    var targets = [Int32](repeating: -1, count: steps * batch)
    for (row, sequence) in sequences.enumerated() {
      inputs[row] = start
      for (step, token) in sequence.enumerated() {
        inputs[(step + 1) * batch + row] = token
        targets[step * batch + row] = token
      }
      targets[sequence.count * batch + row] = end
    }
    self.steps = steps
    self.inputs = inputs
    self.targets = targets
    tokenCount = sequences.reduce(0) { $0 + $1.count + 1 }
  }
}
