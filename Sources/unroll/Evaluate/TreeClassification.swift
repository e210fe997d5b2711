import Corpora
import Models

/// How well a classifier of trees labels those of a file, or expressions of ListOps that nothing was learned
/// from.
struct TreeClassification {
  let model: String
  /// nil for ListOps.
  let file: String?
  let format: TreeFormat?
  /// Expressions of ListOps.
  let listOps: Int?
  let seed: UInt64
  let json: Bool

  func run(_ console: Console) throws {
    let model = try TreeClassifier(contentsOf: model)
    let reading = model.configuration.reading
    let bank =
      try file.map { try (format ?? TreeFormat(ofFile: $0)).read(file: $0).taken(reading) }
      ?? ListOps().bank(.test, count: listOps ?? 0, seed: seed, reading)
    let start = secondsNow()
    let found = try model.evaluate(bank)
    let speed = Double(bank.trees.count) / max(secondsNow() - start, 1e-9)
    if json {
      return try console.result(
        JSON.members([
          "trees": .integer(found.roots.total),
          "accuracy": found.roots.share.map { .number($0) },
          "labelled_nodes": .integer(found.nodes.total),
          "node_accuracy": found.nodes.share.map { .number($0) },
          "macro_f1": found.macroF1.map { .number($0) },
          "labels": .array(model.labels.tokens.map { .string($0) }),
          "confusion": .array(
            found.confusion.map { .array($0.map { .integer($0) }) }),
          "trees_per_second": .number(speed.rounded()),
        ]).text)
    }
    func percent(_ share: Double?) -> String {
      share.map { "\(Format.number(100 * $0)) %" } ?? "none"
    }
    var lines = [
      "trees               \(Format.count(found.roots.total))",
      "accuracy            \(percent(found.roots.share))",
      "macro F1            \(percent(found.macroF1))",
    ]
    if model.configuration.targets == .nodes {
      lines.append(
        "accuracy of nodes   \(percent(found.nodes.share)) of \(Format.count(found.nodes.total))")
    }
    lines.append("speed               \(Format.short(speed)) trees/s")
    try console.writeResult(lines.joined(separator: "\n") + "\n")
  }
}
