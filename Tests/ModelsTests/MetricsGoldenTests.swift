import Testing

@testable import Models

@Suite("sacreBLEU gives the same")
struct MetricsGoldenTests {
  private let golden: MetricsGolden

  init() throws { golden = try MetricsGolden.read() }

  private func isClose(_ a: Double, _ b: Double) -> Bool {
    (a - b).magnitude < MetricsGolden.tolerance
  }

  @Test("tokens", arguments: [BLEUTokenization.mteval13a, .international])
  func tokens(_ tokenization: BLEUTokenization) throws {
    let expected = try #require(golden.tokens[tokenization.rawValue])
    let texts = golden.sentences.flatMap { [$0.hypothesis] + $0.references }
    #expect(texts.count == expected.count)
    for (text, expected) in zip(texts, expected) {
      // Scalar by scalar: strings are equal too if they are composed differently.
      let tokens = tokenization.tokens(of: text)
      #expect(tokens.map { Array($0.unicodeScalars) } == expected.map { Array($0.unicodeScalars) })
    }
  }

  @Test("BLEU of texts and of sentences, for all settings")
  func bleu() throws {
    #expect(golden.bleu.count > 30 && golden.sentences.count > 40)
    for expected in golden.bleu { try compare(try BLEU(expected.settings), expected) }
  }

  private func compare(_ bleu: BLEU, _ expected: MetricsGolden.BLEUCase) throws {
    for (name, corpus) in golden.corpora {
      let (hypotheses, references) = golden.texts(corpus)
      let score = bleu.score(of: hypotheses, references: references)
      let expected = try #require(expected.corpora[name])
      #expect(isClose(score.score, expected.score), "\(name), \(expected.signature)")
      #expect(isClose(score.brevityPenalty, expected.bp), "\(name), \(expected.signature)")
      #expect(isClose(score.ratio, expected.ratio), "\(name), \(expected.signature)")
      #expect(score.precisions.count == expected.precisions.count)
      #expect(
        zip(score.precisions, expected.precisions).allSatisfy(isClose),
        "\(name), \(expected.signature)")
      #expect(score.description == expected.text)
      #expect(bleu.signature(references: references) == expected.signature)
    }
    for (sentence, expected) in zip(golden.sentences, expected.sentences) {
      let score = bleu.score(ofSentence: sentence.hypothesis, references: sentence.references)
      #expect(isClose(score.score, expected), "\(sentence.hypothesis)")
    }
  }

  @Test("chrF of texts and of sentences, for all settings")
  func chrF() throws {
    #expect(golden.chrf.count > 5)
    for expected in golden.chrf { try compare(ChrF(expected.settings), expected) }
  }

  private func compare(_ chrF: ChrF, _ expected: MetricsGolden.ChrFCase) throws {
    for (name, corpus) in golden.corpora {
      let (hypotheses, references) = golden.texts(corpus)
      let expected = try #require(expected.corpora[name])
      let score = chrF.score(of: hypotheses, references: references)
      #expect(isClose(score, expected.score), "\(name), \(expected.signature)")
      #expect(chrF.name == expected.name)
      #expect(chrF.signature(references: references) == expected.signature)
    }
    for (sentence, expected) in zip(golden.sentences, expected.sentences) {
      let score = chrF.score(ofSentence: sentence.hypothesis, references: sentence.references)
      #expect(isClose(score, expected), "\(sentence.hypothesis)")
    }
  }

  @Test("the paired bootstrap on the same draws")
  func bootstrap() throws {
    try compare("bleu", BLEU()) { BLEU().statistics(of: $0, references: $1) }
    try compare("chrf", ChrF.plusPlus) { ChrF.plusPlus.statistics(of: $0, references: $1) }
  }

  private func compare<Metric: CorpusMetric>(
    _ name: String, _ metric: Metric, _ statistics: (String, [String]) -> Metric.Statistic
  ) throws {
    let expected = try #require(golden.bootstrap[name])
    let (hypotheses, references) = golden.texts(try #require(golden.corpora["all"]))
    var generator = Replay(expected.draws.joined(), of: hypotheses.count)
    let comparison = Bootstrap(resamples: expected.draws.count).compare(
      zip(hypotheses, references).map(statistics),
      with: zip(expected.second, references).map(statistics), by: metric, using: &generator)
    let systems = zip(
      [comparison.first, comparison.second], zip(expected.scores, expected.estimates))
    for (estimate, (score, expected)) in systems {
      #expect(isClose(estimate.score, score))
      #expect(isClose(estimate.mean, expected.mean))
      #expect(isClose(estimate.halfWidth, expected.ci))
    }
    #expect(isClose(comparison.pValue, expected.p))
  }
}

/// Random numbers that draw the given ones of `bound`.
private struct Replay: RandomNumberGenerator {
  private var draws: [UInt64]

  init(_ draws: some Sequence<Int>, of bound: Int) {
    // Each draw has a stretch of the numbers; its middle is far from what is rejected.
    self.draws = draws.map { UInt64.max / UInt64(2 * bound) * UInt64(2 * $0 + 1) }.reversed()
  }

  mutating func next() -> UInt64 { draws.removeLast() }
}
