import Foundation
import Testing

@testable import Models

@Suite("n-gram baselines")
struct NGramModelTests {
  private func randomText(_ count: Int, vocabulary: Int, seed: UInt64 = 1) -> [Int32] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // The smaller of two draws, so that some tokens are frequent and some rare.
      let first = Int32((state >> 33) % UInt64(vocabulary))
      let second = Int32((state >> 48) % UInt64(vocabulary))
      return min(first, second)
    }
  }

  @Test("a unigram of four tokens, by hand")
  func unigram() {
    // 0 ×2, 1, 2, and 3 never. So n₁ = 2, n₂ = 1, Y = 1/2:
    //   D₁ = 1 - 2·(1/2)·(1/2) = 1/2,  D₂ = 2 - 3·(1/2)·0 = 2,  γ = (1/2 + 1/2 + 2)/4 = 3/4.
    let model = NGramModel(order: 1, vocabularySize: 4, training: [0, 0, 1, 2])
    let expected = [0.0, 0.5, 0.5, 0].map { log($0 / 4 + 0.75 / 4) }
    for token in 0..<4 {
      #expect(
        abs(model.logProbability(of: Int32(token), context: [1, 1]) - expected[token]) < 1e-15)
    }
    #expect(
      abs(model.crossEntropy(of: [0, 3]) + (expected[0] + expected[3]) / 2) < 1e-15)
    #expect(model.ngramCounts == [4])
  }

  @Test("a bigram of seven tokens, by hand")
  func bigram() {
    // 0 1 0 1 0 2 0: bigrams 01 ×2, 10 ×2, 02, 20. So n₁ = 2, n₂ = 2, Y = 1/3:
    //   D₁ = 1 - 2·(1/3)·(2/2) = 1/3,  D₂ = 2 - 3·(1/3)·0 = 2.
    // Tokens in front: of 0 two (1 and 2), of 1 one, of 2 one. So n₁ = 2, n₂ = 1, Y = 1/2:
    //   D₁ = 1 - 2·(1/2)·(1/2) = 1/2,  D₂ = 2, γ = (1/2 + 1/2 + 2)/4 = 3/4; uniform 1/4.
    let model = NGramModel(order: 2, vocabularySize: 4, training: [0, 1, 0, 1, 0, 2, 0])
    let lower = [0.0, 0.5, 0.5, 0].map { $0 / 4 + 0.75 / 4 }
    // After 0: 1 twice, 2 once; γ = (2 + 1/3)/3.
    let backoff = (2 + 1.0 / 3) / 3
    let expected = [0, 0, (1 - 1.0 / 3) / 3, 0].enumerated().map { $1 + backoff * lower[$0] }
    for token in 0..<4 {
      let found = exp(model.logProbability(of: Int32(token), context: [2, 0]))
      #expect(abs(found - expected[token]) < 1e-15)
      // 3 never occurs, so it says nothing as a context.
      let unseen = exp(model.logProbability(of: Int32(token), context: [3]))
      #expect(abs(unseen - lower[token]) < 1e-15)
    }
  }

  @Test("probabilities add up to 1 in every context", arguments: 1...5)
  func normalised(order: Int) {
    let vocabulary = 7
    for length in [0, 1, 2, 3, 60, 900] {
      let model = NGramModel(
        order: order, vocabularySize: vocabulary,
        training: randomText(length, vocabulary: vocabulary - 1))
      let contexts: [[Int32]] =
        [[], [6], [6, 6, 0]]
        + (0..<7).flatMap { first in (0..<7).map { [first, $0] } }
        + (0..<40).map { randomText(4, vocabulary: 6, seed: $0) }
      for context in contexts {
        let sum = (0..<Int32(vocabulary)).reduce(0.0) {
          $0 + exp(model.logProbability(of: $1, context: context))
        }
        #expect(abs(sum - 1) < 1e-12, "\(length) tokens, context \(context)")
        #expect(model.logProbability(of: 6, context: context).isFinite)
      }
    }
  }

  @Test("the cross-entropy of a text is the mean over its tokens, each with those before it")
  func crossEntropy() {
    let training = randomText(400, vocabulary: 9)
    let text = randomText(50, vocabulary: 10, seed: 5)
    for order in 1...4 {
      let model = NGramModel(order: order, vocabularySize: 10, training: training)
      for history in [[], [3], [1, 2, 3, 4, 5]] as [[Int32]] {
        var sum = 0.0
        for index in text.indices {
          sum += model.logProbability(of: text[index], context: history + text[..<index])
        }
        #expect(abs(model.crossEntropy(of: text, history: history) + sum / 50) < 1e-12)
      }
    }
  }

  @Test("a text with a rule of order three is predicted better the more tokens are looked at")
  func ordersHelp() {
    // Each token is the sum of the two before it modulo 5, but for every seventh, which is another.
    var text: [Int32] = [1, 2]
    while text.count < 4000 {
      let next = (text[text.count - 1] + text[text.count - 2]) % 5
      text.append(text.count % 7 == 0 ? Int32(text.count * 31 / 7 % 5) : next)
    }
    let (training, test) = (Array(text[..<3000]), Array(text[3000...]))
    let entropies = (1...3).map {
      NGramModel(order: $0, vocabularySize: 5, training: training).crossEntropy(of: test)
    }
    #expect(abs(entropies[0] - log(5)) < 0.05)
    // One token in seven is a surprise of about ln 5, and costs the other six a little.
    #expect(entropies[2] < 0.8 && entropies[2] < entropies[1] - 0.5)
  }
}
