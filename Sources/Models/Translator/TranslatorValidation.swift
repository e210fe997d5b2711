import Corpora

/// Held-out pairs, and what a translator in training is judged by on them.
public struct TranslatorValidation: Sendable {
  let sources: [String]
  /// The targets of each source, of which the first is the one that losses are of.
  let references: [[String]]
  let criterion: TranslatorCriterion

  /// Held-out sources, each with at least one target.
  public init(sources: [String], references: [[String]], criterion: TranslatorCriterion = .loss) {
    precondition(
      sources.count == references.count && references.allSatisfy { !$0.isEmpty },
      "each of \(sources.count) sources has a target")
    self.sources = sources
    self.references = references
    self.criterion = criterion
  }

  /// What is to be as small as can be; nil if nothing is held out.
  func loss(of model: Translator) throws -> Double? {
    guard !sources.isEmpty else { return nil }
    if criterion == .loss {
      return model.meanLoss(of: sources, targets: references.map { $0[0] })
    }
    let translations = try TranslatorEnsemble([model]).translate(sources, .greedy)
    let scores = TranslationScores(
      of: translations.map { $0.first?.text ?? "" }, references: references)
    return switch criterion {
    case .loss, .bleu: 1 - scores.bleuScore.score / 100
    case .errors: scores.allErrors.tokenErrorRate
    case .mismatch: scores.allErrors.sentenceErrorRate
    }
  }
}

extension Translator {
  /// The mean of -ln p over all tokens of the targets, `</s>` included, in nats.
  public func meanLoss(of sources: [String], targets: [String]) -> Double {
    meanLoss(
      TranslationPairs(
        sources: sources.map(sourceTokens), targets: targets.map(targetTokens)))
  }
}
