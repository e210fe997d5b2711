import ArgumentParser
import Corpora
import Foundation
import Models

/// The flags that say what translations are measured against.
struct PairedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Sources to translate, one a line; with --target, in place of FILE.", valueName: "file"),
    completion: .file())
  var source: String?
  @Option(
    help: ArgumentHelp(
      "What is right for them, line by line. Can be repeated: several files are several references.",
      valueName: "file"), completion: .file())
  var target: [String] = []

  func choice(_ settings: inout Settings) throws -> PairedChoice? {
    let source = try settings.value("source", source, .notEmpty)
    let targets = try settings.list("target", target)
    guard (source == nil) == targets.isEmpty else {
      throw Failure.usage("--source and --target go together")
    }
    return source.map { PairedChoice(source: $0, targets: targets) }
  }
}

/// Files of sources and of references, line by line.
struct PairedChoice: Equatable {
  var source: String
  var targets: [String]

  /// The sources, each with its references.
  func references() throws -> ReferenceSet {
    try ReferenceSet(source: source, targets: targets)
  }
}

/// How well translators translate together, or one by itself.
struct TranslationEvaluation {
  let models: [String]
  /// What each of them counts; nil for all alike.
  let weights: [Double]?
  /// A file of sources with their references behind tabs; lines with the same source are one. nil for `pairs`.
  let file: String?
  let pairs: PairedChoice?
  let options: SearchOptions
  let json: Bool

  func run(_ console: Console) throws {
    let ensemble = try loadTranslators(models, weights: weights)
    try AttentionNeeds(flags: [("--coverage-penalty", options.coveragePenalty > 0)])
      .check(ensemble, models)
    let set: ReferenceSet
    if let pairs {
      set = try pairs.references()
    } else if let file {
      set = try ReferenceSet(reading: file).grouped
    } else {
      throw Failure.usage(
        "nothing to translate: unroll evaluate MODEL FILE, or --source and --target")
    }
    let start = secondsNow()
    let found = try ensemble.translate(set.sources, options)
    let seconds = max(secondsNow() - start, 1e-9)
    let scores = TranslationScores(
      of: found.map { $0.first?.text ?? "" }, references: set.references)
    let targets = set.references.map { $0[0] }
    let loss = MemberLoss(ensemble.models.map { $0.meanLoss(of: set.sources, targets: targets) })
    try json
      ? console.result(object(set, scores, loss, seconds).text)
      : console.writeResult(text(set, scores, loss, seconds))
  }

  private func text(
    _ set: ReferenceSet, _ scores: TranslationScores, _ loss: MemberLoss, _ seconds: Double
  ) -> String {
    let references = set.references.reduce(0) { $0 + $1.count }
    return
      ([
        "lines         \(Format.count(set.count)) with \(Format.plural(references, "reference"))",
        "perplexity    " + loss.text(of: "unit of the first reference"),
      ] + scores.lines(references: set.references)
      + [
        "speed         \(Format.short(Double(set.count) / seconds)) lines/s with a beam of "
          + "\(options.beamSize)"
      ]).joined(separator: "\n") + "\n"
  }

  private func object(
    _ set: ReferenceSet, _ scores: TranslationScores, _ loss: MemberLoss, _ seconds: Double
  ) -> JSON {
    .object(
      [
        ("lines", .integer(set.count)),
        ("references", .integer(set.references.reduce(0) { $0 + $1.count })),
      ] + loss.members + scores.members(references: set.references)
        + [
          ("beam", .integer(options.beamSize)),
          ("lines_per_second", .number((Double(set.count) / seconds).rounded())),
        ])
  }
}

extension TranslationScores {
  /// A line for each measure.
  func lines(references: [[String]]) -> [String] {
    let all = allErrors
    return [
      "\(bleuScore)",
      "  as          \(Self.bleuMetric.signature(references: references))",
      "chrF          \(String(format: "%.2f", chrFScore))",
      "errors        \(Format.percent(all.tokenErrorRate)) of \(Format.count(all.referenceLength)) tokens "
        + "(\(Format.count(all.substitutions)) replaced, \(Format.count(all.insertions)) put in, "
        + "\(Format.count(all.deletions)) left out)",
      "wrong lines   \(Format.percent(all.sentenceErrorRate)): \(Format.count(all.wrongSentences)) of "
        + "\(Format.count(all.sentences)) equal no reference",
    ]
  }

  func members(references: [[String]]) -> [(key: String, value: JSON)] {
    let (bleu, all) = (bleuScore, allErrors)
    return [
      ("bleu", .number(bleu.score)),
      ("bleu_precisions", .array(bleu.precisions.map { .number($0) })),
      ("bleu_brevity_penalty", .number(bleu.brevityPenalty)),
      ("bleu_signature", .string(Self.bleuMetric.signature(references: references))),
      ("chrf", .number(chrFScore)), ("token_error_rate", .number(all.tokenErrorRate)),
      ("line_error_rate", .number(all.sentenceErrorRate)),
    ]
  }
}
