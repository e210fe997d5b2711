import Corpora
import Foundation
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Sampling from a distribution")
struct SamplingTests {
  static let logits = [0.5, 0.125, 0.25, 0.125].map { Float(log($0)) }

  /// How often each index is drawn when the source of chance runs evenly through [0, 1).
  private func shares(
    _ sampling: Sampling, logits: [Float] = logits, excluding excluded: [Int32] = []
  ) -> [Double] {
    let draws = 4800
    var counts = [Double](repeating: 0, count: logits.count)
    for draw in 0..<draws {
      let index = logits.withUnsafeBufferPointer {
        sampling.draw(
          from: $0, excluding: excluded, uniform: (Double(draw) + 0.5) / Double(draws))
      }
      counts[Int(index)] += 1
    }
    return counts.map { $0 / Double(draws) }
  }

  private func expect(_ shares: [Double], _ expected: [Double], _ comment: Comment? = nil) {
    for (share, expected) in zip(shares, expected) {
      // One draw at each border.
      #expect(abs(share - expected) < 2.1 / 4800, comment)
    }
  }

  @Test("at temperature 1 the shares are the probabilities")
  func plain() {
    expect(shares(Sampling()), [1.0 / 2, 1.0 / 8, 1.0 / 4, 1.0 / 8])
  }

  @Test("temperature ½ squares the probabilities, 2 takes their roots, 0 takes the likeliest")
  func temperature() {
    // 1/4, 1/64, 1/16, 1/64 of 22/64.
    expect(shares(Sampling(temperature: 0.5)), [16, 1, 4, 1].map { $0 / 22 })
    let roots = [0.5, 0.125, 0.25, 0.125].map { $0.squareRoot() }
    expect(shares(Sampling(temperature: 2)), roots.map { $0 / roots.reduce(0, +) })
    #expect(shares(Sampling(temperature: 0)) == [1, 0, 0, 0])
    #expect(shares(Sampling(temperature: 1e-300)) == [1, 0, 0, 0])
    // Of equals the first.
    #expect(shares(Sampling(temperature: 0), logits: [1, 2, 2]) == [0, 1, 0])
  }

  @Test("top-k keeps the k likeliest in their proportions, of equals the first")
  func topK() {
    #expect(shares(Sampling(topK: 1)) == [1, 0, 0, 0])
    expect(shares(Sampling(topK: 2)), [2.0 / 3, 0, 1.0 / 3, 0])
    let three = shares(Sampling(topK: 3))
    expect(three, [4.0 / 7, 1.0 / 7, 2.0 / 7, 0])
    #expect(three[3] == 0)
    expect(shares(Sampling(topK: 99)), [1.0 / 2, 1.0 / 8, 1.0 / 4, 1.0 / 8])
  }

  @Test("top-p keeps the fewest likeliest that reach p together")
  func topP() {
    #expect(shares(Sampling(topP: 0.01)) == [1, 0, 0, 0])
    #expect(shares(Sampling(topP: 0.49)) == [1, 0, 0, 0])
    expect(shares(Sampling(topP: 0.51)), [2.0 / 3, 0, 1.0 / 3, 0])
    expect(shares(Sampling(topP: 0.74)), [2.0 / 3, 0, 1.0 / 3, 0])
    expect(shares(Sampling(topP: 0.76)), [4.0 / 7, 1.0 / 7, 2.0 / 7, 0])
    expect(shares(Sampling(topP: 1)), [1.0 / 2, 1.0 / 8, 1.0 / 4, 1.0 / 8])
    // The temperature comes first: 16/22 = 0.727 now suffice for 0.7, and not for 0.75.
    #expect(shares(Sampling(temperature: 0.5, topP: 0.7)) == [1, 0, 0, 0])
    expect(shares(Sampling(temperature: 0.5, topP: 0.75)), [0.8, 0, 0.2, 0])
    // Top-k too: of 2/3 and 1/3 the first suffices for 0.6.
    #expect(shares(Sampling(topK: 2, topP: 0.6)) == [1, 0, 0, 0])
  }

  @Test("what is excluded is never drawn, and the others share its part")
  func excluded() {
    expect(shares(Sampling(), excluding: [0]), [0, 1.0 / 4, 1.0 / 2, 1.0 / 4])
    #expect(shares(Sampling(temperature: 0), excluding: [0, 2]) == [0, 1, 0, 0])
    expect(shares(Sampling(topK: 1), excluding: [0]), [0, 0, 1, 0])
  }

  @Test("logits beyond all measure still give an index")
  func extremes() {
    for logits in [[0, .infinity], [-.infinity, -.infinity], [.nan, 1, .nan]] as [[Float]] {
      for sampling in [Sampling(), Sampling(temperature: 0), Sampling(topK: 2, topP: 0.5)] {
        #expect(abs(shares(sampling, logits: logits).reduce(0, +) - 1) < 1e-9)
      }
    }
  }
}

@Suite("Generation")
struct GenerationTests {
  let text = randomText(lines: 60, seed: 7)

  @Test("a key gives one text, another key another")
  func deterministic() throws {
    let model = try makeModel(text)
    let first = try model.generated(60, seed: 5)
    #expect(try model.generated(60, seed: 5) == first)
    #expect(try model.generated(60, seed: 6) != first)
    // What is drawn does not depend on how much is to follow.
    #expect(first.hasPrefix(try model.generated(20, seed: 5)))
  }

