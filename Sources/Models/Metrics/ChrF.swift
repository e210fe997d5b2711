import Corpora
import Foundation

/// The F-score of a translation's n-grams of characters (chrF, Popović 2015), and of words too (chrF++,
/// Popović 2017), as sacreBLEU (Post 2018) computes it:
///
///     P = mean over the orders of matches / n-grams of the hypotheses, R the same of the references
///     chrF = 100 · (1 + β²) · P · R / (β² · P + R)
///
/// with sums over all sentences, and without orders for which either side has no n-gram. Of several
/// references a sentence is compared with the one that gives it the highest score, the first of those.
/// Sentences may have different numbers of references.
///
/// Two scores are comparable only if their ``signature(references:)`` is the same, so that is to be published
/// with them.
public struct ChrF: CorpusMetric {
  /// The highest order of characters.
  public var characterOrder: Int
  /// The highest order of words: 0 of chrF, 2 of chrF++.
  public var wordOrder: Int
  /// β, how many times as much recall matters as precision.
  public var beta: Double
  /// Whether all is put in lower case first.
  public var isLowercased: Bool
  /// Whether white space counts as characters, rather than being left out.
  public var includesWhitespace: Bool

  /// chrF2 as it is usually published, unless told otherwise.
  public init(
    characterOrder: Int = 6, wordOrder: Int = 0, beta: Double = 2, isLowercased: Bool = false,
    includesWhitespace: Bool = false
  ) {
    precondition(
      characterOrder >= 0 && wordOrder >= 0 && characterOrder + wordOrder > 0,
      "chrF of orders \(characterOrder) and \(wordOrder)")
    self.characterOrder = characterOrder
    self.wordOrder = wordOrder
    self.beta = beta
    self.isLowercased = isLowercased
    self.includesWhitespace = includesWhitespace
  }

  /// chrF++: with words and pairs of words.
  public static let plusPlus = ChrF(wordOrder: 2)

  /// How many counts there are of a sentence.
  public var countsOfSentence: Int { 3 * (characterOrder + wordOrder) }
  /// Whether a higher score is a better one.
  public var isHigherBetter: Bool { true }

  /// The counts of a sentence against the best of its references, at least one.
  public func statistics(of hypothesis: String, references: [String]) -> ChrFStatistics {
    precondition(!references.isEmpty, "a sentence without a reference")
    let sentences = ([hypothesis] + references).map {
      Array((isLowercased ? $0.inLowerCase : $0).unicodeScalars)
    }
    var counts: [[Int]] = Array(repeating: [], count: references.count)
    let characters = sentences.map { sentence in
      sentence.lazy.filter { includesWhitespace || !$0.isBetweenWords }
        .map { Int32(bitPattern: $0.value) }
    }
    count(characters.map(Array.init), orders: characterOrder, in: &counts)
    if wordOrder > 0 {
      var words = WordNumbering()
      let numbers = sentences.map { words.numbers(of: Self.words(of: $0)) }
      count(numbers, orders: wordOrder, in: &counts)
    }
    let candidates = counts.map(ChrFStatistics.init)
    var best = candidates[0]
    for candidate in candidates.dropFirst() where value(of: candidate) > value(of: best) {
      best = candidate
    }
    return best
  }

  /// Counts the n-grams of the first sequence against each of the others.
  private func count(_ sequences: [[Int32]], orders: Int, in counts: inout [[Int]]) {
    var ngrams = NGramNumbering(sequences)
    for _ in 0..<orders {
      ngrams.advance()
      let hypothesis = ngrams.counts(of: 0)
      for reference in counts.indices {
        let total = ngrams.total(of: reference + 1)
        let both = zip(hypothesis, ngrams.counts(of: reference + 1))
        counts[reference] += [
          total > 0 ? ngrams.total(of: 0) : 0, total, both.reduce(0) { $0 + min($1.0, $1.1) },
        ]
      }
    }
  }

  /// The words, a mark of ASCII at the end of one or else at its start being a word of its own.
  private static func words(of sentence: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    sentence.words.flatMap { word in
      guard word.count > 1, let first = word.first, let last = word.last else { return [word] }
      if isMark(last) { return [word.dropLast(), word.suffix(1)] }
      return isMark(first) ? [word.prefix(1), word.dropFirst()] : [word]
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  /// The score of what was counted, 0…100.
  public func value(of statistic: ChrFStatistics) -> Double {
    var (precision, recall, orders) = (0.0, 0.0, 0.0)
    for order in 0..<statistic.orders {
      let hypothesis = statistic.hypothesisTotal(order)
      let reference = statistic.referenceTotal(order)
      if hypothesis > 0, reference > 0 {
        precision += Double(statistic.matches(order)) / Double(hypothesis)
        recall += Double(statistic.matches(order)) / Double(reference)
        orders += 1
      }
    }
    if precision + recall == 0 { return 0 }
    (precision, recall) = (precision / orders, recall / orders)
    let factor = beta * beta
    return 100 * (1 + factor) * precision * recall / (factor * precision + recall)
  }

  /// The score of a text, `references[i]` being those of `hypotheses[i]`; 0…100.
  public func score(of hypotheses: [String], references: [[String]]) -> Double {
    precondition(
      hypotheses.count == references.count,
      "\(hypotheses.count) hypotheses, references of \(references.count)")
    return value(of: total(of: zip(hypotheses, references).lazy.map(statistics)))
  }

  /// The score of a single sentence, 0…100.
  public func score(ofSentence hypothesis: String, references: [String]) -> Double {
    value(of: statistics(of: hypothesis, references: references))
  }

  /// `chrF2`, or `chrF2++` with words and pairs of words: β stands behind it.
  public var name: String {
    "chrF" + String(format: "%g", beta) + String(repeating: "+", count: wordOrder)
  }

  /// The settings in one line, in sacreBLEU's words but without its version: `nrefs:1|case:mixed|eff:yes|
  /// nc:6|nw:0|space:no`. The number of references is `var` where sentences differ in it.
  public func signature(references: [[String]]) -> String {
    "nrefs:\(referenceCount(references))|case:\(isLowercased ? "lc" : "mixed")|eff:yes"
      + "|nc:\(characterOrder)|nw:\(wordOrder)|space:\(includesWhitespace ? "yes" : "no")"
  }
}
