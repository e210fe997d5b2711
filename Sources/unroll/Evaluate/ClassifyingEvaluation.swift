import Corpora
import Foundation
import Models

/// How well a classifier does on the cases of a file.
struct ClassifyingEvaluation {
  let model: String
  let file: String
  let json: Bool

  /// Classes up to which the table of what was taken for what is printed: of more it fits no screen.
  private static let mostColumns = 30

  func run(_ console: Console) throws {
    let classifier = try Classifier(contentsOf: model)
    let cases = try CaseFormat(path: file).read(file)
    let start = secondsNow()
    let evaluation = try classifier.evaluate(cases)
    let speed = Double(cases.count) / max(secondsNow() - start, 1e-9)
    let labels = classifier.labels?.tokens ?? []
    if json {
      let members = members(evaluation, labels)
      return try console.result(
        JSON.object(
          [("cases", .integer(cases.count))] + members
            + [("cases_per_second", .number(speed.rounded()))]
        ).text)
    }
    let lines =
      ["cases               \(Format.count(cases.count))"] + lines(evaluation, labels)
      + ["speed               \(Format.short(speed)) cases/s"]
    try console.writeResult(lines.joined(separator: "\n") + "\n")
  }

  private func lines(_ evaluation: ClassifierEvaluation, _ labels: [String]) -> [String] {
    switch evaluation {
    case .classes(let matrix, let logLoss):
      return [
        "accuracy            \(Format.percent(matrix.accuracy))",
        "macro F1            \(Format.percent(matrix.macroF1))",
        "log-loss            \(Format.number(logLoss)) nats a case", "",
      ] + table(labels, matrix.scores) + [""] + table(labels, matrix) + [""]
    case .labels(let scores, let logLoss):
      return [
        "micro F1            \(Format.percent(scores.micro.f1))",
        "macro F1            \(Format.percent(scores.macroF1))",
        "all labels right    \(Format.percent(scores.exactShare))",
        "log-loss            \(Format.number(logLoss)) nats a case", "",
      ] + table(labels, scores.labels) + [""]
    case .number(let scores):
      return [
        "R²                  \(scores.r2.map { String(format: "%.4f", $0) } ?? "none")",
        "MAE                 \(Format.number(scores.mae))",
        "RMSE                \(Format.number(scores.rmse))",
      ]
    }
  }

  /// Precision, recall and F1 of each label.
  private func table(_ labels: [String], _ scores: [ClassScore]) -> [String] {
    let width = columnWidth(labels)
    let rows = zip(labels, scores).map { label, score in
      padded(printable(label), to: width)
        + [score.precision, score.recall, score.f1].map { right(Format.percent($0), 11) }.joined()
        + right(Format.count(score.expected), 9)
    }
    return [
      padded("", to: width)
        + ["precision", "recall", "F1"].map { right($0, 11) }.joined() + right("cases", 9)
    ] + rows
  }

  /// What was taken for what: a row for each class, a column for what it was called. A line that says where
  /// it is if it is too wide.
  private func table(_ labels: [String], _ matrix: ConfusionMatrix) -> [String] {
    guard labels.count <= Self.mostColumns else {
      return [
        "\(Format.count(labels.count)) classes: which were taken for which, --json has"
      ]
    }
    let names = labels.map(printable)
    let rows = matrix.counts
    let width = columnWidth(labels)
    let widths = names.indices.map { column in
      2 + max(names[column].count, rows.map { Format.count($0[column]).count }.max() ?? 0)
    }
    let head =
      padded("is \\ called", to: width)
      + zip(names, widths).map { right($0, $1) }.joined()
    return [head]
      + zip(names, rows).map { name, counts in
        padded(name, to: width)
          + zip(counts, widths).map { right(Format.count($0), $1) }.joined()
      }
  }

  private func columnWidth(_ labels: [String]) -> Int {
    max(12, labels.map { printable($0).count }.max() ?? 0)
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private func members(
    _ evaluation: ClassifierEvaluation, _ labels: [String]
  ) -> [(key: String, value: JSON)] {
    switch evaluation {
    case .classes(let matrix, let logLoss):
      return [
        ("accuracy", .number(matrix.accuracy)), ("macro_f1", .number(matrix.macroF1)),
        ("log_loss", .number(logLoss)), ("classes", object(labels, matrix.scores)),
        ("labels", .array(labels.map { .string($0) })),
        ("confusion", .array(matrix.counts.map { .array($0.map { .integer($0) }) })),
      ]
    case .labels(let scores, let logLoss):
      return [
        ("micro_f1", .number(scores.micro.f1)), ("macro_f1", .number(scores.macroF1)),
        ("all_labels_right", .number(scores.exactShare)), ("log_loss", .number(logLoss)),
        ("labels", object(labels, scores.labels)),
      ]
    case .number(let scores):
      return (scores.r2.map { [("r2", .number($0))] } ?? [])
        + [("mae", .number(scores.mae)), ("rmse", .number(scores.rmse))]
    }
  }

  private func object(_ labels: [String], _ scores: [ClassScore]) -> JSON {
    .object(
      zip(labels, scores).map { label, score in
        (
          label,
          JSON.members([
            "precision": .number(score.precision), "recall": .number(score.recall),
            "f1": .number(score.f1), "cases": .integer(score.expected),
          ])
        )
      })
  }
}
