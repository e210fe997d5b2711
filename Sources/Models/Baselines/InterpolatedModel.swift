import Corpora

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A recurrent language model and an n-gram one, mixed token by token.
///
/// ```
/// p(w | h) = λ p_ngram(w | h) + (1 - λ) p_neural(w | h)
/// ```
///
/// The n-grams never forget what they have seen, the net sees what they have not; a mixture is
/// mostly better than either (Mikolov et al. 2011).
public struct InterpolatedModel: Sendable {
  /// The recurrent one.
  public let neural: LanguageModel
  /// The other one.
  public let ngrams: NGramLanguageModel
  /// λ, the share of the n-grams, in [0, 1].
  public var weight: Double

  /// How well each of the models and the mixture predict one text.
  public struct Comparison: Sendable, Equatable {
    /// The recurrent model alone.
    public let neural: Evaluation
    /// The n-grams alone.
    public let ngrams: Evaluation
    /// Both.
    public let mixture: Evaluation
  }

  /// A mixture. Throws ``ModelError/invalidConfiguration(_:)`` for models of different levels, units or
  /// vocabularies, which do not predict the same tokens.
  public init(
    _ neural: LanguageModel, _ ngrams: NGramLanguageModel, weight: Double = 0.5
  ) throws(ModelError) {
    precondition(0...1 ~= weight, "a share of \(weight), expected one from 0 to 1")
    func check(_ what: String, _ found: String, _ expected: String) throws(ModelError) {
      guard found != expected else { return }
      throw .invalidConfiguration(
        "the n-grams are of \(what) \(found), the neural model of \(expected); expected the same")
    }
    try check("level", ngrams.level.rawValue, neural.configuration.level.rawValue)
    try check("unit", ngrams.unit.rawValue, neural.configuration.unit.rawValue)
    guard ngrams.vocabulary.hasSameIDs(as: neural.vocabulary) else {
      throw .invalidConfiguration(
        "the n-grams have another vocabulary (\(ngrams.vocabulary.count) tokens) than the neural "
          + "model (\(neural.vocabulary.count)); train ngram --vocabulary takes that one's")
    }
    self.neural = neural
    self.ngrams = ngrams
    self.weight = weight
  }

  /// Predicts every token of `text` once. Throws as both models' evaluations do.
  public func evaluate(_ text: String) throws -> Comparison {
    let (neural, ngrams, unknown) = try losses(text)
    let mixture = zip(neural, ngrams).map { Self.mixed($0, $1, weight: weight) }
    func evaluation(_ losses: [Double]) -> Evaluation {
      Evaluation(losses: losses, unknownTokens: unknown, level: self.ngrams.level)
    }
    return Comparison(
      neural: evaluation(neural), ngrams: evaluation(ngrams), mixture: evaluation(mixture))
  }

  /// Chooses the ``weight`` under which `text`, which neither model has learned from, is most
  /// probable. Throws as both models' evaluations do.
  public mutating func tune(on text: String) throws {
    let (neural, ngrams, _) = try losses(text)
    weight = Self.bestWeight(neural, ngrams)
  }

  private func losses(
    _ text: String
  ) throws -> (neural: [Double], ngrams: [Double], unknownTokens: Int) {
    let ngrams = try ngrams.tokenLosses(text)
    let ready = try EvaluationText(text, for: neural)
    return (neural.tokenLosses(ready), ngrams, ready.unknownTokens)
  }

  /// -ln(λ e⁻ᵇ + (1 - λ) e⁻ᵃ) of the losses a of the net and b of the n-grams.
  static func mixed(_ a: Double, _ b: Double, weight: Double) -> Double {
    if weight == 0 || weight == 1 { return weight == 0 ? a : b }
    let least = min(a, b)
    guard least < .infinity else { return least }
    return least - log(weight * exp(least - b) + (1 - weight) * exp(least - a))
  }

  /// The λ of the greatest likelihood, by expectation-maximisation (Jelinek and Mercer 1980): the
  /// mean over the tokens of the probability that the n-grams were the ones to give it.
  static func bestWeight(_ neural: [Double], _ ngrams: [Double]) -> Double {
    // How much more probable a token is to the net; infinite is as good as any large number.
    let ratios = zip(neural, ngrams).map { exp(min(700, $1 - $0)) }
    let count = Double(ratios.count)
    // The likelihood is concave: where it falls from 0 on, or rises up to 1, that is the best. The
    // steps below would come near it for ever.
    if ratios.reduce(0, { $0 + 1 / $1 }) <= count { return 0 }
    if ratios.reduce(0, +) <= count { return 1 }
    var weight = 0.5
    // Each step raises the likelihood, by less and less.
    for _ in 0..<1000 {
      let odds = (1 - weight) / weight
      let next = ratios.reduce(0) { $0 + 1 / (1 + odds * $1) } / count
      let change = abs(next - weight)
      weight = next
      if change < 1e-9 { break }
    }
    return weight
  }
}
