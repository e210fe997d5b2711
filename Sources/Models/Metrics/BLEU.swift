import Corpora
import Foundation

/// How much of a translation stands in reference translations too (Papineni et al. 2002), as sacreBLEU
/// (Post 2018) computes it:
///
///     pₙ   = Σ matches of order n / Σ n-grams of the hypotheses, sums over all sentences
///     BP   = 1 if c ≥ r, else exp(1 − r / c)
///     BLEU = 100 · BP · exp(1/N · Σₙ ln pₙ)
///
/// An n-gram matches as often as the reference with most of it has it. c is the length of the hypotheses in
/// tokens; r that of the references, of each sentence the one closest to the hypothesis, the shorter of two
/// equally close. Sentences may have different numbers of references. An empty reference is one of length 0;
/// one that is missing has to be left out.
///
/// Scores of two texts are comparable only if their ``signature(references:)`` is the same. It says nothing of
/// the scores of single sentences, which are always of the effective order.
public struct BLEU: CorpusMetric {
  /// What is done with an order of which nothing matches, by the numbers of Chen & Cherry (2014).
  public enum Smoothing: Sendable, Hashable {
    /// Nothing: the score is 0.
    case none
    /// The k-th such order counts 1/2ᵏ matches, as in NIST's `mteval-v13a` (their third).
    case exponential
    /// It counts as many matches as given (their first), usually ``defaultFloor``.
    case floor(Double)
    /// Matches and n-grams of all orders above the first get so many more (their second), usually
    /// ``defaultAddition``.
    case add(Double)

    /// 0.1, as Chen & Cherry have it.
    public static let defaultFloor = 0.1
    /// 1, as Lin & Och (2004) have it.
    public static let defaultAddition = 1.0
  }

  /// How sentences are cut.
  public var tokenization: BLEUTokenization
  /// What is done with orders of which nothing matches.
  public var smoothing: Smoothing
  /// N, the highest order.
  public var maximumOrder: Int
  /// Whether orders higher than the hypotheses are long are left out, rather than making the score 0.
  public var usesEffectiveOrder: Bool
  /// Whether all is put in lower case first.
  public var isLowercased: Bool

  /// BLEU as it is usually published, unless told otherwise.
  public init(
    tokenization: BLEUTokenization = .mteval13a, smoothing: Smoothing = .exponential,
    maximumOrder: Int = 4, usesEffectiveOrder: Bool = false, isLowercased: Bool = false
  ) {
    precondition(maximumOrder > 0, "BLEU of order \(maximumOrder)")
    self.tokenization = tokenization
    self.smoothing = smoothing
    self.maximumOrder = maximumOrder
    self.usesEffectiveOrder = usesEffectiveOrder
    self.isLowercased = isLowercased
  }

  /// How many counts there are of a sentence.
  public var countsOfSentence: Int { 2 + 2 * maximumOrder }
  /// Whether a higher score is a better one.
  public var isHigherBetter: Bool { true }

  /// The counts of a sentence against its references, at least one.
  public func statistics(of hypothesis: String, references: [String]) -> BLEUStatistics {
    precondition(!references.isEmpty, "a sentence without a reference")
    var words = WordNumbering()
    let sentences = ([hypothesis] + references).map { words.numbers(of: tokens(of: $0)) }
    var matches: [Int] = []
    var totals: [Int] = []
    var ngrams = NGramNumbering(sentences)
    for _ in 0..<maximumOrder {
      ngrams.advance()
      var most = Array(repeating: 0, count: ngrams.distinct)
      for reference in sentences.indices.dropFirst() {
        for (ngram, count) in ngrams.counts(of: reference).enumerated() {
          most[ngram] = max(most[ngram], count)
        }
      }
      matches.append(zip(ngrams.counts(of: 0), most).reduce(0) { $0 + min($1.0, $1.1) })
      totals.append(ngrams.total(of: 0))
    }
    let length = sentences[0].count
    let closest = sentences.dropFirst().map(\.count).min {
      (abs($0 - length), $0) < (abs($1 - length), $1)
    }
    return BLEUStatistics(
      hypothesisLength: length, referenceLength: closest ?? 0, matches: matches, totals: totals)
  }

