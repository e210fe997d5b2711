import Foundation
import Models
import Testing

@testable import unroll

@Suite("The flags of searches, draws and ensembles")
struct SearchFlagTests {
  private func members(_ text: some StringProtocol) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("flags that would have no effect are refused by name")
  func withoutEffect() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      try write("a\tx\nb\ty\n", to: folder + "/pairs")
      try write("weights: [1, a]\n", to: folder + "/c.yaml")
      let ofTranslate: [([String], String)] = [
        (["--sample", "--groups", "5"], "--groups is of a search; --sample goes without it"),
        (["--sample", "--groups", "5", "--diversity", "1"], "--groups is of a search"),
        (["--sample", "--beam", "3"], "--beam is of a search"),
        (["--sample", "--coverage-penalty", "1"], "--coverage-penalty is of a search"),
        (["--seed", "2"], "--seed goes with --sample"),
        (["--top-p", "0.5"], "--top-p goes with --sample"),
        (["--diversity", "1"], "--diversity goes with --groups"),
        (["--mean", "probabilities"], "--mean goes with several models"),
        (["--weights", "1"], "--weights goes with several models"),
        (
          ["--no-unknown", "--replace-unknown"],
          "--no-unknown leaves no <unk> for --replace-unknown; expected one of them"
        ),
        (
          [path, "--config", folder + "/c.yaml"],
          "\(folder)/c.yaml, line 1: weights has \"a\"; expected numbers above 0"
        ),
        ([path, "--weights", "1", "x"], "--weights has \"x\"; expected numbers above 0"),
        ([path, "--weights", "1"], "1 weight for 2 models; expected one each"),
      ]
      for (flags, expected) in ofTranslate {
        let found = failureLine {
          try runVerb(["translate", path, "--input", folder + "/pairs"] + flags)
        }
        #expect(found?.hasPrefix(expected) == true, "\(flags): \(found ?? "accepted")")
      }
      let ofEvaluate: [([String], String)] = [
        (["--diversity", "1"], "--diversity goes with --groups"),
        (["--weights", "1"], "--weights goes with several models"),
        (["--mean", "log-probabilities"], "--mean goes with several models"),
        (["--cache"], "--cache goes with a language model; \(path) is a translator"),
      ]
      for (flags, expected) in ofEvaluate {
        let found = failureLine { try runVerb(["evaluate", path, folder + "/pairs"] + flags) }
        #expect(found == expected)
      }
    }
  }

  @Test("flags of a search are refused for models that do not search")
  func withoutSearch() throws {
    try withTemporaryFolder { folder in
      try write("a b a b a\n", to: folder + "/t")
      let path = folder + "/m.arpa"
      try runVerb(["train", "ngram", "--train", folder + "/t", "--output", path, "--order", "2"])
      for flags in [["--beam", "3"], ["--max-length", "3"], ["--no-unknown"]] {
        #expect(
          failureLine { try runVerb(["evaluate", path, folder + "/t"] + flags) }
            == "\(flags[0]) goes with a translator or a captioner; \(path) is an n-gram model (ARPA)"
        )
      }
    }
  }

  @Test("as many are drawn as are asked for, whatever a beam has")
  func draws() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      try write("ab\n", to: folder + "/lines")
      let drawn = try runVerb([
        "translate", path, "--input", folder + "/lines", "--sample", "--n-best", "7",
        "--max-length",
        "4",
      ]).results.split(separator: "\n")
      #expect(drawn.count == 7 && drawn.allSatisfy { $0.hasPrefix("1\t") })
    }
  }

  @Test("what is attended to is not told of models that do not attend, or to different units")
  func attention() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      let words = try untrainedTranslator(folder, "words", sources: .words)
      let plain = try untrainedTranslator(folder, "plain", context: .initial)
      try write("abc\tx\n", to: folder + "/pairs")
      let page = folder + "/p.html"
      for flags in [
        ["--alignment"], ["--heat-map", page], ["--replace-unknown"],
        ["--coverage-penalty", "0.5"],
      ] {
        #expect(
          failureLine {
            try runVerb(["translate", path, words, "--input", folder + "/pairs"] + flags)
          }
            == "\(flags[0]) needs models that read a source in the same units, which \(path) and \(words) "
            + "do not")
        #expect(
          failureLine {
            try runVerb(["translate", path, plain, "--input", folder + "/pairs"] + flags)
          } == "\(flags[0]) needs models with attention, which \(plain) is not")
      }
      #expect(!FileManager.default.fileExists(atPath: page))
      let evaluate = ["evaluate", plain, folder + "/pairs", "--coverage-penalty", "0.5"]
      #expect(
        failureLine { try runVerb(evaluate) }
          == "--coverage-penalty needs models with attention, which \(plain) is not")
      // Without such flags they vote.
      #expect(
        try runVerb(["translate", path, words, plain, "--input", folder + "/pairs"]).results != "")
    }
  }

  @Test("evaluate weighs the members of an ensemble, and says that the perplexity is their mean's")
  func ensembles() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      let other = try untrainedTranslator(folder, "other", seed: 4)
      try write("abc\tx\nb\ty z\n", to: folder + "/pairs")
      func evaluated(_ more: [String]) throws -> [String: Any] {
        try members(runVerb(["evaluate", path, folder + "/pairs", "--json"] + more).results)
      }
      let (alone, both) = (
        try evaluated([]), try evaluated(["--with", other, "--weights", "1000000", "1"])
      )
      #expect(both["chrf"] as? Double == alone["chrf"] as? Double)
      #expect(alone["perplexity"] != nil && alone["models"] == nil)
      #expect(both["perplexity"] == nil && both["members_mean_perplexity"] != nil)
      #expect(both["models"] as? Int == 2)
      // Each --with takes one file, so that what stands behind it is left alone.
      #expect(
        try runVerb(["evaluate", path, "--with", other, folder + "/pairs"]).results
          .contains("the mean of 2 models"))
      let third = try untrainedTranslator(folder, "third", targets: "uvw")
      #expect(
        failureLine { _ = try evaluated(["--with", other, "--with", third]) }?
          .hasPrefix("\(path) and \(third): model 2 of the ensemble has another target vocabulary")
          == true)
    }
  }

  @Test("a heat map is there after a hundred lines, and once its reader has left")
  func heatMaps() throws {
    try withTemporaryFolder { folder in
      let path = try untrainedTranslator(folder)
      let (page, lines) = (folder + "/p.html", folder + "/lines")
      try write(String(repeating: "ab\n", count: 100), to: lines)
      let command = ["translate", path, "--input", lines, "--max-length", "3", "--heat-map", page]
      let long = try runVerb(command)
      #expect(long.messages == "\(page): what 100 translations attended to\n")
      let full = try String(contentsOfFile: page, encoding: .utf8)
      #expect(full.contains("; the first 100 lines)") && markupFault(in: full) == nil)

      try write("ab\nb\n", to: lines)
      let left = Console(
        writeResult: { _ in throw ReaderLeft() }, writeMessage: { _ in }, terminalWidth: { nil })
      let verb = try #require(try Unroll.parseAsRoot(command) as? any Verb)
      #expect(throws: ReaderLeft.self) { try verb.run(left) }
      let short = try String(contentsOfFile: page, encoding: .utf8)
      #expect(!short.contains("the first 100") && short.contains("<svg"))
    }
  }
}
