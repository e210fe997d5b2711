import Corpora
import Foundation
import Testing

@testable import Models

@Suite("Modified Kneser-Ney")
struct KneserNeyTests {
  /// Sentences of tokens 0 ..< 7, some of them frequent; 7 is their end and 8 stands before them.
  static func sentences(_ count: Int, seed: UInt64) -> [[Int32]] {
    var random = Random(state: seed)
    return (0..<count).map { _ in
      (0..<random.below(7)).map { _ in Int32(min(random.below(7), random.below(7))) } + [7]
    }
  }

  /// Contexts known and unknown, whole and cut.
  static func contexts(_ sentences: [[Int32]], _ order: Int, seed: UInt64) -> [[Int32]] {
    var random = Random(state: seed)
    let all = [8] + sentences.joined()
    let known = (0..<40).map { _ in
      let end = 1 + random.below(all.count)
      return Array(all[max(0, end - 1 - random.below(order + 1))..<end])
    }
    let others = (0..<20).map { _ in
      (0..<random.below(order + 2)).map { _ in Int32(random.below(9)) }
    }
    return [[], [8], [7], [8, 6]] + known + others
  }

  @Test(
    "every probability is that of the defining equations, and in every context they add up to 1",
    arguments: 1...5, 0..<3)
  func equations(order: Int, kind: Int) {
    let start = [NGramModel.Start.nothing, .token(7), .mark(8)][kind]
    for (count, seed) in [(0, 1), (1, 2), (4, 3), (60, 4)] as [(Int, UInt64)] {
      let sentences = Self.sentences(count, seed: seed)
      let model = NGramModel(
        order: order, vocabularySize: 9, sequences: sentences, start: start)
      let naive = NaiveKneserNey(order: order, vocabularySize: 9, sentences, start)
      for context in Self.contexts(sentences, order, seed: seed) {
        var sum = 0.0
        for token in 0..<Int32(9) {
          let found = exp(model.logProbability(of: token, context: context))
          let expected = naive.probability(token, after: Array(context.suffix(order - 1)))
          #expect(
            abs(found - expected) <= 1e-12 * expected,
            "\(token) after \(context) of \(count) sentences: \(found), expected \(expected)")
          sum += found
        }
        #expect(abs(sum - 1) < 1e-12, "after \(context)")
      }
    }
  }

  @Test("three sentences, by hand")
  func byHand() {
    // <s> a b </s>, <s> a c </s>, <s> a b </s> with a 0, b 1, c 2, <unk> 3, </s> 4, <s> 5; order 3.
    //
    // Trigrams occur: <s>ab ×2, <s>ac, ab</s> ×2, ac</s>. n₁ = 2, n₂ = 2, Y = 2/6 = 1/3:
    //   D₁ = 1 - 2·(1/3)·(2/2) = 1/3, D₂ = 2 - 3·(1/3)·0 = 2.
    // Bigrams: <s>a begins with <s> and so counts its 3 occurrences; before ab and ac stands <s>
    // alone, before b</s> and c</s> a alone: 1 each. n₁ = 4, n₂ = 0, n₃ = 1, Y = 1:
    //   D₁ = 1 - 2·1·0 = 1, D₃ = 3 - 4·1·0/1 = 3.
    // Unigrams: before a stands <s>, before b and c stands a: 1 each; before </s> stand b and c: 2.
    //   n₁ = 3, n₂ = 1, Y = 3/5: D₁ = 1 - 2·(3/5)·(1/3) = 3/5, D₂ = 2. γ = (3·3/5 + 2)/5 = 19/25.
    // Uniform over the five that are predicted: 1/5.
    let model = NGramModel(
      order: 3, vocabularySize: 6, sequences: [[0, 1, 4], [0, 2, 4], [0, 1, 4]], start: .mark(5))
    let share = 19.0 / 125
    let unigrams = [2.0 / 25 + share, 2.0 / 25 + share, 2.0 / 25 + share, share, share, 0]
    // All that a bigram has is taken off: P(b | a) is γ(a) · P(b) with γ(a) = (1 + 1)/2 = 1.
    // P(b | <s> a) = (2 - 2)/3 + γ·P(b | a), γ = (1/3 + 2)/3 = 7/9;
    // P(c | <s> a) = (1 - 1/3)/3 + γ·P(c | a).
    let afterStartAndA = unigrams.enumerated().map { token, unigram in
      (token == 2 ? 2.0 / 9 : 0) + 7.0 / 9 * unigram
    }
    // P(</s> | a b) = (2 - 2)/2 + (2/2) · P(</s> | b), and that is (1 - 1)/1 + (1/1) · P(</s>).
    for token in 0..<Int32(6) {
      func found(_ context: Int32...) -> Double {
        exp(model.logProbability(of: token, context: context))
      }
      #expect(abs(found(5, 0) - afterStartAndA[Int(token)]) < 1e-15)
      #expect(abs(found(0, 1) - unigrams[Int(token)]) < 1e-15)
      #expect(abs(found() - unigrams[Int(token)]) < 1e-15)
      #expect(abs(found(5) - unigrams[Int(token)]) < 1e-15)
    }
    #expect(model.ngramCounts == [6, 5, 4])
  }

  @Test("discounts are Chen and Goodman's where counts of counts permit, else KenLM's")
  func discounts() {
    func discounts(_ numbers: Int...) -> [Double] {
      KneserNeyDiscounts(
        numbers.enumerated().flatMap { [Int32](repeating: Int32($0 + 1), count: $1) } + [0, 0, 9]
      ).values
    }
    // Y = 10/(10 + 2·4) = 5/9
    let found = discounts(10, 4, 3, 1)
    let expected = [1 - 10.0 / 9 * 4 / 10, 2 - 15.0 / 9 * 3 / 4, 3 - 20.0 / 9 * 1 / 3]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-15 })
    // Nothing counts 1; nothing counts 2; nothing counts 3; nothing at all.
    #expect(discounts(0, 4, 3, 1) == [0.5, 1, 1.5])
    #expect(discounts(10, 0, 3, 3) == [1, 1, 1.5])
    #expect(discounts(10, 4, 0, 1)[2] == 1.5)
    #expect(discounts(0, 0, 0, 0) == [0.5, 1, 1.5])
    // D₂ = 2 - 3·Y·9/1 < 0.
    #expect(discounts(9, 1, 9, 0)[1] == 1)
  }

  @Test("the numbers are those of KenLM's lmplz 0.3.0 for the same sentences")
  func kenLM() throws {
    let text = randomText(lines: 60, words: 20, seed: 6)
    var builder = VocabularyBuilder(tokenizer: .words, unit: .sentence)
    builder.add(text)
    let model = try NGramLanguageModel(
      order: 3, level: .words, unit: .sentence, vocabulary: builder.build(), training: text)
    #expect(model.ngrams.ngramCounts == [23, 146, 205])
    let golden = [
      ("<unk>", -1.8800931), ("w6", -1.2303138), ("w2", -1.1002353), ("w18", -1.6983395),
      ("<s> </s>", -0.7947956), ("w1 w6", -1.1217947), ("<s> w14", -1.7763783),
      ("w16 w3", -0.84971124), ("<s> w6 </s>", -0.5916511), ("w8 w4 </s>", -0.56367683),
      ("w2 w8 w2", -0.83345807), ("<s> w5 w4", -1.0573622),
    ]
    for (ngram, expected) in golden {
      let ids = try ngram.split(separator: " ").map {
        try #require(model.vocabulary.id(of: String($0)))
      }
      let found = model.ngrams.logProbability(of: ids[ids.count - 1], context: ids.dropLast())
      // KenLM computes and prints Floats.
      #expect(abs(found / log(10) - expected) < 1e-6, "\(ngram)")
    }
  }

  @Test("sentences do not run into one another")
  func separate() {
    let model = NGramModel(
      order: 3, vocabularySize: 5, sequences: [[0, 1], [2, 3], []], start: .mark(4))
    // <s>0, 01, <s>2, 23 and <s>01, <s>23: never 12, nor 1 after <s>.
    #expect(model.ngramCounts == [5, 4, 2])
  }
}

