import ArgumentParser
import Foundation
import Recurrent
import Tensors
import Testing

@testable import unroll

/// The verbs as their users meet them: arguments in, text out.
@Suite("Verbs")
struct VerbTests {
  private let sentences = (0..<80).map {
    "the \(["cat", "dog", "bird"][$0 % 3]) \(["sees", "hears"][$0 % 2]) a \(["fish", "king"][$0 % 2])\n"
  }.joined()

  /// Parses and runs a command; gives what it printed.
  @discardableResult
  private func unroll(_ arguments: String..., in folder: String = "") throws -> (
    results: String, messages: String
  ) {
    let arguments = arguments.map { $0.replacing("@", with: folder + "/") } + ["--threads", "1"]
    return try runVerb(arguments)
  }

  private func members(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  /// Trains a tiny model of words into `folder`.
  private func train(_ folder: String, _ flags: String...) throws -> String {
    try write(sentences, to: folder + "/train.txt")
    var arguments = [
      "train", "lm", "--train", folder + "/train.txt", "--output", folder + "/model.safetensors",
      "--hidden", "8", "--layers", "1", "--batch", "4", "--epochs", "1", "--learning-rate", "0.02",
      "--threads", "1",
    ]
    if !flags.contains("sentence") { arguments += ["--bptt", "10"] }
    arguments += flags.map { $0.replacing("@", with: folder + "/") }
    let captured = CapturedConsole()
    let verb = try #require(try Unroll.parseAsRoot(arguments) as? TrainLM)
    try verb.run(captured.console)
    return captured.results
  }

  @Test("a model of words is trained, judged, sampled, scored and shown")
  func words() throws {
    try withTemporaryFolder { folder in
      let trained = try members(train(folder, "--valid", "@train.txt", "--json"))
      #expect(trained["steps"] as? Int == 12 && trained["end"] as? String == "complete")
      #expect(!FileManager.default.fileExists(atPath: folder + "/model.safetensors.checkpoint"))

      let evaluated = try members(
        unroll("evaluate", "@model.safetensors", "@train.txt", "--json", in: folder).results)
      // Five words and a line's end, 80 times.
      #expect(evaluated["tokens"] as? Int == 480)
      #expect(evaluated["bits_per_character"] == nil)
      #expect(evaluated["cache_perplexity"] == nil)
      let cached = try members(
        unroll(
          "evaluate", "@model.safetensors", "@train.txt", "--json", "--cache", "--cache-size",
          "100", "--cache-tune", "@train.txt", in: folder
        ).results)
      #expect(cached["perplexity"] as? Double == evaluated["perplexity"] as? Double)
      #expect((cached["cache_perplexity"] as? Double ?? 0) > 1)
      #expect(cached["cache_size"] as? Int == 100)
      let entropy = try #require(evaluated["cross_entropy"] as? Double)
      let perplexity = try #require(evaluated["perplexity"] as? Double)
      #expect(abs(exp(entropy) - perplexity) < 1e-9 * perplexity)
      // The model that was kept is the one that the last line of the training spoke of.
      let validated = try #require(trained["validation_loss"] as? Double)
      #expect(abs(validated - entropy) < 1e-9)

      let first = try unroll(
        "generate", "@model.safetensors", "--prompt", "the cat", "--length", "12", in: folder)
      let again = try unroll(
        "generate", "@model.safetensors", "--prompt", "the cat", "--length", "12", in: folder)
      #expect(first.results == again.results && first.results.hasPrefix("the cat"))
      let json = try members(
        unroll(
          "generate", "@model.safetensors", "--prompt", "the cat", "--length", "12", "--json",
          in: folder
        ).results)
      #expect("the cat" + (json["text"] as? String ?? "") + "\n" == first.results)

      try write("the cat\r\n\nunheard of", to: folder + "/lines.txt")
      let scores = try unroll(
        "score", "@model.safetensors", "@lines.txt", "--tokens", "--json", in: folder
      ).results.split(separator: "\n").map { try members(String($0)) }
      #expect(scores.map { $0["text"] as? String } == ["the cat", "", "unheard of"])
      for (score, count) in zip(scores, [3, 1, 3]) {
        let tokens = try #require(score["tokens"] as? [[String: Any]])
        #expect(tokens.count == count)
        let sum = tokens.reduce(0) { $0 + ($1["log_probability"] as? Double ?? .nan) }
        #expect(abs(sum - (score["log_probability"] as? Double ?? 0)) < 1e-9)
      }
      let plain = try unroll("score", "@model.safetensors", "@lines.txt", in: folder).results
      #expect(plain.split(separator: "\n").count == 3)

      let shown = try unroll("inspect", "@model.safetensors", in: folder).results
      for part in [
        "a word-level LSTM, 1 layer of 8 units", "rnn.weight_hh_l0", "32 x 8", "--hidden 8",
        "\"<unk>\"",
      ] { #expect(shown.contains(part), "\(part)") }
      let inspected = try members(
        unroll("inspect", "@model.safetensors", "--json", in: folder).results)
      let tensors = try #require(inspected["tensors"] as? [[String: Any]])
      let total = tensors.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) }
      #expect(inspected["parameters"] as? Int == total)

      let converted = try members(
        unroll(
          "convert", "@model.safetensors", "--output", "@half.safetensors", "--json", in: folder
        )
        .results)
      #expect(converted["parameters"] as? Int == total)
      let (bytes, before) = (
        converted["bytes"] as? Int ?? 0, converted["bytes_before"] as? Int ?? 0
      )
      #expect(before - bytes == 2 * total)
      let perplexities = try ["@model.safetensors", "@half.safetensors"].map {
        try members(unroll("evaluate", $0, "@train.txt", "--json", in: folder).results)[
          "perplexity"]
          as? Double ?? .nan
      }
      #expect(abs(perplexities[0] / perplexities[1] - 1) < 1e-3)
    }
  }

