import ArgumentParser
import Corpora
import Models

/// The flags of trees that a model is judged by.
struct JudgedTreeOptions: ParsableArguments {
  @Option(
    help: """
      How trees are written: brackets, conllu, json or listops (default: listops for a model of it, else \
      by the file's name).
      """)
  var treeFormat: TreeFormat?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Expressions of ListOps to judge by, in place of FILE.", valueName: "n"))
  var listops: Int?

  /// What the flags and the configuration file say.
  func choice(_ settings: inout Settings) throws -> (
    format: TreeFormat?, listOps: Int?, flag: String?
  ) {
    let format = try settings.value("tree-format", treeFormat)
    let listOps = try settings.value("listops", listops, .upTo(100_000_000))
    return (format, listOps, format != nil ? "tree-format" : listOps != nil ? "listops" : nil)
  }
}

/// How well a classifier of trees labels those of a file, or expressions of ListOps that nothing was learned
/// from.
struct TreeClassification {
  /// Where the trees come from.
  enum Source {
    case file(String, TreeFormat?)
    /// So many expressions of ListOps' test part, the same ones every time.
    case listOps(Int)
  }

  let model: String
  let source: Source
  /// Whether a label that did not occur in training is an error.
  let refusesUnseen: Bool
  let json: Bool

  func run(_ console: Console) throws {
    let model = try TreeClassifier(contentsOf: model)
    let reading = model.configuration.reading
    let bank =
      switch source {
      case .file(let path, let format):
        try (format ?? model.usualFormat ?? TreeFormat(ofFile: path)).read(file: path, as: reading)
      case .listOps(let count): ListOps().bank(.test, count: count, seed: 1, reading)
      }
    let start = secondsNow()
    let found = try model.evaluate(bank, refusesUnseen: refusesUnseen)
    let speed = Double(bank.trees.count) / max(secondsNow() - start, 1e-9)
    if json {
      return try console.result(
        JSON.members([
          "trees": .integer(found.roots.total),
          "accuracy": found.roots.share.map { .number($0) },
          "labelled_nodes": .integer(found.nodes.total),
          "node_accuracy": found.nodes.share.map { .number($0) },
          "macro_f1": .number(found.confusion.macroF1),
          "labels": .array(model.labels.tokens.map { .string($0) }),
          "confusion": .array(
            found.confusion.counts.map { .array($0.map { .integer($0) }) }),
          "trees_per_second": .number(speed.rounded()),
        ]).text)
    }
    var lines = [
      "trees               \(Format.count(found.roots.total))",
      "accuracy            \(Format.percent(found.roots.share))",
      "macro F1            \(Format.percent(found.confusion.macroF1))",
    ]
    if model.configuration.targets == .nodes {
      lines.append(
        "accuracy of nodes   \(Format.percent(found.nodes.share)) of \(Format.count(found.nodes.total))"
      )
    }
    lines.append("speed               \(Format.short(speed)) trees/s")
    try console.writeResult(lines.joined(separator: "\n") + "\n")
  }
}

extension TreeClassifier {
  /// How trees for it are written if nothing is said; nil to go by a file's name.
  var usualFormat: TreeFormat? { trainingRecord?.recipe["listops"] == nil ? nil : .listOps }
}
