import Foundation
import ModelFiles
import Testing

@testable import unroll

@Suite("Verbs about words")
struct WordVerbTests {
  /// A tiny model of words in `folder`; its path.
  private func model(_ folder: String, words: String) throws -> String {
    let text = (0..<60).map {
      "the \(["cat", "dog", "cow"][$0 % 3]) sees a \(["fish", "king"][$0 % 2])\n"
    }
    try write(text.joined(), to: folder + "/train.txt")
    let path = folder + "/\(words).safetensors"
    try runVerb([
      "train", "lm", "--train", folder + "/train.txt", "--output", path, "--hidden", "6",
      "--layers",
      "1", "--batch", "4", "--bptt", "8", "--steps", "5", "--words", words, "--threads", "1",
    ])
    return path
  }

  @Test("neighbours come nearest first, of unseen words too where words are composed")
  func neighbors() throws {
    try withTemporaryFolder { folder in
      let composed = try model(folder, words: "characters")
      let lines = try runVerb(["neighbors", composed, "cat", "cats", "--count", "3"]).results
        .split(separator: "\n").map(String.init)
      #expect(lines.count == 8)
      #expect(lines[0] == "cat" && lines[4] == "cats (not in the vocabulary)")
      let similarities = lines[5...].compactMap { Double($0.split(separator: " ")[0]) }
      #expect(similarities == similarities.sorted(by: >) && similarities.count == 3)
      let json = try runVerb(["neighbors", composed, "cats", "--count", "2", "--json"]).results
      #expect(json.hasPrefix(#"{"word":"cats","in_vocabulary":false,"neighbors":[{"word":""#))
      let table = try model(folder, words: "lookup")
      #expect(
        failureLine { try runVerb(["neighbors", table, "cats"]) }
          == "\"cats\" is not in the vocabulary of \(table), which looks words up")
    }
  }

  @Test("vectors are the same numbers as TSV, JSON and safetensors")
  func embed() throws {
    try withTemporaryFolder { folder in
      let path = try model(folder, words: "both")
      let tsv = try runVerb(["embed", path, "cat", "cats"]).results
        .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
      #expect(tsv.map(\.[0]) == ["cat", "cats"] && tsv.allSatisfy { $0.count == 13 })
      let json = try runVerb(["embed", path, "cat", "--json"]).results
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      let vector = try #require(object["vector"] as? [Double])
      #expect(vector.map(Float.init) == tsv[0].dropFirst().compactMap { Float($0) })
      try runVerb([
        "embed", path, "cat", "cats", "--format", "safetensors", "--output", folder + "/v",
      ])
      let file = try SafetensorsFile(path: folder + "/v")
      #expect(file.metadata["words"] == #"["cat","cats"]"#)
      let (shape, scalars) = try file.floats("vectors")
      #expect(shape == [2, 12])
      #expect(scalars == tsv.flatMap { $0.dropFirst().compactMap { Float($0) } })
      let all = try runVerb(["embed", path]).results.split(separator: "\n")
      #expect(all.count == 10 && all[0].hasPrefix("<unk>\t"))
      #expect(
        failureLine { try runVerb(["embed", path, "--format", "safetensors"]) }
          == "--format safetensors needs a file to write to: --output FILE")
    }
  }

  @Test("white space in a vocabulary of characters leaves one token a line")
  func whiteSpace() throws {
    try withTemporaryFolder { folder in
      try write(String(repeating: "a b\tc\n", count: 60), to: folder + "/train.txt")
      let path = folder + "/m.safetensors"
      try runVerb([
        "train", "lm", "--train", folder + "/train.txt", "--output", path, "--level", "character",
        "--hidden", "6", "--layers", "1", "--batch", "4", "--bptt", "8", "--steps", "2",
        "--threads", "1",
      ])
      let rows = try runVerb(["embed", path]).results.split(separator: "\n")
        .map { $0.split(separator: "\t").map(String.init) }
      #expect(
        Set(rows.map { $0[0] }) == ["<unk>", "a", "b", "c", "\\u{20}", "\\u{9}", "\\u{a}"])
      #expect(rows.count == 7 && Set(rows.map(\.count)).count == 1)
      let lines = try runVerb(["neighbors", path, "\n"]).results.split(separator: "\n")
      #expect(lines.count == 6 && lines[0] == "\\u{a}")
      #expect(lines.contains { $0.hasSuffix("  \\u{9}") })
      let json = try runVerb(["embed", path, "\n", "--json"]).results
      #expect(json.hasPrefix(#"{"word":"\n","vector":["#))
    }
  }

  @Test("vectors are measured against ratings of pairs")
  func similarity() throws {
    try withTemporaryFolder { folder in
      let path = try model(folder, words: "characters")
      try write("# pairs\ncat\tcats\t9\ncat\tdog\t5\ncat\tking\t1\n", to: folder + "/pairs.tsv")
      let line = try runVerb(["evaluate", path, "--similarity", folder + "/pairs.tsv"]).results
      #expect(line.hasPrefix("pairs.tsv  Spearman's rho "))
      #expect(
        line.contains(" over 3 of 3 pairs, ") && line.hasSuffix(" over the 2 of known words\n"))
      try write("cat\n", to: folder + "/bad.tsv")
      #expect(
        failureLine { try runVerb(["evaluate", path, "--similarity", folder + "/bad.tsv"]) }
          == "\(folder)/bad.tsv:1: expected two words and a number, separated by tabs")
      #expect(
        failureLine { try runVerb(["evaluate", path]) }
          == "no text to predict: unroll evaluate MODEL FILE")
    }
  }

  @Test("what does not go with composed words is refused")
  func refusals() throws {
    try withTemporaryFolder { folder in
      try write("a b c\n", to: folder + "/t")
      func refused(_ flags: String...) -> String? {
        failureLine {
          try runVerb(["train", "lm", "--train", folder + "/t", "--output", folder + "/m"] + flags)
        }
      }
      #expect(
        refused("--words", "characters", "--tie")
          == "--tie needs words that are only looked up: --words lookup")
      #expect(
        refused("--words", "both", "--level", "character")
          == "--words both composes words, and --level is character")
      #expect(
        refused("--character-hidden", "9")
          == "--character-hidden goes with --words characters or both")
      #expect(
        refused("--words", "characters", "--character-output", "9")
          == "--character-output goes with --words both; composed words have --embedding features")
    }
  }
}
