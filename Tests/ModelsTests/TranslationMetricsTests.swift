import Testing

@testable import Models

@Suite("Translations against references")
struct TranslationMetricsTests {
  private let hypotheses = [
    "the cat sat on the mat", "there is a dog", "", "no", "a b c d e f", "ça va ?",
  ]
  private let references = [
    ["the cat is on the mat", "a cat sat on the mat"], ["there is a dog"], ["something"],
    ["yes", "no, thanks"], ["a b c x e f"], ["ça va\u{202F}?", "tout va bien ?", "oui"],
  ]

  @Test("precisions, brevity penalty and score, by hand")
  func byHand() {
    // Papineni et al. (2002): "the" counts twice, as often as the reference with most of it has it.
    let clipped = BLEU().statistics(
      of: "the the the the the the the",
      references: ["the cat is on the mat", "there is a cat on the mat"])
    #expect(clipped.matches == [2, 0, 0, 0] && clipped.totals == [7, 6, 5, 4])
    #expect(clipped.hypothesisLength == 7 && clipped.referenceLength == 7)

    let score = BLEU(maximumOrder: 2).score(of: ["a b c"], references: [["a b x d"]])
    #expect(abs(score.precisions[0] - 200.0 / 3) < 1e-12 && score.precisions[1] == 50)
    #expect(abs(score.brevityPenalty - 0.716531310573789) < 1e-12)
    #expect(abs(score.score - 100 * 0.716531310573789 / 3.0.squareRoot()) < 1e-10)
  }

  @Test("of two references equally close in length the shorter counts")
  func closestLength() {
    let bleu = BLEU()
    let references = ["a b c d e f", "a b", "a b c d e f g h"]
    #expect(bleu.statistics(of: "a b c d", references: references).referenceLength == 2)
    #expect(bleu.statistics(of: "a b c d e", references: references).referenceLength == 6)
  }

  @Test("a text that equals a reference has 100", arguments: BLEUTokenization.allCases)
  func identical(_ tokenization: BLEUTokenization) {
    let sentences = ["It's 3.5 % — a “fine”, well-known thing.", "今日は、いい天気 で すね。"]
    let references = sentences.map { ["something else", $0, ""] }
    let bleu = BLEU(tokenization: tokenization)
    #expect(abs(bleu.score(of: sentences, references: references).score - 100) < 1e-10)
    for chrF in [ChrF(), .plusPlus] {
      #expect(abs(chrF.score(of: sentences, references: references) - 100) < 1e-10)
    }
  }

  @Test("the order of the references does not matter to BLEU")
  func referenceOrder() {
    let reversed = references.map { Array($0.reversed()) }
    for (hypothesis, (a, b)) in zip(hypotheses, zip(references, reversed)) {
      #expect(
        BLEU().statistics(of: hypothesis, references: a)
          == BLEU().statistics(of: hypothesis, references: b))
    }
  }

  @Test("the sum of sentences' statistics is the text's")
  func sums() {
    let bleu = BLEU()
    let statistics = zip(hypotheses, references).map(bleu.statistics)
    let whole = bleu.total(of: statistics)
    #expect(statistics.dropFirst().reduce(statistics[0], +) == whole)
    #expect(bleu.score(of: whole) == bleu.score(of: hypotheses, references: references))
    #expect(whole.hypothesisLength == 6 + 4 + 0 + 1 + 6 + 3)
    #expect(whole.totals == [20, 15, 11, 7])
    #expect(bleu.total(of: []) == BLEUStatistics(counts: Array(repeating: 0, count: 10)))

    let chrF = ChrF.plusPlus
    let all = chrF.total(of: zip(hypotheses, references).map(chrF.statistics))
    #expect(all.orders == 8)
    #expect(chrF.value(of: all) == chrF.score(of: hypotheses, references: references))
  }

  @Test("BLEU-1 to BLEU-4 come from the same counts")
  func eachOrder() {
    let whole = BLEU().total(of: zip(hypotheses, references).map(BLEU().statistics))
    for order in 1...4 {
      #expect(
        BLEU().score(of: whole.upTo(order: order))
          == BLEU(maximumOrder: order).score(of: hypotheses, references: references))
    }
  }

  @Test("letters composed differently are different letters, as for the published scripts")
  func composition() {
    let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
    #expect(composed == decomposed)
    #expect(BLEU().statistics(of: composed, references: [decomposed]).matches[0] == 0)
    #expect(ChrF().statistics(of: composed, references: [decomposed]).matches(0) == 3)
  }

  @Test("chrF, by hand")
  func chrFByHand() {
    // Of "abc" and "abd": 2 of 3 characters, 1 of 2 pairs, 0 of 1 triples, so P = R = 7/18.
    let chrF = ChrF()
    #expect(abs(chrF.score(ofSentence: "ab c", references: ["a bd"]) - 100 * 7.0 / 18) < 1e-12)
    // Of two references that are equally good the first counts.
    for references in [["xyz", "uvwxyz"], ["uvwxyz", "xyz"]] {
      let statistics = chrF.statistics(of: "abc", references: references)
      #expect(statistics.referenceTotal(0) == references[0].count)
    }
    // Of "abcd" and "ab" with β = 1: P = (2/4 + 1/3) / 2, R = 1.
    let one = ChrF(beta: 1)
    let precision = (0.5 + 1.0 / 3) / 2
    let expected = 100 * 2 * precision / (precision + 1)
    #expect(abs(one.score(ofSentence: "abcd", references: ["ab"]) - expected) < 1e-12)
  }
}
