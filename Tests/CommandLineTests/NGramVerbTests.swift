import ArgumentParser
import Foundation
import Testing

@testable import unroll

@Suite("n-gram verbs")
struct NGramVerbTests {
  private let text = (0..<60).map {
    "the \(["cat", "dog", "bird"][$0 % 3]) \(["sees", "hears"][$0 % 2]) a \(["fish", "king"][$0 % 2])\n"
  }.joined()

  /// Runs a command, in which `@` stands for the folder; gives its results.
  @discardableResult
  private func unroll(_ command: String, in folder: String) throws -> String {
    let arguments = command.replacing("@", with: folder + "/").split(separator: " ")
    let captured = CapturedConsole()
    switch try Unroll.parseAsRoot(arguments.map(String.init) + ["--threads", "1"]) {
    case let verb as TrainLM: try verb.run(captured.console)
    case let verb as TrainNGram: try verb.run(captured.console)
    case let verb as Evaluate: try verb.run(captured.console)
    case let verb as Score: try verb.run(captured.console)
    case let verb as Inspect: try verb.run(captured.console)
    case var other: try other.run()
    }
    return captured.results
  }

  private func members(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  private func prepare(_ folder: String) throws {
    try write(text, to: folder + "/train.txt")
    try write("the cat hears a king\nno cat sees a fish\n", to: folder + "/test.txt")
    try unroll(
      "train lm --train @train.txt --output @lm.safetensors --hidden 8 --layers 1 --batch 4 --bptt 10 "
        + "--steps 20 --learning-rate 0.02 --vocabulary-size 9", in: folder)
  }

  @Test("a model is trained, judged, scored and shown")
  func model() throws {
    try withTemporaryFolder { folder in
      try prepare(folder)
      let trained = try members(
        unroll("train ngram --train @train.txt --output @m.arpa --order 3 --json", in: folder))
      #expect(trained["order"] as? Int == 3 && trained["level"] as? String == "word")
      #expect((trained["ngrams"] as? [Int])?.count == 3 && trained["vocabulary"] as? Int == 11)
      let said = try unroll("train ngram --train @train.txt --output @m.arpa --order 3", in: folder)
      #expect(
        said.contains("m.arpa: ") && said.contains("n-grams of up to 3 words (vocabulary 11)"))

      let evaluated = try members(unroll("evaluate @m.arpa @test.txt --json", in: folder))
      #expect(evaluated["tokens"] as? Int == 12 && evaluated["unknown_tokens"] as? Int == 1)
      let entropy = try #require(evaluated["cross_entropy"] as? Double)
      let perplexity = try #require(evaluated["perplexity"] as? Double)
      #expect(abs(exp(entropy) - perplexity) < 1e-9 * perplexity)
      #expect(evaluated["mixture_perplexity"] == nil)
      #expect(try unroll("evaluate @m.arpa @test.txt", in: folder).contains("1 of them not in"))

      let scores = try unroll("score @m.arpa @test.txt --json --tokens", in: folder)
        .split(separator: "\n").map { try members(String($0)) }
      #expect(scores.map { ($0["tokens"] as? [Any])?.count } == [6, 6])
      let shown = try unroll("inspect @m.arpa", in: folder)
      for part in ["words, up to 3 at a time", "unit        stream", "2-grams", "\"<unk>\""] {
        #expect(shown.contains(part), "\(part)")
      }
      let inspected = try members(unroll("inspect @m.arpa --json", in: folder))
      #expect((inspected["ngrams"] as? [Int]) == (trained["ngrams"] as? [Int]))

      try unroll(
        "train ngram --train @train.txt @test.txt --output @c.arpa --level character --unit sentence "
          + "--vocabulary-size 12", in: folder)
      let characters = try members(unroll("evaluate @c.arpa @test.txt --json", in: folder))
      #expect(characters["tokens"] as? Int == 40 && characters["bits_per_character"] is Double)
    }
  }

  @Test("a net and n-grams of its vocabulary are mixed, with a weight given or tuned")
  func mixture() throws {
    try withTemporaryFolder { folder in
      try prepare(folder)
      try unroll(
        "train ngram --train @train.txt --output @m.arpa --vocabulary @lm.safetensors", in: folder)
      func evaluate(_ model: String, _ flags: String = "") throws -> [String: Any] {
        try members(unroll("evaluate @\(model) @test.txt --json \(flags)", in: folder))
      }
      let (neural, ngrams) = (try evaluate("lm.safetensors"), try evaluate("m.arpa"))
      let mixed = try evaluate("lm.safetensors", "--interpolate @m.arpa")
      #expect(mixed["perplexity"] as? Double == neural["perplexity"] as? Double)
      let alone = try #require(ngrams["cross_entropy"] as? Double)
      #expect(abs((mixed["ngram_cross_entropy"] as? Double ?? 0) - alone) < 1e-9)
      #expect(mixed["ngram_weight"] as? Double == 0.5)
      let half = try #require(mixed["mixture_perplexity"] as? Double)

      for (weight, other) in [("0", neural), ("1", mixed)] {
        let found = try evaluate("lm.safetensors", "--interpolate @m.arpa --weight \(weight)")
        let key = weight == "0" ? "perplexity" : "ngram_perplexity"
        #expect(found["mixture_perplexity"] as? Double == other[key] as? Double)
      }
      let tuned = try evaluate("lm.safetensors", "--interpolate @m.arpa --tune @test.txt")
      #expect((tuned["mixture_perplexity"] as? Double ?? .nan) <= half)
      let weight = try #require(tuned["ngram_weight"] as? Double)
      #expect(weight > 0 && weight < 1)
      let said = try unroll(
        "evaluate @lm.safetensors @test.txt --interpolate @m.arpa", in: folder)
      #expect(said.contains("with the n-grams    perplexity ") && said.contains("weight 0.5000;"))
    }
  }