/// Modified Kneser-Ney from its equations: every count is counted anew from the text.
private struct NaiveKneserNey {
  private let sequences: [[Int32]]
  private let order: Int
  private let vocabulary: [Int32]
  private let mark: Int32?
  private var counts: [[Int32]: Int] = [:]
  /// D₁, D₂ and D₃ by length.
  private var discounts: [Int: [Double]] = [:]

  init(
    order: Int, vocabularySize: Int, _ sentences: [[Int32]], _ start: NGramModel.Start
  ) {
    self.order = order
    let first: [Int32]
    switch start {
    case .nothing: (first, mark) = ([], nil)
    case .token(let id): (first, mark) = ([id], nil)
    case .mark(let id): (first, mark) = ([id], id)
    }
    vocabulary = (0..<Int32(vocabularySize)).filter { [mark] in $0 != mark }
    sequences = sentences.map { first + $0 }
    for length in 1...order {
      // (n-gram, the token before it or -1, occurrences)
      var before: [[Int32]: [Int32: Int]] = [:]
      for sequence in sequences where sequence.count >= length {
        for place in 0...(sequence.count - length) {
          // What stands before the sequence is context, and nothing that occurs.
          if length == 1, place < first.count { continue }
          let ngram = Array(sequence[place..<place + length])
          before[ngram, default: [:]][place > 0 ? sequence[place - 1] : -1, default: 0] += 1
        }
      }
      for (ngram, tokens) in before {
        let isWhole = length == order || ngram[0] == mark
        counts[ngram] =
          isWhole ? tokens.values.reduce(0, +) : tokens.keys.count { $0 >= 0 }
      }
    }
    for length in 1...order { discounts[length] = estimates(length) }
  }

  private func estimates(_ length: Int) -> [Double] {
    func number(_ value: Int) -> Double {
      Double(counts.count { $0.key.count == length && $0.value == value })
    }
    return (1...3).map { index in
      guard number(1) > 0, number(index) > 0 else { return [0.5, 1, 1.5][index - 1] }
      let share = number(1) / (number(1) + 2 * number(2))
      let value = Double(index) - Double(index + 1) * share * number(index + 1) / number(index)
      return value > 0 ? value : [0.5, 1, 1.5][index - 1]
    }
  }

  private func discount(_ count: Int, length: Int) -> Double {
    discounts[length]![min(3, count) - 1]
  }

  func probability(_ token: Int32, after context: [Int32]) -> Double {
    let followers = vocabulary.compactMap { counts[context + [$0]] }.filter { $0 > 0 }
    let total = Double(followers.reduce(0, +))
    let lower =
      context.isEmpty
      ? (token == mark ? 0 : 1 / Double(vocabulary.count))
      : probability(token, after: Array(context.dropFirst()))
    guard total > 0 else { return lower }
    let length = context.count + 1
    let taken = followers.reduce(0) { $0 + discount($1, length: length) }
    let count = token == mark ? 0 : counts[context + [token]] ?? 0
    let kept = count > 0 ? Double(count) - discount(count, length: length) : 0
    return kept / total + taken / total * lower
  }
}
