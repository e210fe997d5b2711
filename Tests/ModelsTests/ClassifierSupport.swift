import Corpora
import Learning
import Recurrent
import Tensors

@testable import Models

/// Texts whose class follows from one word among others that say nothing; class `a` is the rarer one.
func labelledTexts(_ count: Int, seed: UInt64 = 1, longest: Int = 7) -> [LabelledCase] {
  var random = Random(state: seed)
  return (0..<count).map { index in
    let isA = random.below(3) == 0
    var words = (0..<random.below(longest)).map { _ in "w\(random.below(9))" }
    words.insert(isA ? "good" : "bad", at: random.below(words.count + 1))
    return LabelledCase(
      content: .text(words.joined(separator: " ")), label: isA ? "a" : "b", line: index + 1,
      file: "made")
  }
}

/// Series of two dimensions that rise or fall, far from zero; the label is which.
func labelledSeries(_ count: Int, seed: UInt64 = 1) -> [LabelledCase] {
  var random = Random(state: seed)
  return (0..<count).map { index in
    let rises = random.below(2) == 0
    var values: [Float] = []
    for step in 0..<3 + random.below(5) {
      let drift = Float(rises ? step : -step)
      let noise = Float(random.below(100)) / 100
      values += [100 + drift + noise, Float(random.below(100))]
    }
    return LabelledCase(
      content: .series(Series(width: 2, values: values)), label: rises ? "up" : "down",
      line: index + 1, file: "made")
  }
}

/// What a small classifier can be made of.
struct ClassifierKind: Sendable {
  var input = ClassifierInput.words
  var lookUp: Int? = 4
  var characters: Int?
  var lowercases = false
  var minimumCount = 1
  var wordDropout: Float = 0
  var cell = CellKind.lstm
  var hidden = 5
  var layers = 1
  var isBidirectional = true
  var dropout: NetworkDropout = 0.2
  var pooling = PoolingKind.max
  var output = ClassifierOutput.classes

  var configuration: ClassifierConfiguration {
    ClassifierConfiguration(
      input: input,
      words: input == .series
        ? nil
        : WordEncoderConfiguration(
          lookUpSize: lookUp,
          characters: characters.map {
            CharacterConfiguration(embeddingSize: $0, hiddenSize: $0 + 1, outputSize: $0 + 2)
          }),
      lowercases: lowercases, minimumCount: minimumCount, wordDropout: wordDropout, cell: cell,
      hiddenSize: hidden, layers: layers,
      window: cell == .window ? 3 : CellKind.usualWindow, isBidirectional: isBidirectional,
      dropout: dropout, pooling: pooling, attentionSize: 3, output: output)
  }

  /// A classifier with weights large enough for what it says to differ.
  func make(
    _ cases: [LabelledCase], range: Float = 1, seed: UInt64 = 1
  ) throws -> Classifier {
    try Classifier(
      configuration, learningFrom: cases,
      initialization: .init(
        embeddingRange: range, output: .uniform(range),
        gates: .init(input: .uniform(range), recurrent: .uniform(range))),
      key: RandomKey(seed: seed))
  }

  /// Cases that it can learn.
  func cases(_ count: Int, seed: UInt64 = 1) -> [LabelledCase] {
    var cases =
      input == .series ? labelledSeries(count, seed: seed) : labelledTexts(count, seed: seed)
    for index in cases.indices {
      let isFirst = cases[index].label == "a" || cases[index].label == "up"
      switch output {
      case .classes: break
      case .labels: cases[index].label = ["", "x", "x|y"][(isFirst ? 2 : index % 2)]
      case .number: cases[index].label = isFirst ? "1005" : "995.5"
      }
    }
    return cases
  }

  /// One of each kind of input, output and summary.
  static let all = [
    ClassifierKind(characters: 3, pooling: .max),
    ClassifierKind(lookUp: nil, characters: 3, cell: .gru, pooling: .last, output: .labels),
    ClassifierKind(input: .characters, cell: .window, pooling: .mean, output: .number),
    ClassifierKind(input: .series, cell: .rnn, layers: 2, pooling: .attention),
    ClassifierKind(
      input: .series, isBidirectional: false,
      dropout: NetworkDropout(output: 0.2, isVariational: true), pooling: .last,
      output: .number),
  ]
}
