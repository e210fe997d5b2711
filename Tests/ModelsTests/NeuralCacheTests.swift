import Corpora
import Foundation
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("The neural cache")
struct NeuralCacheTests {
  private static let text = randomText(lines: 150, seed: 2)

  /// The output of the highest layer and the logits after each token, one step at a time, in Double.
  private func steps(
    _ model: LanguageModel, _ ids: [Int32]
  ) -> [(h: [Double], logits: [Double])] {
    var state = model.initialState(batch: 1)
    return ([model.streamStart] + ids.dropLast()).map { token in
      let (logits, next) = model.step([token], state)
      state = next
      let h = next.layers[next.layers.count - 1].output.value.scalars.map(Double.init)
      return (h, logits.scalars.map(Double.init))
    }
  }

  /// p of every token of the vocabulary after the steps before `t`.
  private func probabilities(
    _ steps: [(h: [Double], logits: [Double])], _ ids: [Int32], _ t: Int, _ cache: NeuralCache
  ) -> [Double] {
    let top = steps[t].logits.max() ?? 0
    let shares = steps[t].logits.map { exp($0 - top) }
    let total = shares.reduce(0, +)
    var p = shares.map { $0 / total }
    let range = max(0, t - cache.size)..<t
    guard !range.isEmpty else { return p }
    let likes = range.map { i in
      exp(cache.flatness * zip(steps[t].h, steps[i].h).reduce(0) { $0 + $1.0 * $1.1 })
    }
    let all = likes.reduce(0, +)
    for index in p.indices { p[index] *= 1 - cache.weight }
    for (i, like) in zip(range, likes) { p[Int(ids[i])] += cache.weight * like / all }
    return p
  }

  @Test(
    "perplexity is that of the definition, computed token by token in Double",
    arguments: [
      NeuralCache(size: 40, weight: 0.3, flatness: 2), NeuralCache(size: 1, weight: 0.1),
      NeuralCache(size: 300, weight: 0.2, flatness: 0),
      NeuralCache(size: 10_000, weight: 0.5, flatness: 5),
    ])
  func definition(cache: NeuralCache) throws {
    let model = try makeModel(Self.text, layers: 2)
    let ids = try Tokenizer.words.encode(Self.text, with: model.vocabulary)
    // More than two of the windows that evaluation reads.
    #expect(ids.count > 512)
    let steps = steps(model, ids)
    var total = 0.0
    for t in ids.indices {
      let p = probabilities(steps, ids, t, cache)
      #expect(abs(p.reduce(0, +) - 1) < 1e-12)
      total -= log(p[Int(ids[t])])
    }
    let found = try model.evaluate(EvaluationText(Self.text, for: model), cache: cache)
    #expect(found.tokens == ids.count)
    #expect(abs(found.crossEntropy - total / Double(ids.count)) < 2e-6)
  }

  @Test("a cache of no weight changes nothing, and a text that repeats itself gains")
  func gains() throws {
    let text = String(repeating: "a b c d e f g h\n", count: 40)
    let model = try makeModel(text + Self.text)
    let evaluated = try EvaluationText(text, for: model)
    let plain = model.evaluate(evaluated).crossEntropy
    let none = try model.evaluate(evaluated, cache: NeuralCache(weight: 0)).crossEntropy
    #expect(abs(none - plain) < 1e-7)
    #expect(try model.evaluate(evaluated, cache: NeuralCache(weight: 0.3)).crossEntropy < plain)
  }

  @Test("several caches at once find what each finds alone, on any number of threads")
  func grid() throws {
    let model = try makeModel(Self.text)
    let text = try EvaluationText(Self.text, for: model)
    let caches = Array(NeuralCache.grid(size: 50).prefix(8))
    let together = try model.evaluate(text, caches: caches)
    for (cache, found) in zip(caches, together) {
      #expect(try model.evaluate(text, cache: cache) == found)
    }
    let alone = try ThreadTeam.$current.withValue(.solo) {
      try model.evaluate(text, caches: caches)
    }
    #expect(alone == together)
  }

  @Test("a model of sentences is refused")
  func sentences() throws {
    let model = try makeModel(Self.text, unit: .sentence)
    let text = try EvaluationText(Self.text, for: model)
    #expect(throws: ModelError.self) { try model.evaluate(text, cache: NeuralCache()) }
  }
}
