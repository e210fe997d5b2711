import Corpora
import Recurrent
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How well a model predicts a text.
public struct Evaluation: Sendable, Equatable {
  /// Tokens predicted: all of the text, and the line ends that words have.
  public let tokens: Int
  /// Among them tokens that are not in the vocabulary.
  public let unknownTokens: Int
  /// The mean of -ln p(token), in nats a token.
  public let crossEntropy: Double
  /// The same in bits, for models of characters.
  public let bitsPerCharacter: Double?

  /// e to the cross-entropy.
  public var perplexity: Double { exp(crossEntropy) }
}

/// A text made ready for evaluation with one model.
public struct EvaluationText: Sendable {
  enum Content {
    case stream(StreamBatches)
    case sentences(SentenceBatches)
  }
  let content: Content
  let unknownTokens: Int
  /// The words of a model that composes them; nil for another one.
  let words: Lexicon?

  /// Steps of one window, which bounds memory; the result hardly depends on it.
  private static let window = 256

  /// Encodes `text` with the vocabulary of `model`. Throws ``CorpusError``.
  public init(_ text: String, for model: LanguageModel) throws {
    let vocabulary = model.vocabulary
    func unknown(_ ids: [Int32]) -> Int {
      let known = Int32(vocabulary.count)
      return vocabulary.unknown.map { unknown in ids.count { $0 == unknown || $0 >= known } } ?? 0
    }
    var words = model.lexicon
    switch model.configuration.unit {
    case .stream:
      let ids = try model.encode(text, &words)
      content = .stream(
        try StreamBatches(evaluating: ids, start: model.streamStart, window: Self.window))
      unknownTokens = unknown(ids)
    case .sentence:
      let sentences = try model.encodeLines(text, &words)
      let (start, end) = model.sentenceMarks
      content = .sentences(
        try SentenceBatches(
          sentences: sentences, start: start, end: end, batch: 32, maximumTokens: 8192))
      unknownTokens = sentences.reduce(0) { $0 + unknown($1) }
    }
    self.words = words
  }
}

extension LanguageModel {
  /// Predicts every token of `text` once. A stream is read from its first token to its last with
  /// the state carried all the way; sentences are read one by one. Throws ``CorpusError``.
  public func evaluate(_ text: String) throws -> Evaluation {
    evaluate(try EvaluationText(text, for: self))
  }

  /// Predicts every token of a text made ready before.
  public func evaluate(_ text: EvaluationText) -> Evaluation {
    Evaluation(
      losses: tokenLosses(text), unknownTokens: text.unknownTokens, level: configuration.level)
  }

  /// The tokens of a text. Those of a model that composes words are numbers of `words`, which starts
  /// as the model's lexicon and gets the words that are new.
  func encode(
    _ text: String, _ words: inout Lexicon?, closingLastLine: Bool = true
  ) throws(CorpusError) -> [Int32] {
    let level = configuration.level
    guard var lexicon = words.take() else {
      return try level.encode(text, with: vocabulary, closingLastLine: closingLastLine)
    }
    defer { words = lexicon }
    return try level.encode(text, with: &lexicon, closingLastLine: closingLastLine)
  }

  /// The tokens of each line of a text; else as `encode`.
  func encodeLines(_ text: String, _ words: inout Lexicon?) throws(CorpusError) -> [[Int32]] {
    guard var lexicon = words.take() else {
      return try configuration.level.encodeLines(text, with: vocabulary)
    }
    defer { words = lexicon }
    return try configuration.level.encodeLines(text, with: &lexicon)
  }

  /// The token from which the first token of a stream is predicted.
  var streamStart: Int32 {
    configuration.level.streamStart(vocabulary) ?? vocabulary.unknown ?? 0
  }

  /// `<s>` and `</s>` of a model of sentences, whose vocabulary was checked to have them.
  var sentenceMarks: (start: Int32, end: Int32) { (vocabulary.start!, vocabulary.end!) }
}

/// The natural logarithm, by a name that no method shadows.
func loge(_ x: Double) -> Double { log(x) }