  @Test("characters by a configuration file, and sentences with tied weights")
  func otherKinds() throws {
    try withTemporaryFolder { folder in
      try write("level: character\ncell: gru\nhidden: 999\nsteps: 3\n", to: folder + "/a.yaml")
      _ = try train(folder, "--config", "@a.yaml")
      let characters = try members(
        unroll("evaluate", "@model.safetensors", "@train.txt", "--json", in: folder).results)
      #expect(characters["tokens"] as? Int == sentences.unicodeScalars.count)
      #expect(characters["bits_per_character"] is Double)

      _ = try train(folder, "--unit", "sentence", "--tie", "--cell", "rnn", "--steps", "3")
      let sentences = try members(
        unroll("evaluate", "@model.safetensors", "@train.txt", "--json", in: folder).results)
      #expect(sentences["tokens"] as? Int == 480)
    }
  }

  @Test("the same seed gives the same file, another seed another one")
  func determinism() throws {
    let models = try ["1", "1", "2"].map { seed in
      try withTemporaryFolder { folder in
        _ = try train(folder, "--seed", seed, "--dropout", "0.3", "--steps", "4")
        return try Data(contentsOf: URL(fileURLWithPath: folder + "/model.safetensors"))
      }
    }
    #expect(models[0] == models[1])
    #expect(models[0] != models[2])
  }

