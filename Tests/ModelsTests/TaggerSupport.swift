import Corpora
import Learning
import Recurrent
import Tensors

@testable import Models

/// Sentences of words whose labels follow from how they are spelled and from the word before:
/// `the` is a D, what ends with `s` behind it an N and elsewhere a V, everything else an X.
func labelledSentences(_ count: Int, seed: UInt64 = 1, longest: Int = 6) -> [LabelledSentence] {
  var random = Random(state: seed)
  let letters = Array("abcdes")
  return (0..<count).map { index in
    var (words, labels): ([String], [String]) = ([], [])
    for _ in 0..<1 + random.below(longest) {
      let word =
        random.below(3) == 0
        ? "the" : String((0..<1 + random.below(4)).map { _ in letters[random.below(6)] })
      let isAfterThe = words.last == "the"
      labels.append(
        word == "the" ? "D" : word.hasSuffix("s") ? (isAfterThe ? "N" : "V") : "X")
      words.append(word)
    }
    return LabelledSentence(
      words: words, labels: labels, lines: words.indices.map { 10 * index + $0 }, file: "made")
  }
}

/// Sentences with labels of spans that obey IOB2.
func spanSentences(_ count: Int, seed: UInt64 = 2) -> [LabelledSentence] {
  var random = Random(state: seed)
  return (0..<count).map { index in
    var labels: [String] = []
    for _ in 0..<1 + random.below(7) {
      let last = labels.last
      switch random.below(3) {
      case 0: labels.append("O")
      case 1: labels.append(random.below(2) == 0 ? "B-A" : "B-B")
      default:
        labels.append(last.flatMap { $0 == "O" ? nil : "I-" + $0.dropFirst(2) } ?? "O")
      }
    }
    return LabelledSentence(
      words: labels.map { $0.prefix(1) + "w\(random.below(5))" }, labels: labels,
      lines: labels.indices.map { 10 * index + $0 }, file: "made")
  }
}

/// What a small tagger can be made of.
struct TaggerKind: Sendable {
  var lookUp: Int? = 4
  var characters: Int? = 3
  var lowercases = false
  var minimumCount = 1
  var wordDropout: Float = 0.5
  var cell = CellKind.lstm
  var hidden = 5
  var layers = 1
  var dropout: NetworkDropout = 0.2
  var output = TaggerOutput.softmax
  var constraints = LabelConstraints.none

  var configuration: TaggerConfiguration {
    TaggerConfiguration(
      words: WordEncoderConfiguration(
        lookUpSize: lookUp,
        characters: characters.map {
          CharacterConfiguration(embeddingSize: $0, hiddenSize: $0 + 1, outputSize: $0 + 2)
        }),
      lowercases: lowercases, minimumCount: minimumCount, wordDropout: wordDropout, cell: cell,
      hiddenSize: hidden, layers: layers, dropout: dropout, output: output,
      constraints: constraints)
  }

  /// A tagger with weights large enough for its labels to differ.
  func make(
    _ sentences: [LabelledSentence], column: LabelColumn? = nil, range: Float = 1, seed: UInt64 = 1
  ) throws -> Tagger {
    let tagger = try Tagger(
      configuration, learningFrom: sentences, column: column,
      initialization: .init(
        embeddingRange: range, output: .uniform(range),
        gates: .init(input: .uniform(range), recurrent: .uniform(range))),
      key: RandomKey(seed: seed))
    for parameter in tagger.field?.parameters ?? [] {
      parameter.value = RandomKey(seed: seed + 7).uniform(parameter.shape, from: -1, to: 1)
    }
    return tagger
  }
}
