import Corpora

/// An n-gram language model of a text: probabilities over a vocabulary of words or characters.
///
/// It predicts the very tokens that a ``LanguageModel`` of the same vocabulary, level and unit does,
/// in the same order, so that the two can be compared and mixed (``InterpolatedModel``): of a stream
/// every token, the first as if a line had just ended; of sentences every token and `</s>`, each
/// sentence after `<s>`, which is context alone and never predicted. Its file is in the ARPA format
/// (``save(to:)``, ``init(contentsOf:)``).
public struct NGramLanguageModel: Sendable {
  /// What a token is.
  public let level: Tokenizer
  /// Whether a text is one stream of tokens or each line a sentence by itself.
  public let unit: TextUnit
  /// The tokens.
  public let vocabulary: Vocabulary
  /// The probabilities of their ids.
  public let ngrams: NGramModel

  init(level: Tokenizer, unit: TextUnit, vocabulary: Vocabulary, ngrams: NGramModel) {
    self.level = level
    self.unit = unit
    self.vocabulary = vocabulary
    self.ngrams = ngrams
  }

  /// Learns from `text` by interpolated modified Kneser-Ney
  /// (``NGramModel/init(order:vocabularySize:sequences:start:)``).
  ///
  /// Throws ``ModelError`` for a vocabulary without the marks of lines or sentences and for a text
  /// that spells out `<s>`, ``CorpusError`` for a token outside a vocabulary without `<unk>` and for
  /// no tokens at all.
  public init(
    order: Int, level: Tokenizer, unit: TextUnit = .stream, vocabulary: Vocabulary,
    training text: String
  ) throws {
    try vocabulary.requireMarks(level, unit)
    let encoder = Encoder(level: level, unit: unit, vocabulary: vocabulary)
    self.init(
      level: level, unit: unit, vocabulary: vocabulary,
      ngrams: NGramModel(
        order: order, vocabularySize: vocabulary.count,
        sequences: try encoder.sequences(of: text), start: encoder.start))
  }

  /// n: how many tokens, the predicted one included, are looked at.
  public var order: Int { ngrams.order }

  /// -ln p(token | what came before) of every token of `text`, in its order. Throws as ``evaluate(_:)``.
  public func tokenLosses(_ text: String) throws -> [Double] { try read(text).losses }

  /// Predicts every token of `text` once.
  ///
  /// Throws ``CorpusError`` as a ``LanguageModel`` does, and ``ModelError/unusableText(_:)`` for a
  /// sentence that spells out `<s>`, which is impossible.
  public func evaluate(_ text: String) throws -> Evaluation {
    let (losses, unknown) = try read(text)
    return Evaluation(losses: losses, unknownTokens: unknown, level: level)
  }

  /// Scores one line by itself, its end included, as ``LanguageModel/score(line:)`` does.
  public func score(line: String) throws -> LineScore {
    var ids: [Int32]
    switch unit {
    case .sentence: ids = try encoder.sequences(of: line + "\n")[0]
    case .stream:
      ids = line.isEmpty ? [] : try level.encode(line, with: vocabulary, closingLastLine: false)
      if let end = level.streamStart(vocabulary) { ids.append(end) }
    }
    let found = ngrams.logProbabilities(of: ids, history: encoder.history)
    return LineScore(
      tokens: zip(ids, found).map {
        LineScore.Token(token: vocabulary.token($0), logProbability: $1)
      })
  }

  private var encoder: Encoder { Encoder(level: level, unit: unit, vocabulary: vocabulary) }

  private func read(_ text: String) throws -> (losses: [Double], unknownTokens: Int) {
    let encoder = encoder
    var (losses, unknown) = ([Double](), 0)
    for ids in try encoder.sequences(of: text) {
      losses += ngrams.logProbabilities(of: ids, history: encoder.history).map { -$0 }
      unknown += vocabulary.unknown.map { unknown in ids.count { $0 == unknown } } ?? 0
    }
    return (losses, unknown)
  }
}

extension NGramLanguageModel {
  /// A text as sequences of ids, and what stands before each of them.
  private struct Encoder {
    let level: Tokenizer
    let unit: TextUnit
    let vocabulary: Vocabulary

    var start: NGramModel.Start {
      unit == .sentence ? .mark(history[0]) : .token(history[0])
    }

    /// The token before the first one.
    var history: [Int32] {
      let start =
        unit == .sentence
        ? vocabulary.start : level.streamStart(vocabulary) ?? vocabulary.unknown
      return [start ?? 0]
    }

    func sequences(of text: String) throws -> [[Int32]] {
      guard unit == .sentence, let end = vocabulary.end else {
        let ids = try level.encode(text, with: vocabulary)
        guard !ids.isEmpty else {
          throw CorpusError.tooShort(tokens: 0, batch: 1, largestBatch: 0)
        }
        return [ids]
      }
      let sentences = try level.encodeLines(text, with: vocabulary)
      guard !sentences.isEmpty else { throw CorpusError.noSentences }
      if let line = sentences.firstIndex(where: { $0.contains(history[0]) }) {
        throw ModelError.unusableText(
          "line \(line + 1) spells out <s>, which begins a sentence and stands nowhere within one")
      }
      return sentences.map { $0 + [end] }
    }
  }
}

extension Vocabulary {
  /// Throws ``ModelError/invalidConfiguration(_:)`` unless there are the line ends that words need, and
  /// the marks that sentences need.
  func requireMarks(_ level: Tokenizer, _ unit: TextUnit) throws(ModelError) {
    if level == .words || unit == .sentence, end == nil {
      throw .invalidConfiguration("the vocabulary has no </s>, with which a line ends")
    }
    if unit == .sentence, start == nil {
      throw .invalidConfiguration("the vocabulary has no <s>, with which a sentence begins")
    }
  }
}
