import Corpora
import Foundation
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Evaluation and scores")
struct EvaluationTests {
  /// Losses are Float, sums Double: six digits hold with a margin.
  static let tolerance = 1e-6

  @Test("a model without memory has the probabilities of its output, token by token")
  func byHand() throws {
    // <unk> </s> a b
    let model = try makeModel("a a b\n")
    #expect(model.vocabulary.tokens == ["<unk>", "</s>", "a", "b"])
    let p = [0.125, 0.25, 0.5, 0.125]
    model.predictAlways(p.map { Float(log($0)) })
    // a b </s> </s> b <unk> </s>: the empty line and the last one, which lacks its line feed, end too.
    let result = try model.evaluate("a b\n\nb zzz")
    let bits = 1.0 + 3 + 2 + 2 + 3 + 3 + 2
    #expect(result.tokens == 7)
    #expect(result.unknownTokens == 1)
    #expect(abs(result.crossEntropy - bits * log(2) / 7) < Self.tolerance)
    #expect(abs(result.perplexity - pow(2, bits / 7)) < 1e-5)
    #expect(result.bitsPerCharacter == nil)

    let score = try model.score(line: "a zzz")
    #expect(score.tokens.map(\.token) == ["a", "<unk>", "</s>"])
    for (token, bits) in zip(score.tokens, [1.0, 3, 2]) {
      #expect(abs(token.logProbability + bits * log(2)) < Self.tolerance)
    }
    #expect(abs(score.logProbability + 6 * log(2)) < Self.tolerance)
  }

  @Test("characters are counted with their line feeds, and in bits")
  func characters() throws {
    // <unk> a \n
    let model = try makeModel("aaa\n", level: .characters)
    #expect(model.vocabulary.tokens == ["<unk>", "a", "\n"])
    model.predictAlways([0.25, 0.5, 0.25].map { Float(log($0)) })
    let result = try model.evaluate("aa\n\u{1F600}a")
    #expect(result.tokens == 5)
    #expect(result.unknownTokens == 1)
    #expect(abs(result.bitsPerCharacter! - (1 + 1 + 2 + 2 + 1) / 5) < Self.tolerance)
    #expect(abs(result.crossEntropy - 7.0 / 5 * log(2)) < Self.tolerance)
    #expect(try model.score(line: "aa").tokens.map(\.token) == ["a", "a", "\n"])
  }

  @Test(
    "a stream is predicted from its first token to its last, the state carried all the way",
    arguments: Tokenizer.allCases)
  func stream(level: Tokenizer) throws {
    // More than two of the windows that evaluation reads.
    let text = randomText(lines: level == .words ? 150 : 80, seed: 2)
    let model = try makeModel(text, level: level, layers: 2)
    let ids = try level.encode(text, with: model.vocabulary)
    #expect(ids.count > 512)
    let start = try #require(level.streamStart(model.vocabulary))
    let expected = model.logProbabilitiesStepByStep(ids, after: start).reduce(0, +)
    let result = try model.evaluate(text)
    #expect(result.tokens == ids.count)
    #expect(abs(result.crossEntropy + expected / Double(ids.count)) < Self.tolerance)

    for window in [1, 7, 100, 10_000] {
      var (state, total) = (nil as LanguageModel.State?, 0.0)
      for window in try StreamBatches(evaluating: ids, start: start, window: window) {
        let (_, losses, last) = model.loss(
          window.inputs, targets: window.targets, steps: window.length, from: state, scale: 0,
          mode: .prediction)
        total += sum(losses)
        state = last
      }
      let mean = total / Double(ids.count)
      #expect(abs(result.crossEntropy - mean) < Self.tolerance, "windows of \(window)")
    }
  }

  @Test("a text of one token is predicted from the start alone")
  func oneToken() throws {
    let model = try makeModel("a b\n")
    let expected = model.logProbabilitiesStepByStep([1], after: 1)[0]
    let result = try model.evaluate("\n")
    #expect(result.tokens == 1)
    #expect(abs(result.crossEntropy + expected) < Self.tolerance)
  }

