import Corpora
import Foundation
import Models
import Recurrent
import Tensors
import Testing

@testable import unroll

@Suite("The verbs of translators")
struct TranslatorVerbTests {
  /// Words of up to three letters and themselves in capitals, a tab between them.
  private var pairs: String {
    var words = ["a", "b", "c"]
    for _ in 0..<2 { words += words.flatMap { word in "abc".map { word + String($0) } } }
    return Set(words).sorted().map { word in
      "\(word)\t\(word.map { String($0).uppercased() }.joined(separator: " "))\n"
    }.joined()
  }

  private func members(_ text: some StringProtocol) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("a translator is trained, evaluated, inspected, and translates lines in their order")
  func whole() throws {
    try withTemporaryFolder { folder in
      try write(pairs, to: folder + "/train.tsv")
      let path = folder + "/m.safetensors"
      let trained = try runVerb([
        "train", "translator", "--train", folder + "/train.tsv", "--valid", folder + "/train.tsv",
        "--output", path, "--source-units", "characters", "--target-units", "tokens", "--hidden",
        "20", "--dropout", "0", "--epochs", "30", "--learning-rate", "0.02", "--batch", "16",
        "--judge", "mismatch", "--threads", "1",
      ])
      #expect(trained.messages.contains("training a translator, "))
      #expect(trained.messages.contains("validation exactly right 100.0 %"))
      let evaluated = try members(
        runVerb(["evaluate", path, folder + "/train.tsv", "--json", "--beam", "2"]).results)
      #expect(evaluated["lines"] as? Int == 39 && evaluated["line_error_rate"] as? Double == 0)
      // There are no four words in a row, so BLEU is 0.
      #expect(evaluated["chrf"] as? Double == 100)

      let twice = try runVerb([
        "evaluate", path, folder + "/train.tsv", "--with", path, "--with", path, "--beam", "2",
      ]).results
      #expect(twice.contains("the mean of 3 models") && twice.contains("wrong lines   0.00 %"))

      try write("cab\n\nzz\nb\n", to: folder + "/lines.txt")
      let lines = try runVerb([
        "translate", path, path, "--input", folder + "/lines.txt", "--alignment", "--heat-map",
        folder + "/page.html",
      ]).results.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 5 && lines[0].hasPrefix("C A B\t") && lines[3].hasPrefix("B\t0-0"))
      let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
      #expect(page.contains("What translations attended to") && markupFault(in: page) == nil)
      let best = try runVerb([
        "translate", path, "--input", folder + "/lines.txt", "--n-best", "2", "--json",
      ]).results.split(separator: "\n")
      let translations = try #require(try members(best[0])["translations"] as? [[String: Any]])
      #expect(translations.count == 2 && translations[0]["text"] as? String == "C A B")

      let shown = try runVerb(["inspect", path]).results
      #expect(shown.hasPrefix("translator\n  source      characters\n"))
      let space = try runVerb([
        "study", "sentence-space", path, folder + "/lines.txt", "--output", folder + "/space.html",
      ]).results
      #expect(space.contains("cab") && space.contains("space.html"))
      let plot = try String(contentsOfFile: folder + "/space.html", encoding: .utf8)
      #expect(markupFault(in: plot) == nil)
    }
  }

  @Test("systems are scored and compared as sacreBLEU does")
  func comparison() throws {
    try withTemporaryFolder { folder in
      let right = (0..<20).map { "the cat number \($0) sits on the mat" }
      let worse = right.enumerated().map { $0 % 2 == 0 ? $1 : "a dog" }
      try write(right.joined(separator: "\n") + "\n", to: folder + "/right.txt")
      try write(worse.joined(separator: "\n") + "\n", to: folder + "/worse.txt")
      let found = try runVerb([
        "compare", folder + "/worse.txt", folder + "/right.txt", "--target", folder + "/right.txt",
        "--json",
      ]).results.split(separator: "\n")
      let better = try #require(try members(found[1])["bleu"] as? [String: Any])
      #expect(better["score"] as? Double ?? 0 > 99.99 && better["p"] as? Double ?? 1 < 0.01)
      let table = try runVerb([
        "compare", folder + "/worse.txt", "--target", folder + "/right.txt",
      ]).results
      #expect(table.contains("50.00 ±") && table.contains("nrefs:1|case:mixed"))
      #expect(
        failureLine {
          try write("one\n", to: folder + "/short.txt")
          try runVerb([
            "compare", folder + "/short.txt", "--target", folder + "/right.txt",
          ])
        }?.contains("short.txt has 1 line") == true)
    }
  }

  @Test("the mean of a model with itself is the model")
  func average() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      try runVerb(["average", path, path, "--output", folder + "/mean.safetensors"])
      let (before, after) = (
        try Data(contentsOf: URL(fileURLWithPath: path)),
        try Data(contentsOf: URL(fileURLWithPath: folder + "/mean.safetensors"))
      )
      #expect(before == after)
      let other = try untrainedTranslator(folder, "other", targets: "xy")
      #expect(
        failureLine {
          try runVerb(["average", path, other, "--output", folder + "/mean.safetensors"])
        }
          == "\(other) has another architecture or vocabulary than the first model, expected the same"
      )
    }
  }

  @Test("a system has a line for each line of the references, or for each different source")
  func mergedReferences() throws {
    try withTemporaryFolder { folder in
      let table = folder + "/refs.tsv"
      try write(
        "a\tthe first one here\nb\tanother one is there\na\tthe first of them all\n", to: table)
      func compared(_ lines: [String]) throws -> String {
        try write(lines.joined(separator: "\n") + "\n", to: folder + "/system")
        return try runVerb(["compare", folder + "/system", "--references", table]).results
      }
      let (first, second) = ("the first one here", "another one is there")
      let short = try compared([first, second])
      #expect(short.contains("100.00 ±"))
      #expect(try compared([first, second, first]) == short)
      #expect(
        failureLine { _ = try compared([first, second, second]) }
          == "\(folder)/system:3: the source is that of line 1 (\(table)), and the translation is another; "
          + "expected the same")
      #expect(
        failureLine { _ = try compared([first]) }
          == "\(folder)/system has 1 line; expected 2 lines, one for each different source of \(table), or "
          + "3, one for each of its lines")
    }
  }

  @Test("what makes no sense is refused in a line that says why")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      let plain = try untrainedTranslator(folder, "plain", context: .initial)
      let other = try untrainedTranslator(folder, "other", targets: "uvw")
      try write("a\nb\nc\n", to: folder + "/three")
      try write("a\nb\n", to: folder + "/two")
      try write("a b\n", to: folder + "/untabbed")
      try write("ab\tAB\nba\tBA\n", to: folder + "/tabbed")
      func line(_ arguments: [String]) -> String { failureLine { try runVerb(arguments) } ?? "" }
      let train = ["train", "translator", "--output", folder + "/m", "--threads", "1"]
      for (arguments, expected) in [
        (train + ["--source", folder + "/three", "--target", folder + "/two"], "three:3"),
        (train + ["--train", folder + "/untabbed"], "untabbed:1"),
        (train + ["--train", folder + "/none"], "none"),
        (train, "--source"),
        (train + ["--source", folder + "/two"], "--target"),
        (
          train + ["--train", folder + "/two", "--context", "initial", "--attention", "dot"],
          "--attention"
        ),
        (
          train + ["--train", folder + "/two", "--input-feeding", "--context", "before"], "readout"
        ),
        (
          train + [
            "--train", folder + "/two", "--source", folder + "/two", "--target", folder + "/two",
          ],
          "--train and --source both say what is learned from; expected one of them"
        ),
        (
          train + ["--train", folder + "/two", "--judge", "bleu"],
          "--judge bleu needs a text to validate on: --valid FILE"
        ),
        (
          train + ["--train", folder + "/two", "--patience", "2"],
          "--patience needs a text to validate on: --valid FILE"
        ),
        (
          train + ["--train", folder + "/tabbed", "--units", "characters", "--longest", "1"],
          "tabbed: no pair with at most 1 unit on each side (--longest)"
        ),
        (
          ["bench", "translator", "--vocabulary", "3"],
          "--vocabulary is 3; expected an integer from 4"
        ),
        (["bench", "translator", "--hidden", "1"], "--hidden is 1; expected an integer from 2"),
        (train + ["--train", folder + "/two", "--share-vectors"], "--joint"),
        (train + ["--train", folder + "/two", "--units", "words", "--merges", "9"], "--merges"),
        (train + ["--train", folder + "/two", "--sampling-shape", "linear"], "--sampling"),
        (["translate", path, other, "--input", folder + "/two"], "another target vocabulary"),
        (["translate", plain, "--input", folder + "/two", "--alignment"], "attention"),
        (["translate", path, "--input", folder + "/two", "--beam", "2", "--n-best", "3"], "best"),
        (["translate", path, "--input", folder + "/two", "--top-k", "3"], "--sample"),
        (["evaluate", path], "--source"),
        (
          ["evaluate", path, folder + "/two", "--with", other], "another target vocabulary"
        ),
        (["generate", path], "is a translator"),
        (["compare", folder + "/two"], "--target"),
      ] {
        let found = line(arguments)
        #expect(
          found.contains(expected), "\(arguments.suffix(4)): \(found.debugDescription)")
      }
    }
  }

  @Test("the study of translation makes its table, goes on where it stopped, and draws its page")
  func study() throws {
    try withTemporaryFolder { folder in
      try write(pairs, to: folder + "/pairs.tsv")
      let arguments = [
        "study", "translation", "--quick", "--train", folder + "/pairs.tsv", "--valid",
        folder + "/pairs.tsv", "--test", folder + "/pairs.tsv", "--source-units", "characters",
        "--target-units", "tokens", "--measure", "mismatch", "--hidden", "12", "--epochs", "1",
        "--output", folder + "/study", "--threads", "1",
      ]
      let first = try runVerb(arguments)
      #expect(first.results.contains("ensemble of 2 reversed"))
      #expect(first.results.contains("single with attention"))
      #expect(first.results.contains("units of the source"))
      #expect(first.messages.contains("compare: 8 comparisons"))
      let page = try String(contentsOfFile: folder + "/study/report.html", encoding: .utf8)
      #expect(markupFault(in: page) == nil && page.contains("Is it certain?"))
      let again = try runVerb(arguments)
      #expect(again.messages.contains("19 of 20 are there already"))
      #expect(again.results == first.results)
      // What is compared is what there is by now.
      let grown = try runVerb(arguments + ["--reversed", "5"])
      #expect(grown.messages.contains("compare: 10 comparisons"))
      #expect(grown.results.contains("ensemble of 5"))
      let empty = try runVerb(
        arguments.dropLast(4) + ["--output", folder + "/empty", "--only", "compare"])
      #expect(empty.messages.contains("compare: 0 comparisons"))
      let filled = try runVerb(arguments.dropLast(4) + ["--output", folder + "/empty"])
      #expect(filled.messages.contains("compare: 8 comparisons"))
    }
  }
}