  @Test("the same text at 1, 2 and 3 threads")
  func threads() throws {
    // Wide enough for single steps to be split.
    let model = try makeModel(text, hidden: 200)
    let texts = try [1, 2, 3].map { threads in
      try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        try model.generated(prompt: "w1 w2", 12)
      }
    }
    #expect(texts[1] == texts[0] && texts[2] == texts[0])
  }

  @Test("at temperature 0 each token is the likeliest after the prompt and all before it")
  func greedy() throws {
    let model = try makeModel(text, level: .characters, cell: .gru)
    var (expected, state) = ("", model.initialState(batch: 1))
    let prompt = try Tokenizer.characters.encode("w3 w", with: model.vocabulary)
    var read = [try #require(model.vocabulary.id(of: "\n"))] + prompt
    for _ in 0..<30 {
      var logits = Tensor(zeros: [1, 1])
      for token in read { (logits, state) = model.step([token], state) }
      let best = logits.scalars.indices.dropFirst().max { logits[0, $0] < logits[0, $1] }!
      expected += model.vocabulary.token(Int32(best))
      read = [Int32(best)]
    }
    #expect(try model.generated(prompt: "w3 w", 30, Sampling(temperature: 0)) == expected)
  }

  @Test("<unk> and <s> are never drawn, however likely", arguments: TextUnit.allCases)
  func excluded(unit: TextUnit) throws {
    for level in Tokenizer.allCases {
      let model = try makeModel("ab ab\n", level: level, unit: unit)
      var logits = [Float](repeating: 0, count: model.vocabulary.count)
      for id in [model.vocabulary.unknown, model.vocabulary.start] {
        if let id { logits[Int(id)] = 50 }
      }
      model.predictAlways(logits)
      for sampling in [Sampling(), Sampling(temperature: 0), Sampling(topK: 1)] {
        let text = try model.generated(40, sampling)
        #expect(Set(text).isSubset(of: ["a", "b", " ", "\n"]))
        #expect(!text.isEmpty)
      }
    }
  }

  @Test("length tokens are emitted, fewer if the receiver has enough")
  func length() throws {
    let model = try makeModel(text)
    for limit in [0, 1, 3, 10] {
      var emitted = 0
      try model.generate(length: limit, key: RandomKey(seed: 1)) { _ in
        emitted += 1
        return true
      }
      #expect(emitted == limit)
      emitted = 0
      try model.generate(length: 10, key: RandomKey(seed: 1)) { _ in
        emitted += 1
        return emitted < limit
      }
      #expect(emitted == max(1, limit))
    }
  }

  @Test("after </s> a model of sentences begins anew")
  func sentences() throws {
    // Without chance every sentence is the first one again, if it comes to an end. Only models that
    // begin otherwise after `<s>` than after `</s>` can tell.
    var telling = 0
    for seed in 1...60 as ClosedRange<UInt64> {
      let model = try makeModel("a b c\n", unit: .sentence, seed: seed)
      func first(after token: Int32) -> Int {
        let logits = model.step([token], model.initialState(batch: 1)).logits.scalars
        return logits.indices.dropFirst(2).max { logits[$0] < logits[$1] }!
      }
      let lines = try model.generated(12, Sampling(temperature: 0))
        .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      guard lines.count > 1, first(after: 1) != first(after: 2) else { continue }
      telling += 1
      #expect(lines.allSatisfy { $0 == lines[0] }, "\(lines)")
    }
    #expect(telling > 0)
  }

  @Test("of a prompt of several sentences the last is continued", arguments: Tokenizer.allCases)
  func promptOfSentences(level: Tokenizer) throws {
    let model = try makeModel(text, level: level, unit: .sentence)
    for (prompt, last) in [("w1 w2\nw3", "w3"), ("w1 w2\n", ""), ("\n\nw4 w0 w4", "w4 w0 w4")] {
      #expect(try model.generated(prompt: prompt, 20) == model.generated(prompt: last, 20))
    }
    let heeded = try (1...9).contains { seed in
      try model.generated(prompt: "w1", 9, seed: seed)
        != model.generated(prompt: "w2", 9, seed: seed)
    }
    #expect(heeded)
  }

  @Test("words are set off from a prompt that ends with a word, and from nothing else")
  func spaces() throws {
    let model = try makeModel("a\n")
    model.predictAlways([0, 0, 50])
    #expect(try model.generated(prompt: "a", 2) == " a a")
    #expect(try model.generated(prompt: "a ", 2) == "a a")
    #expect(try model.generated(prompt: "a\n", 2) == "a a")
    #expect(try model.generated(2) == "a a")
  }

  @Test("a vocabulary with nothing to draw is an error")
  func nothingToDraw() throws {
    var builder = VocabularyBuilder(tokenizer: .characters)
    builder.add("abc")
    let model = try LanguageModel(
      configuration: .init(level: .characters, embeddingSize: 2, hiddenSize: 2, layers: 1),
      vocabulary: builder.build(minimumCount: 2), key: RandomKey(seed: 1))
    #expect(throws: ModelError.self) { try model.generated(3) }
  }
}
