import Corpora
import Foundation
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("n-gram models of text")
struct NGramLanguageModelTests {
  private func train(
    _ text: String, order: Int = 3, _ level: Tokenizer = .words, _ unit: TextUnit = .stream,
    maximumSize: Int? = nil
  ) throws -> NGramLanguageModel {
    var builder = VocabularyBuilder(tokenizer: level, unit: unit)
    builder.add(text)
    return try NGramLanguageModel(
      order: order, level: level, unit: unit, vocabulary: builder.build(maximumSize: maximumSize),
      training: text)
  }

  @Test("a stream is predicted as if a line had just ended, sentences each from its <s>")
  func starts() throws {
    let text = "a b\na c\n\nb a\n"
    let stream = try train(text)
    #expect(stream.vocabulary.tokens == ["<unk>", "</s>", "a", "b", "c"])
    let ids: [Int32] = [2, 3, 1, 2, 4, 1, 1, 3, 2, 1]
    let model = NGramModel(
      order: 3, vocabularySize: 5, sequences: [ids], start: .token(1))
    let expected = ids.indices.map {
      -model.logProbability(of: ids[$0], context: [1] + ids[..<$0])
    }
    #expect(try stream.tokenLosses(text) == expected)
    let evaluation = try stream.evaluate(text)
    #expect(evaluation.tokens == 10 && evaluation.unknownTokens == 0)
    #expect(abs(evaluation.crossEntropy - expected.reduce(0, +) / 10) < 1e-15)

    let sentences = try train(text, .words, .sentence)
    #expect(sentences.vocabulary.tokens == ["<unk>", "<s>", "</s>", "a", "b", "c"])
    let losses = try sentences.tokenLosses("c a\nb")
    #expect(losses.count == 5)
    let contexts: [(Int32, [Int32])] = [
      (5, [1]), (3, [1, 5]), (2, [1, 5, 3]), (4, [1]), (2, [1, 4]),
    ]
    for (loss, (token, context)) in zip(losses, contexts) {
      #expect(loss == -sentences.ngrams.logProbability(of: token, context: context))
    }
    #expect(try sentences.evaluate("zz a\n").unknownTokens == 1)
  }

  @Test("<s> is impossible, and a sentence that spells it out is refused with its line")
  func start() throws {
    let model = try train("a b\na c\n", .words, .sentence)
    #expect(model.ngrams.logProbability(of: 1, context: [1, 3]) == -.infinity)
    for text in ["a\nb <s> c\n", "a\n<s>"] {
      let error = #expect(throws: ModelError.self) { try model.evaluate(text) }
      #expect(error?.description.hasPrefix("line 2 spells out <s>") == true)
      #expect(throws: ModelError.self) { try train(text, .words, .sentence) }
    }
    #expect(throws: ModelError.self) { try model.score(line: "<s>") }
    // Of a stream it is a word like others.
    #expect(try train("a <s>\n").evaluate("<s> a\n").crossEntropy.isFinite)
  }

  @Test(
    "it predicts the tokens that a recurrent model predicts", arguments: Tokenizer.allCases,
    [TextUnit.stream, .sentence])
  func sameTokens(level: Tokenizer, unit: TextUnit) throws {
    let neural = try makeModel(randomText(lines: 40), level: level, unit: unit)
    let model = try NGramLanguageModel(
      order: 4, level: level, unit: unit, vocabulary: neural.vocabulary,
      training: randomText(lines: 60, seed: 8))
    let text = randomText(lines: 20, words: 12, seed: 9) + "unheard"
    let (own, others) = (try model.evaluate(text), try neural.evaluate(text))
    #expect(own.tokens == others.tokens && own.unknownTokens == others.unknownTokens)
    #expect((own.bitsPerCharacter != nil) == (level == .characters))
    for line in ["", "w1 w0", "w2 unheard"] {
      let (own, others) = (try model.score(line: line), try neural.score(line: line))
      #expect(own.tokens.map(\.token) == others.tokens.map(\.token))
      let alone = try model.evaluate(line + "\n")
      #expect(abs(alone.crossEntropy * Double(alone.tokens) + own.logProbability) < 1e-12)
    }
    #expect(throws: CorpusError.self) { try model.evaluate("") }
  }

  @Test(
    "losses of single tokens come in the order of the text",
    arguments: [TextUnit.stream, .sentence])
  func tokenLosses(unit: TextUnit) throws {
    let text = randomText(lines: 70, seed: 5)
    let model = try makeModel(text, unit: unit)
    let losses = model.tokenLosses(try EvaluationText(text, for: model))
    var expected: [Double] = []
    switch unit {
    case .stream:
      let ids = try Tokenizer.words.encode(text, with: model.vocabulary)
      expected = model.logProbabilitiesStepByStep(ids, after: model.streamStart)
    case .sentence:
      let (start, end) = model.sentenceMarks
      for ids in try Tokenizer.words.encodeLines(text, with: model.vocabulary) {
        expected += model.logProbabilitiesStepByStep(ids + [end], after: start)
      }
    }
    #expect(losses.count == expected.count)
    for (loss, logProbability) in zip(losses, expected) {
      #expect(abs(loss + logProbability) < 1e-5)
    }
  }

