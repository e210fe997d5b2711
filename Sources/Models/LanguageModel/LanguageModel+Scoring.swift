import Corpora
import Recurrent
import Tensors

/// The probability of a line under a model.
public struct LineScore: Sendable, Equatable {
  /// A token and ln p(token | all before it).
  public struct Token: Sendable, Equatable {
    /// The token, as the vocabulary spells it.
    public let token: String
    /// ln p, in nats.
    public let logProbability: Double
  }

  /// The tokens of the line, its end included.
  public let tokens: [Token]
  /// Σ ln p, in nats.
  public var logProbability: Double { tokens.reduce(0) { $0 + $1.logProbability } }
}

extension LanguageModel {
  /// Scores one line by itself, from a zero state, its end included: `</s>`, or the line feed of a
  /// model of characters. Throws ``CorpusError`` for a token outside a vocabulary that has no
  /// unknown token.
  public func score(line: String) throws -> LineScore {
    let level = configuration.level
    var words = lexicon
    let start: Int32
    var ids: [Int32]
    switch configuration.unit {
    case .stream:
      start = streamStart
      ids = line.isEmpty ? [] : try encode(line, &words, closingLastLine: false)
      if let end = level.streamStart(vocabulary) { ids.append(end) }
    case .sentence:
      let marks = sentenceMarks
      start = marks.start
      ids = (try encodeLines(line, &words).first ?? []) + [marks.end]
    }
    guard !ids.isEmpty else { return LineScore(tokens: []) }
    let (_, losses, _) = loss(
      [start] + ids.dropLast(), targets: ids, words: words, steps: ids.count, from: nil, scale: 0,
      mode: .prediction)
    return LineScore(
      tokens: zip(words?.lookUp(ids) ?? ids, losses).map {
        LineScore.Token(token: vocabulary.token($0), logProbability: -Double($1))
      })
  }
}