  private func tokens(of sentence: String) -> [ArraySlice<Unicode.Scalar>] {
    tokenization.tokens(
      of: Array((isLowercased ? sentence.inLowerCase : sentence).unicodeScalars))
  }

  /// The score of what was counted of a text.
  public func score(of statistics: BLEUStatistics) -> BLEUScore {
    score(of: statistics, usesEffectiveOrder: usesEffectiveOrder)
  }

  /// The score of what was counted of a text, 0…100.
  public func value(of statistic: BLEUStatistics) -> Double { score(of: statistic).score }

  /// The score of a text, `references[i]` being those of `hypotheses[i]`.
  public func score(of hypotheses: [String], references: [[String]]) -> BLEUScore {
    precondition(
      hypotheses.count == references.count,
      "\(hypotheses.count) hypotheses, references of \(references.count)")
    return score(of: total(of: zip(hypotheses, references).lazy.map(statistics)))
  }

  /// The score of a single sentence, always with the effective order: there is mostly an order of which
  /// nothing matches, so the smoothing weighs much.
  public func score(ofSentence hypothesis: String, references: [String]) -> BLEUScore {
    score(of: statistics(of: hypothesis, references: references), usesEffectiveOrder: true)
  }

  /// The settings of a text's score in one line, in sacreBLEU's words but without its version:
  /// `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`. The number of references is `var` where sentences differ
  /// in it.
  public func signature(references: [[String]]) -> String {
    let method =
      switch smoothing {
      case .none: "none"
      case .exponential: "exp"
      case .floor(let count): String(format: "floor[%.2f]", count)
      case .add(let count): String(format: "add-k[%.2f]", count)
      }
    return "nrefs:\(referenceCount(references))|case:\(isLowercased ? "lc" : "mixed")"
      + "|eff:\(usesEffectiveOrder ? "yes" : "no")|tok:\(tokenization.rawValue)|smooth:\(method)"
  }
}

extension BLEU {
  private func score(of statistics: BLEUStatistics, usesEffectiveOrder: Bool) -> BLEUScore {
    let matches = statistics.matches
    var precisions = Array(repeating: 0.0, count: matches.count)
    var effectiveOrder = matches.count
    var score = 0.0
    let penalty = brevityPenalty(statistics)
    if matches.contains(where: { $0 > 0 }) {
      var matchless = 0
      for (place, total) in statistics.totals.enumerated() {
        var (matches, total) = (Double(matches[place]), Double(total))
        if case .add(let count) = smoothing, place > 0 {
          matches += count
          total += count
        }
        if total == 0 { break }
        if usesEffectiveOrder { effectiveOrder = place + 1 }
        if matches == 0 {
          matchless += 1
          switch smoothing {
          case .exponential: matches = exp2(-Double(matchless))
          case .floor(let count): matches = count
          case .none, .add: break
          }
        }
        precisions[place] = 100 * matches / total
      }
      // The logarithm of 0 is −∞, and the exponential of that is 0 again.
      let logarithms = precisions[..<effectiveOrder].reduce(0) { $0 + log($1) }
      score = penalty * exp(logarithms / Double(effectiveOrder))
    }
    return BLEUScore(
      score: score, precisions: precisions, brevityPenalty: penalty, statistics: statistics)
  }

  private func brevityPenalty(_ statistics: BLEUStatistics) -> Double {
    let (length, reference) = (statistics.hypothesisLength, statistics.referenceLength)
    if length >= reference { return 1 }
    return length > 0 ? exp(1 - Double(reference) / Double(length)) : 0
  }
}

/// How many references each sentence has, `var` where sentences differ in it.
func referenceCount(_ references: [[String]]) -> String {
  let counts = Set(references.map(\.count))
  return counts.count == 1 ? counts.map(String.init)[0] : "var"
}
