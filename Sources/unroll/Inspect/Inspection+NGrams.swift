import Foundation
import Models

extension Inspection {
  init(_ model: NGramLanguageModel) {
    var lines = [
      "n-gram model: \(model.level.rawValue)s, up to \(model.order) at a time",
      "  unit        \(model.unit.rawValue)",
      "",
      "n-grams       \(Format.count(model.ngrams.ngramCounts.reduce(0, +)))",
    ]
    for (index, count) in model.ngrams.ngramCounts.enumerated() {
      lines.append("  \(padded("\(index + 1)-grams", to: 10))  \(Format.count(count))")
    }
    self.init(
      lines: lines + [""] + Self.lines(model.vocabulary),
      json: JSON.members([
        "task": "ngram-model", "order": .integer(model.order),
        "level": .string(model.level.rawValue), "unit": .string(model.unit.rawValue),
        "ngrams": .array(model.ngrams.ngramCounts.map { .integer($0) }),
        "vocabulary": Self.json(model.vocabulary),
      ]))
  }
}
