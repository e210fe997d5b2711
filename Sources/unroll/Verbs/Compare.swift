import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll compare`
struct Compare: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Score translations, and say whether one system is better than another.",
    discussion: """
      Each system is a file of translations, line by line. Scores are BLEU and chrF as sacreBLEU computes \
      them, the errors (edits to the closest reference, as a share of its tokens) and the lines that equal no \
      reference, each with the interval in which 95 % of the scores of resampled texts lie. Behind the first \
      system p is how likely so large a difference from it is if neither is better (paired bootstrap; Koehn \
      2004), as sacreBLEU has it.

      With --references, lines with the same source are one. A system has a line for each different source, or a \
      line for each line of that file; then it says the same of one source wherever that stands.

      EXAMPLES
        unroll compare greedy.fr beam.fr --target test.fr
        unroll compare a.txt b.txt --references test.references.tsv
        unroll compare a.txt --target first.fr --target second.fr --json
      """)

  @Argument(help: "Files of translations, the one to beat first.", completion: .file())
  var systems: [String]
  @Option(
    help: ArgumentHelp(
      "What is right, line by line. Can be repeated: several files are several references.",
      valueName: "file"),
    completion: .file())
  var target: [String] = []
  @Option(
    help: ArgumentHelp(
      "Instead: sources with their references behind tabs, a line each; lines with the same source are one.",
      valueName: "file"), completion: .file())
  var references: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Resamples to draw (default: 1000).", valueName: "n"))
  var resamples: Int?
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let targets = try settings.list("target", target)
    let references = try settings.value("references", references, .notEmpty)
    let bootstrap = Bootstrap(
      resamples: try settings.value("resamples", resamples, default: 1000, .upTo(1_000_000)),
      seed: try seed.value(&settings))
    try settings.finish()
    guard targets.isEmpty != (references == nil) else {
      throw Failure.usage(
        "what is right comes from --target or from --references; expected one of them")
    }
    try withThreads(threads) {
      let right = try references.map(MergedReferences.init(reading:))
      let rightLines = try right?.references ?? ReferenceSet.references(reading: targets)
      let scores = try systems.map { path in
        let translations = try right?.translations(in: path) ?? LinesFile.read(path)
        guard translations.count == rightLines.count else {
          throw Failure(
            "\(path) has \(Format.plural(translations.count, "line")), and there "
              + "\(rightLines.count == 1 ? "is" : "are") "
              + "\(Format.plural(rightLines.count, "line")) of references; expected as many")
        }
        return TranslationScores(of: translations, references: rightLines)
      }
      let comparison = SystemComparison(
        names: systems, scores: scores, bootstrap: bootstrap)
      try common.json
        ? console.writeResult(comparison.objects.map { $0.text + "\n" }.joined())
        : console.writeResult(comparison.table(references: rightLines))
    }
  }
}