  @Test("sentences are read one by one, each from <s> to </s>", arguments: Tokenizer.allCases)
  func sentences(level: Tokenizer) throws {
    // More lines than one batch of evaluation holds, of all lengths.
    let text = randomText(lines: 40, seed: 3)
    let model = try makeModel(text, level: level, unit: .sentence)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    let (start, end) = model.sentenceMarks
    var (expected, scored, tokens) = (0.0, 0.0, 0)
    for line in lines {
      let ids = try level.encode(String(line), with: model.vocabulary, closingLastLine: false)
      let byStep = model.logProbabilitiesStepByStep(ids + [end], after: start)
      expected += byStep.reduce(0, +)
      tokens += byStep.count
      let score = try model.score(line: String(line))
      #expect(score.tokens.count == byStep.count)
      for (token, logProbability) in zip(score.tokens, byStep) {
        #expect(abs(token.logProbability - logProbability) < 1e-5)
      }
      #expect(score.tokens.last?.token == "</s>")
      scored += score.logProbability
    }
    let result = try model.evaluate(text)
    #expect(result.tokens == tokens)
    #expect(abs(result.crossEntropy + expected / Double(tokens)) < Self.tolerance)
    #expect(abs(result.crossEntropy + scored / Double(tokens)) < Self.tolerance)
  }

  @Test("the score of a line is its evaluation as a stream by itself")
  func scoreOfStream() throws {
    let model = try makeModel("a b c\n", cell: .gru)
    for line in ["a", "", "c b zz a"] {
      let score = try model.score(line: line)
      let result = try model.evaluate(line + "\n")
      #expect(score.tokens.count == result.tokens)
      let mean = -score.logProbability / Double(result.tokens)
      #expect(abs(result.crossEntropy - mean) < Self.tolerance)
      #expect(score.logProbability == score.tokens.reduce(0) { $0 + $1.logProbability })
    }
  }

  @Test(
    "a sequence's losses are those of its steps", arguments: CellKind.allCases, [false, true])
  func stepIsLoss(cell: CellKind, tied: Bool) throws {
    let model = try makeModel(
      randomText(lines: 20), cell: cell, embedding: 5, hidden: 5, layers: 2, tied: tied)
    let (steps, batch) = (20, 3)
    var random = Random(state: 4)
    let tokens = (0..<(steps + 1) * batch).map { _ in Int32(random.below(model.vocabulary.count)) }
    let (_, losses, _) = model.loss(
      Array(tokens[..<(steps * batch)]), targets: Array(tokens[batch...]), steps: steps, from: nil,
      scale: 1, mode: .prediction)
    var state = model.initialState(batch: batch)
    for step in 0..<steps {
      let logits: Tensor
      (logits, state) = model.step(Array(tokens[step * batch..<(step + 1) * batch]), state)
      #expect(logits.shape == [batch, model.vocabulary.count])
      for row in 0..<batch {
        let scalars = (0..<model.vocabulary.count).map { logits[row, $0] }
        let expected = -logSoftmax(scalars)[Int(tokens[(step + 1) * batch + row])]
        // The rectifier's states grow, and Float's grain with them.
        let loss = Double(losses[step * batch + row])
        #expect(abs(loss - expected) < 2e-6 * max(1, expected))
      }
    }
  }

  @Test("a token outside a vocabulary without <unk> is an error with its line")
  func noUnknown() throws {
    let vocabulary = try Vocabulary(tokens: ["a", "\n"])
    let model = try LanguageModel(
      configuration: .init(level: .characters, embeddingSize: 2, hiddenSize: 2, layers: 1),
      vocabulary: vocabulary, key: RandomKey(seed: 1))
    #expect(throws: CorpusError.unknownToken(token: "x", line: 2)) {
      try model.evaluate("aa\nax\n")
    }
    #expect(throws: CorpusError.unknownToken(token: "x", line: 1)) { try model.score(line: "x") }
    #expect(throws: CorpusError.self) { try model.evaluate("") }
  }

  @Test("a vocabulary without the marks of lines or sentences makes no model")
  func missingMarks() throws {
    func make(_ level: Tokenizer, _ unit: TextUnit, _ tokens: [String]) throws -> LanguageModel {
      try LanguageModel(
        configuration: .init(level: level, unit: unit, embeddingSize: 1, hiddenSize: 1, layers: 1),
        vocabulary: Vocabulary(tokens: tokens), key: RandomKey(seed: 1))
    }
    #expect(throws: ModelError.self) { try make(.words, .stream, ["<unk>", "a"]) }
    #expect(throws: ModelError.self) { try make(.words, .sentence, ["<unk>", "</s>"]) }
    #expect(throws: ModelError.self) { try make(.characters, .sentence, ["<unk>", "<s>"]) }
    _ = try make(.words, .stream, ["</s>"])
    _ = try make(.characters, .sentence, ["<s>", "</s>"])
  }
}