  @Test("a mistake is one line, and what was there stays whole")
  func mistakes() throws {
    try withTemporaryFolder { folder in
      _ = try train(folder, "--steps", "1")
      let model = folder + "/model.safetensors"
      let before = try Data(contentsOf: URL(fileURLWithPath: model))
      try write("", to: folder + "/empty.txt")
      try write("word", to: folder + "/short.txt")
      try write([0x63, 0xE9, 0x0A], to: folder + "/latin.txt")
      try write(Array(before.prefix(1000)), to: folder + "/cut.safetensors")

      func refuses(_ pattern: String, _ arguments: String...) {
        let line = failureLine {
          var verb = try Unroll.parseAsRoot(
            arguments.map { $0.replacing("@", with: folder + "/") } + ["--threads", "1"])
          try verb.run()
        }
        #expect(line?.contains(pattern) == true, "\(arguments): \(line ?? "accepted")")
        #expect(line?.contains("\n") == false)
      }
      let lm = ["train", "lm", "--output", "@model.safetensors", "--hidden", "4", "--train"]
      func refusesTraining(_ pattern: String, _ arguments: String...) {
        let line = failureLine {
          var verb = try Unroll.parseAsRoot(
            (lm + arguments).map { $0.replacing("@", with: folder + "/") })
          try verb.run()
        }
        #expect(line?.contains(pattern) == true, "\(arguments): \(line ?? "accepted")")
      }
      refusesTraining("empty.txt is empty", "@empty.txt")
      refusesTraining("short.txt: the text has 2 tokens", "@short.txt")
      refusesTraining("latin.txt:1", "@latin.txt")
      refusesTraining("none.txt", "@none.txt")
      refusesTraining("too few for a batch of 5000", "@train.txt", "--batch", "5000")
      refusesTraining("nowhere", "@train.txt", "--output", "@nowhere/model.safetensors")
      refusesTraining("--hidden is 0", "@train.txt", "--hidden", "0")
      refusesTraining("checkpoint", "@train.txt", "--resume")
      refusesTraining("--valid FILE", "@train.txt", "--valid-every", "3")
      refusesTraining(
        "--optimizer nt-asgd averages once validation stops to improve, so it needs a text to "
          + "validate on: --valid FILE", "@train.txt", "--optimizer", "nt-asgd")
      refusesTraining("--average-after averages", "@train.txt", "--average-after", "3")
      refuses("--train FILE", "train", "lm", "--output", "@x.safetensors")
      refuses("--output FILE", "train", "lm", "--train", "@train.txt")
      refuses("cut.safetensors", "evaluate", "@cut.safetensors", "@train.txt")
      refuses("train.txt", "inspect", "@train.txt")
      refuses("--output FILE", "convert", "@model.safetensors")
      refuses("train.txt", "convert", "@train.txt", "--output", "@half.safetensors")
      refuses("empty.txt is empty", "evaluate", "@model.safetensors", "@empty.txt")
      refuses("--temperature is -1.0", "generate", "@model.safetensors", "--temperature", "-1")
      refuses("--top-p is 0.0", "generate", "@model.safetensors", "--top-p", "0")
      refuses("--top-k is 0", "generate", "@model.safetensors", "--top-k", "0")
      refuses("--length is 0", "generate", "@model.safetensors", "--length", "0")
      refuses("train.txt", "gradients", "@train.txt", "@train.txt")
      refuses("none.txt", "gradients", "@model.safetensors", "@none.txt")
      refuses("empty.txt is empty", "gradients", "@model.safetensors", "@empty.txt")
      refuses("short.txt: the text has 2 tokens", "gradients", "@model.safetensors", "@short.txt")
      refuses("--steps is 0", "gradients", "@model.safetensors", "@train.txt", "--steps", "0")
      refuses(
        "nowhere", "gradients", "@model.safetensors", "@train.txt", "--html", "@nowhere/page.html")
      refusesTraining("--log FILE", "@train.txt", "--gradient-flow", "3")
      refuses("none.txt", "score", "@model.safetensors", "@none.txt")
      refuses("latin.txt:1", "score", "@model.safetensors", "@latin.txt")
      refuses(
        "--cache-size goes with --cache", "evaluate", "@model.safetensors", "@train.txt",
        "--cache-size", "9")
      refuses(
        "--cache-weight is 1.0", "evaluate", "@model.safetensors", "@train.txt", "--cache",
        "--cache-weight", "1")
      refuses(
        "--cache-tune chooses", "evaluate", "@model.safetensors", "@train.txt", "--cache",
        "--cache-tune", "@train.txt", "--cache-flatness", "1")
      refuses(
        "none.txt", "evaluate", "@model.safetensors", "@train.txt", "--cache", "--cache-tune",
        "@none.txt")
      refuses(
        "--cache-flatness is 1e+30; expected a number from 0 to 1000", "evaluate",
        "@model.safetensors", "@train.txt", "--cache", "--cache-flatness", "1e30")
      refuses("hidden is 0", "bench", "cells", "--hidden", "0")
      refuses(
        "hidden is 4096; expected an integer from 1 to 2048", "bench", "cells", "--hidden", "4096")
      refuses("expected one of lm-small", "bench", "train", "--shape", "huge")
      #expect(try Data(contentsOf: URL(fileURLWithPath: model)) == before)
    }
  }

  @Test("an output that is an input or another output is refused, by whatever path it is called")
  func sharedFiles() throws {
    try withTemporaryFolder { folder in
      _ = try train(folder, "--steps", "1")
      let model = folder + "/model.safetensors"
      let before = try Data(contentsOf: URL(fileURLWithPath: model))
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: folder + "/train.txt")
      try write("hidden: 4\n", to: folder + "/run.yaml")

      func refuses(_ expected: String, _ command: String) {
        let arguments = command.replacing("@", with: folder + "/").split(separator: " ")
        let line = failureLine {
          var verb = try Unroll.parseAsRoot(arguments.map(String.init))
          try verb.run()
        }
        #expect(
          line == expected.replacing("@", with: folder + "/") + "; expected a file of its own")
      }
      let lm = "train lm --train @train.txt --output"
      refuses("--output @train.txt is a text of --train", "\(lm) @train.txt")
      refuses("--output @link is a text of --train", "\(lm) @link")
      refuses("--output @./train.txt is a text of --train", "\(lm) @./train.txt")
      refuses("--log @train.txt is a text of --train", "\(lm) @new --log @train.txt")
      refuses(
        "--log @run.yaml is the file of --config", "\(lm) @new --log @run.yaml --config @run.yaml")
      refuses("--log @new is the file of --output too", "\(lm) @new --log @new")
      refuses(
        "--log @model.safetensors is the text of --valid",
        "\(lm) @new --valid @model.safetensors --log @model.safetensors")
      let gradients = "gradients @model.safetensors @train.txt --html"
      refuses(
        "--html @model.safetensors is the model that is read", "\(gradients) @model.safetensors")
      refuses("--html @link is the text that is read", "\(gradients) @link")
      #expect(try String(contentsOfFile: folder + "/train.txt", encoding: .utf8) == sentences)
      #expect(try Data(contentsOf: URL(fileURLWithPath: model)) == before)
      #expect(!FileManager.default.fileExists(atPath: folder + "/new"))

