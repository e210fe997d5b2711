import Foundation
import Models

/// The scores of several systems on the same lines, each with what resampling says of it.
struct SystemComparison {
  let names: [String]
  let scores: [TranslationScores]
  let bootstrap: Bootstrap

  /// A score, and how it compares with that of the first system; nil for the first one itself.
  struct Measured {
    var estimate: BootstrapEstimate
    var comparison: BootstrapComparison?
  }

  private static let measures = ["BLEU", "chrF", "errors", "wrong lines"]
  private static let keys = ["bleu", "chrf", "token_error_rate", "line_error_rate"]

  /// Of each system, by measure.
  private var measured: [[Measured]] {
    scores.indices.map { system in
      [
        measure(system, \.bleu, TranslationScores.bleuMetric),
        measure(system, \.chrF, TranslationScores.chrFMetric),
        measure(system, \.errors, ErrorRate.tokens),
        measure(system, \.errors, ErrorRate.sentences),
      ]
    }
  }

  private func measure<Metric: CorpusMetric>(
    _ system: Int, _ statistics: KeyPath<TranslationScores, [Metric.Statistic]>, _ metric: Metric
  ) -> Measured {
    guard system > 0 else {
      return Measured(
        estimate: bootstrap.estimate(of: scores[0][keyPath: statistics], by: metric),
        comparison: nil)
    }
    let comparison = bootstrap.compare(
      scores[0][keyPath: statistics], with: scores[system][keyPath: statistics], by: metric)
    return Measured(estimate: comparison.second, comparison: comparison)
  }

  /// A table for people.
  func table(references: [[String]]) -> String {
    let rows = zip(names, measured).map { name, measured in
      [name]
        + measured.enumerated().flatMap { place, found -> [String] in
          let factor = place < 2 ? 1.0 : 100
          let score = String(
            format: "%.2f ± %.2f", factor * found.estimate.score, factor * found.estimate.halfWidth)
          return [score, found.comparison.map { String(format: "%.3f", $0.pValue) } ?? ""]
        }
    }
    let columns = ["system"] + Self.measures.flatMap { [$0, "p"] }
    return TextTable(columns: columns, rows: rows).text
      + "BLEU as \(TranslationScores.bleuMetric.signature(references: references)); errors and wrong lines in "
      + "%; ± half of 95 % of \(Format.count(bootstrap.resamples)) resamples\n"
  }

  /// An object for each system.
  var objects: [JSON] {
    zip(names, measured).map { name, measured in
      .object(
        [("system", .string(name))]
          + zip(Self.keys, measured).map { key, found in
            (
              key,
              JSON.members([
                "score": .number(found.estimate.score),
                "low": .number(found.estimate.interval.lowerBound),
                "high": .number(found.estimate.interval.upperBound),
                "p": found.comparison.map { .number($0.pValue) },
              ])
            )
          })
    }
  }
}