  @Test("a fault in a text is told with its file, beside a neural model too")
  func faultyTexts() throws {
    try withTemporaryFolder { folder in
      try write(text, to: folder + "/train.txt")
      try write("a\n<s> b\n", to: folder + "/start.txt")
      try unroll(
        "train lm --train @train.txt --output @lm.safetensors --unit sentence --hidden 4 --layers 1 "
          + "--batch 4 --steps 1", in: folder)
      try unroll(
        "train ngram --train @train.txt --output @m.arpa --order 2 --vocabulary @lm.safetensors",
        in: folder)
      let fault =
        "\(folder)/start.txt: line 2 spells out <s>, which begins a sentence and stands nowhere within one"
      for texts in ["@start.txt", "@train.txt --tune @start.txt"] {
        let line = failureLine {
          try unroll("evaluate @lm.safetensors --interpolate @m.arpa \(texts)", in: folder)
        }
        #expect(line == fault, "\(texts)")
      }
    }
  }

  @Test("a mistake is one line, and what was there stays whole")
  func mistakes() throws {
    try withTemporaryFolder { folder in
      try prepare(folder)
      try unroll("train ngram --train @train.txt --output @m.arpa --order 2", in: folder)
      try unroll(
        "train ngram --train @train.txt --output @s.arpa --unit sentence", in: folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: folder + "/m.arpa"))
      try write("", to: folder + "/empty.txt")
      try write("a\n<s> b\n", to: folder + "/start.txt")
      try write("\\data\\\nngram 1=x\n", to: folder + "/bad.arpa")

      func refuses(_ part: String, _ command: String) {
        let line = failureLine { try unroll(command, in: folder) }
        #expect(
          line?.contains(part.replacing("@", with: folder + "/")) == true,
          "\(command): \(line ?? "accepted")")
        #expect(line?.contains("\n") == false)
      }
      let train = "train ngram --output @m.arpa --train @train.txt"
      refuses("--train FILE", "train ngram --output @x.arpa")
      refuses("--output FILE", "train ngram --train @train.txt")
      refuses("--order is 0; expected an integer from 1 to 20", "\(train) --order 0")
      refuses("--min-count is 0", "\(train) --min-count 0")
      refuses("leaves no room", "\(train) --vocabulary-size 2")
      refuses("--min-count would", "\(train) --vocabulary @lm.safetensors --min-count 2")
      refuses("--level would", "\(train) --vocabulary @lm.safetensors --level word")
      refuses("n-gram model (ARPA)", "\(train) --vocabulary @s.arpa")
      refuses("empty.txt is empty", "train ngram --output @m.arpa --train @empty.txt")
      refuses("nowhere", "train ngram --output @nowhere/m.arpa --train @train.txt")
      refuses("is a text of --train", "train ngram --output @train.txt --train @train.txt")
      refuses(
        "start.txt: line 2 spells out <s>",
        "train ngram --output @m.arpa --train @start.txt --unit sentence")
      refuses("start.txt: line 2 spells out <s>", "evaluate @s.arpa @start.txt")
      refuses("bad.arpa:2: expected", "evaluate @bad.arpa @test.txt")
      refuses("empty.txt is empty", "evaluate @m.arpa @empty.txt")
      refuses("--cache goes with a neural model", "evaluate @m.arpa @test.txt --cache")
      refuses(
        "--interpolate goes with a neural model",
        "evaluate @m.arpa @test.txt --interpolate @s.arpa")
      let evaluate = "evaluate @lm.safetensors @test.txt"
      refuses("--weight goes with --interpolate", "\(evaluate) --weight 0.5")
      refuses("--tune goes with --interpolate", "\(evaluate) --tune @test.txt")
      refuses(
        "--tune chooses the weight",
        "\(evaluate) --interpolate @m.arpa --tune @test.txt --weight 0.5")
      refuses("--weight is 1.5; expected", "\(evaluate) --interpolate @m.arpa --weight 1.5")
      refuses("m.arpa: the n-grams have another vocabulary", "\(evaluate) --interpolate @m.arpa")
      refuses("s.arpa: the n-grams are of unit sentence", "\(evaluate) --interpolate @s.arpa")
      refuses("bad.arpa:2: ", "\(evaluate) --interpolate @bad.arpa")
      refuses("not a valid safetensors file", "evaluate @train.txt @test.txt")
      refuses("n-gram model (ARPA)", "generate @m.arpa")
      refuses("n-gram model (ARPA)", "convert @m.arpa --output @x.safetensors")
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/m.arpa")) == before)
    }
  }
}