      // Nothing in a device can be lost.
      #expect(FileIdentity(path: "/dev/null") == nil)

      let converted = try members(
        unroll(
          "convert", "@model.safetensors", "--output", "@model.safetensors", "--json", in: folder
        ).results)
      #expect(converted["bytes_before"] as? Int == before.count)
      #expect((converted["bytes"] as? Int ?? 0) < before.count)
    }
  }

  @Test("inspect shows skips and the start, and its recipe is one that train lm takes")
  func inspected() throws {
    try withTemporaryFolder { folder in
      _ = try train(
        folder, "--steps", "1", "--layers", "2", "--skip", "residual", "--learn-initial-state",
        "--cell", "gru")
      let text = try unroll("inspect", "@model.safetensors", in: folder).results
      #expect(text.contains("skips       residual") && text.contains("start       a learned state"))
      #expect(text.contains("training      1 step, "))
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("  recipe") })
      #expect(line.contains("--learn-initial-state --") && !line.contains("--tie"))
      let recipe = line.split(separator: " ").dropFirst().map(String.init)
      var settings = Settings(file: nil)
      let parsed = try TrainLM.parse(recipe).recipe(&settings, seed: 1)
      #expect(parsed.configuration.learnsInitialState && parsed.configuration.cell == .gru)
    }
  }

  @Test("gradients are told as tables, as JSON and as a page, and logged while training")
  func gradients() throws {
    try withTemporaryFolder { folder in
      _ = try train(
        folder, "--layers", "2", "--steps", "6", "--log", "@log.jsonl", "--gradient-flow", "3")
      let lines = try String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8)
        .split(separator: "\n").map { try members(String($0)) }
      let flows = lines.filter { $0["event"] as? String == "gradient_flow" }
      #expect(flows.map { $0["step"] as? Int } == [0, 3, 6])
      for flow in flows {
        let layers = try #require(flow["layers"] as? [[String: Any]])
        #expect(layers.count == 2)
        for layer in layers {
          let norms = try #require(layer["norms"] as? [String: [Double]])
          #expect(norms["h"]?.count == 10 && norms["c"]?.count == 10)
          let gates = try #require(layer["gates"] as? [String: [Double]])
          #expect(gates.keys.sorted() == ["forget", "input", "output"])
        }
        #expect((flow["matrices"] as? [[String: Any]])?.count == 8)
      }

      let text = try unroll(
        "gradients", "@model.safetensors", "@train.txt", "--steps", "12", "--batch", "2", "--last",
        "--html", "@page.html", in: folder
      ).results
      for part in [
        "2 sequences of 12 steps, loss of the last step", "gate activations",
        "weight_hh_l1 forget", "2  whole state", "page.html",
      ] { #expect(text.contains(part), "\(part)") }
      let page = try String(contentsOfFile: folder + "/page.html", encoding: .utf8)
      #expect(markupFault(in: page) == nil)
      for part in [
        "Layers by time", "Eigenvalues of rnn.weight_hh_l0", "prefers-color-scheme: dark",
      ] {
        #expect(page.contains(part), "\(part)")
      }
      for word in ["\"nan", "\"inf", ">nan"] { #expect(!page.contains(word)) }

      let json = try members(
        unroll(
          "gradients", "@model.safetensors", "@train.txt", "--steps", "12", "--json", in: folder
        ).results)
      #expect(json["loss_of"] as? String == "all" && json["steps"] as? Int == 12)
      let layers = try #require(json["layers"] as? [[String: Any]])
      let parts = try #require(layers.first?["parts"] as? [[String: Any]])
      #expect(parts.map { $0["name"] as? String } == ["h", "c"])
      #expect(parts.allSatisfy { ($0["norms"] as? [Double])?.count == 12 })
      let jacobians = try #require(layers.first?["jacobians"] as? [[String: Any]])
      #expect(jacobians.map { $0["distance"] as? Int } == [1, 2, 5, 10])
      #expect((json["recurrent_matrices"] as? [[String: Any]])?.count == 8)

      // One step, one unit of time: nothing to draw a line through, and still a page.
      _ = try train(folder, "--cell", "rnn", "--unit", "sentence", "--steps", "1")
      _ = try unroll(
        "gradients", "@model.safetensors", "@train.txt", "--steps", "1", "--html", "@one.html",
        in: folder)
      #expect(
        markupFault(in: try String(contentsOfFile: folder + "/one.html", encoding: .utf8)) == nil)
    }
  }

  @Test("the benchmarks give what they promise")
  func bench() throws {
    let train = try members(
      unroll("bench", "train", "--shape", "tiny", "--seconds", "0.02", "--json").results)
    #expect(train["name"] as? String == "tiny" && train["threads"] as? Int == 1)
    for key in ["tokens_per_second", "fraction_of_peak", "peak_memory_mb"] {
      #expect((train[key] as? Double ?? 0) > 0, "\(key)")
    }
    let steps = try unroll("bench", "step", "--shape", "tiny", "--seconds", "0.02", "--json")
      .results.split(separator: "\n").map { try members(String($0)) }
    #expect(steps.map { $0["batch"] as? Int } == [1, 8])
    #expect(steps.allSatisfy { ($0["microseconds"] as? Double ?? 0) > 0 })
  }

  @Test("every cell is timed against the plain one of its family")
  func benchCells() throws {
    let lines = try unroll("bench", "cells", "--hidden", "8", "--seconds", "0.002", "--json")
      .results.split(separator: "\n").map { try members(String($0)) }
    #expect(lines.count == CellKind.allCases.count + 1)
    #expect(lines.allSatisfy { ($0["tokens_per_second"] as? Double ?? 0) > 0 })
    for line in lines where line["name"] as? String == line["of"] as? String {
      #expect(line["times"] as? Double == 1)
    }
    let plain = lines.last
    #expect(plain?["name"] as? String == "lstm, plain operations")
    #expect(plain?["of"] as? String == "lstm")
  }

  @Test("the LSTM of plain operations is the LSTM")
  func plainLSTM() {
    let plain = PlainLSTMCell(inputSize: 3, hiddenSize: 5, key: RandomKey(seed: 1))
    let fused = LSTMCell(inputSize: 3, hiddenSize: 5, key: RandomKey(seed: 2))
    for (own, other) in zip(fused.parameters, plain.parameters) { own.value = other.value }
    let inputs = Variable(RandomKey(seed: 3).normal([7, 2, 3]))
    let (found, expected) = (
      plain.run(inputs, lengths: nil, from: nil, mode: .prediction).outputs.value.scalars,
      fused.run(inputs, lengths: nil, from: nil, mode: .prediction).outputs.value.scalars
    )
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("operations are counted by hand for one shape")
  func operations() {
    // Two layers of 4·3·(2 + 3) and 4·3·(3 + 3), output 3·7; 2 streams of 5 steps; 2·3 each.
    let shape = TrainShape("x", .lstm, 7, 2, 3, 2, 2, 5)
    #expect(shape.operationsPerStep == Double(6 * 10 * (60 + 72 + 21)))
    #expect(middle(of: [3, 1, 2]) == 2 && middle(of: [4, 1, 2, 3]) == 2.5)
  }

  @Test("the demo learns a small folder and leaves a model, a report and commands that parse")
  func demo() throws {
    try withTemporaryFolder { folder in
      try write(String(repeating: sentences, count: 6), to: folder + "/text/a.txt")
      let results = try members(
        unroll(
          "demo", "@text", "--tiny", "--minutes", "0.005", "--output", "@out", "--json", in: folder
        ).results)
      #expect((results["perplexity"] as? Double ?? 0) > 1)
      let html = try String(contentsOfFile: folder + "/out/report.html", encoding: .utf8)
      #expect(html.contains("<svg") && html.contains("trigram"))
      let commands = try #require(results["commands"] as? [String])
      #expect(commands.count == 3)
      for command in commands {
        _ = try Unroll.parseAsRoot(
          Array(command.split(separator: " ").dropFirst().map(String.init)))
      }
      _ = try unroll("evaluate", "@out/model.safetensors", "@text/a.txt", in: folder)
    }
  }
}
