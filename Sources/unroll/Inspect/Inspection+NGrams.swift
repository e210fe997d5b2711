import Foundation
import Models

/// What there is to see of an n-gram model.
extension Inspect {
  func text(_ model: NGramLanguageModel) -> String {
    var lines = [
      "n-gram model: \(model.level.rawValue)s, up to \(model.order) at a time",
      "  unit        \(model.unit.rawValue)",
      "",
      "n-grams       \(Format.count(model.ngrams.ngramCounts.reduce(0, +)))",
    ]
    for (index, count) in model.ngrams.ngramCounts.enumerated() {
      let length = "\(index + 1)-grams".padding(toLength: 10, withPad: " ", startingAt: 0)
      lines.append("  \(length)  \(Format.count(count))")
    }
    return (lines + [""] + vocabularyLines(model.vocabulary)).joined(separator: "\n") + "\n"
  }

  func json(_ model: NGramLanguageModel) -> JSON {
    JSON.members([
      "task": "ngram-model", "order": .integer(model.order),
      "level": .string(model.level.rawValue), "unit": .string(model.unit.rawValue),
      "ngrams": .array(model.ngrams.ngramCounts.map { .integer($0) }),
      "vocabulary": json(model.vocabulary),
    ])
  }
}
