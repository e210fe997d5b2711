import Corpora
import Foundation
import Models

/// How well a tagger labels the words of a file.
struct TaggingEvaluation {
  let model: String
  let file: String
  let labelled: LabelledChoice
  let json: Bool

  func run(_ console: Console) throws {
    let tagger = try Tagger(contentsOf: model)
    let sentences = try labelled.read(file, column: tagger.column ?? .upos).sentences
    let start = secondsNow()
    let evaluation = try tagger.evaluate(sentences, refusesUnseen: !labelled.allowsUnseen)
    let speed = Double(evaluation.accuracy.all.total) / max(secondsNow() - start, 1e-9)
    try json
      ? console.result(object(evaluation, speed).text)
      : console.writeResult(text(evaluation, speed))
  }

  private func text(_ found: TaggerEvaluation, _ speed: Double) -> String {
    let accuracy = found.accuracy
    var lines = [
      "words               \(Format.count(accuracy.all.total)) in "
        + Format.plural(found.sentences, "sentence"),
      "accuracy            \(Format.percent(accuracy.all.share))",
      "  known words       \(Format.percent(accuracy.known.share)) of \(Format.count(accuracy.known.total))",
      "  unknown words     \(Format.percent(accuracy.unknown.share)) of "
        + Format.count(accuracy.unknown.total),
    ]
    if let spans = found.spans {
      lines.append("spans               \(text(spans.all))")
      for (type, score) in spans.byType.sorted(by: { $0.key < $1.key }) where !type.isEmpty {
        lines.append("  \(padded(type, to: 16))  \(text(score))")
      }
    }
    lines.append("speed               \(Format.short(speed)) words/s")
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(_ score: ClassScore) -> String {
    "F1 \(Format.percent(score.f1)), precision \(Format.percent(score.precision)), recall "
      + "\(Format.percent(score.recall)); \(Format.count(score.correct)) right of "
      + "\(Format.count(score.predicted)) found, \(Format.count(score.expected)) there"
  }

  private func object(_ found: TaggerEvaluation, _ speed: Double) -> JSON {
    let accuracy = found.accuracy
    return JSON.members([
      "sentences": .integer(found.sentences), "words": .integer(accuracy.all.total),
      "accuracy": accuracy.all.share.map { .number($0) },
      "known_words": .integer(accuracy.known.total),
      "known_accuracy": accuracy.known.share.map { .number($0) },
      "unknown_words": .integer(accuracy.unknown.total),
      "unknown_accuracy": accuracy.unknown.share.map { .number($0) },
      "spans": found.spans.map { object($0.all) },
      "spans_by_type": found.spans.map { spans in
        .object(
          spans.byType.sorted { $0.key < $1.key }.map { ($0.key, object($0.value)) })
      },
      "words_per_second": .number(speed.rounded()),
    ])
  }

  private func object(_ score: ClassScore) -> JSON {
    JSON.members([
      "f1": .number(score.f1), "precision": .number(score.precision),
      "recall": .number(score.recall), "correct": .integer(score.correct),
      "found": .integer(score.predicted), "expected": .integer(score.expected),
    ])
  }
}