  @Test("words outside the vocabulary are <unk>, with what those of the training text had")
  func unknown() throws {
    let text = "a b a c\na d a e\n"
    let model = try train(text, order: 2, maximumSize: 3)
    #expect(model.vocabulary.tokens == ["<unk>", "</s>", "a"])
    let direct = NGramModel(
      order: 2, vocabularySize: 3, sequences: [[2, 0, 2, 0, 1, 2, 0, 2, 0, 1]], start: .token(1))
    #expect(
      try model.tokenLosses("a z") == [
        -direct.logProbability(of: 2, context: [1]), -direct.logProbability(of: 0, context: [2]),
        -direct.logProbability(of: 1, context: [0]),
      ])
  }

  @Test("a mixture has the weighted mean of the probabilities of each token")
  func mixture() throws {
    let text = randomText(lines: 50, seed: 6)
    let neural = try makeModel(text)
    let ngrams = try train(text)
    var model = try InterpolatedModel(neural, ngrams, weight: 0.3)
    let test = randomText(lines: 10, words: 12, seed: 7)
    let pairs = zip(
      neural.tokenLosses(try EvaluationText(test, for: neural)), try ngrams.tokenLosses(test))
    func entropy(_ weight: Double) -> Double {
      let losses = pairs.map { -log(weight * exp(-$1) + (1 - weight) * exp(-$0)) }
      return losses.reduce(0, +) / Double(losses.count)
    }
    let found = try model.evaluate(test)
    #expect(found.neural == (try neural.evaluate(test)))
    #expect(found.ngrams == (try ngrams.evaluate(test)))
    #expect(abs(found.mixture.crossEntropy - entropy(0.3)) < 1e-12)
    #expect(found.mixture.tokens == found.neural.tokens)
    for (weight, evaluation) in [(0.0, found.neural), (1, found.ngrams)] {
      model.weight = weight
      #expect(try model.evaluate(test).mixture == evaluation)
    }

    // The best of all, and better than either alone.
    try model.tune(on: test)
    let least = try model.evaluate(test).mixture.crossEntropy
    for step in 0...100 { #expect(least <= entropy(Double(step) / 100) + 1e-12) }
    #expect(least <= entropy(model.weight + 1e-3) && least <= entropy(model.weight - 1e-3))
    #expect(model.weight > 0.01 && model.weight < 0.99)
  }

  @Test("the best weight of the extremes is at its end, whatever the numbers")
  func weights() {
    #expect(abs(InterpolatedModel.bestWeight([1, 3], [3, 1]) - 0.5) < 1e-9)
    #expect(InterpolatedModel.bestWeight([1, 2], [2, 3]) == 0)
    #expect(InterpolatedModel.bestWeight([2, 3], [1, 2]) == 1)
    #expect(InterpolatedModel.bestWeight([0, 0], [2000, 3000]) == 0)
    #expect(InterpolatedModel.bestWeight([2000, 3000], [0, 0]) == 1)
    // Four tokens that only the net can give, and one that only the n-grams can.
    let (sure, impossible) = (0.0, 1e6)
    #expect(
      abs(
        InterpolatedModel.bestWeight(
          [sure, sure, sure, sure, impossible],
          [impossible, impossible, impossible, impossible, sure])
          - 0.2) < 1e-9)
    #expect(abs(InterpolatedModel.mixed(2000, 2001, weight: 0.5) - 2000) < 1)
    #expect(InterpolatedModel.mixed(.infinity, .infinity, weight: 0.5) == .infinity)
    #expect(abs(InterpolatedModel.mixed(.infinity, 1, weight: 0.5) - 1 - log(2)) < 1e-15)
  }

  @Test("models that do not predict the same tokens make no mixture")
  func refusals() throws {
    let text = "a b\na c\n"
    func refuses(_ part: String, _ neural: LanguageModel, _ ngrams: NGramLanguageModel) {
      let error = #expect(throws: ModelError.self) { try InterpolatedModel(neural, ngrams) }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
    let neural = try makeModel(text)
    refuses("level character", neural, try train(text, .characters))
    refuses("unit sentence", neural, try train(text, .words, .sentence))
    refuses("--vocabulary", neural, try train("a b\na d\n"))
    refuses("(4 tokens)", neural, try train("a b\n"))
    // Counts are no matter: an ARPA file has none.
    let other = try Vocabulary(tokens: neural.vocabulary.tokens, roles: [.unknown, .end])
    _ = try InterpolatedModel(
      neural,
      NGramLanguageModel(order: 2, level: .words, vocabulary: other, training: "b\n"))
  }

  @Test("a vocabulary without the marks of lines or sentences makes no model")
  func marks() throws {
    for (level, unit, tokens) in [
      (.words, .stream, ["<unk>", "a"]), (.words, .sentence, ["<unk>", "</s>"]),
      (.characters, .sentence, ["<s>", "a"]),
    ] as [(Tokenizer, TextUnit, [String])] {
      #expect(throws: ModelError.self) {
        try NGramLanguageModel(
          order: 2, level: level, unit: unit, vocabulary: Vocabulary(tokens: tokens),
          training: "a\n")
      }
    }
  }
}
