import Corpora

/// How good translations are by what their references say.
public struct TranslationScores: Sendable {
  /// By sentence; BLEU of sacreBLEU's usual settings.
  public let bleu: [BLEUStatistics]
  /// By sentence.
  public let chrF: [ChrFStatistics]
  /// By sentence, of what stands between white space: words, or phonemes.
  public let errors: [ErrorStatistics]

  /// What BLEU is measured by.
  public static let bleuMetric = BLEU()
  /// What chrF is measured by.
  public static let chrFMetric = ChrF()

  /// Counts what is right and wrong.
  public init(of translations: [String], references: [[String]]) {
    precondition(
      translations.count == references.count,
      "\(translations.count) translations and references of \(references.count)")
    bleu = zip(translations, references).map {
      Self.bleuMetric.statistics(of: $0, references: $1)
    }
    chrF = zip(translations, references).map {
      Self.chrFMetric.statistics(of: $0, references: $1)
    }
    errors = zip(translations, references).map { translation, references in
      ErrorStatistics(
        hypothesis: Tokenizer.words.tokens(of: translation),
        references: references.map { Tokenizer.words.tokens(of: $0) })
    }
  }

  /// BLEU of the whole text.
  public var bleuScore: BLEUScore { Self.bleuMetric.score(of: Self.bleuMetric.total(of: bleu)) }
  /// chrF of the whole text, from 0 to 100.
  public var chrFScore: Double { Self.chrFMetric.value(of: Self.chrFMetric.total(of: chrF)) }
  /// What is wrong in the whole text.
  public var allErrors: ErrorStatistics { ErrorRate.tokens.total(of: errors) }
}
