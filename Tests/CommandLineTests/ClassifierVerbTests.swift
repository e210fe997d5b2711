import Corpora
import Foundation
import Models
import Testing

@testable import unroll

@Suite("Verbs of classifiers and forecasters")
struct ClassifierVerbTests {
  @Test("a classifier of texts is trained, inspected, evaluated, and asked")
  func texts() throws {
    try withTemporaryFolder { folder in
      let lines = (0..<60).map { index in
        index % 3 == 0 ? "good\tthe film is good w\(index)" : "bad\ta bad film w\(index % 4)"
      }
      let (train, path) = (folder + "/train.tsv", folder + "/model.safetensors")
      try write(lines.joined(separator: "\n") + "\n", to: train)
      let told = try runVerb([
        "train", "classifier", "--train", train, "--valid-share", "0.25", "--output", path,
        "--hidden", "8", "--embedding", "6", "--cell", "window", "--window", "2", "--pooling",
        "attention", "--attention", "4", "--class-weights", "balanced", "--learning-rate", "0.03",
        "--dropout", "0.1", "--dropout-words", "0.2", "--epochs", "8", "--batch", "4",
        "--lowercase",
        "--threads", "1",
      ])
      #expect(told.results.hasPrefix("\(path): validation accuracy 100"))
      #expect(told.messages.contains("feed-forward net over a window of 2"))

      let json = try runVerb(["evaluate", path, train, "--json"]).results
      let found = try #require(
        try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      #expect(try #require(found["accuracy"] as? Double) > 0.9 && found["cases"] as? Int == 60)
      let confusion = try #require(found["confusion"] as? [[Int]])
      #expect(confusion.map { $0.reduce(0, +) } == [40, 20])
      let table = try runVerb(["evaluate", path, train]).results
      #expect(table.contains("accuracy            ") && table.contains("is \\ called"))

      let texts = folder + "/texts.txt"
      try write(
        "GOOD film\n\nbad w1\n" + String(repeating: "x", count: 100_000) + "\n", to: texts)
      let answers = try runVerb(["classify", path, texts]).results
        .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
      #expect(answers.count == 4 && answers[0][0] == "good" && answers[2][0] == "bad")
      let two = try runVerb(["classify", path, texts, "--top", "2", "--json"]).results
        .split(separator: "\n")
      #expect(two.count == 4 && two[0].hasPrefix(#"{"label":"good","probability":0."#))
      let inspected = try runVerb(["inspect", path]).results
      for part in [
        "classifier: a bidirectional feed-forward net", "reads       words",
        "summary     attention", "--window 2", "--class-weights balanced", "kept ",
      ] { #expect(inspected.contains(part), "\(part)") }
      let object = try runVerb(["inspect", path, "--json"]).results
      #expect(object.contains(#""pooling":"attention""#))

      let unseen = folder + "/unseen.tsv"
      try write("good\tx\nodd\ty\n", to: unseen)
      #expect(
        failureLine { try runVerb(["evaluate", path, unseen]) }
          == "\(unseen):2: the label \"odd\" does not occur in the training data, expected one of its 2"
      )
      #expect(
        failureLine { try runVerb(["generate", path]) }?.contains("classifier") == true)
      try runVerb(["convert", path, "--output", folder + "/half.safetensors"])
      #expect(
        try runVerb(["classify", folder + "/half.safetensors", texts]).results
          .split(separator: "\n").count == 4)
    }
  }

  @Test("series are regressed and asked, and what is wrong in them is named")
  func series() throws {
    try withTemporaryFolder { folder in
      let head = "@univariate false\n@dimensions 2\n@targetlabel true\n@data\n"
      let rows = (0..<20).map { "\($0),\($0 + 1):5,\($0 % 3):\(3 * $0)" }
      let (train, path) = (folder + "/train.ts", folder + "/model.safetensors")
      try write(head + rows.joined(separator: "\n") + "\n", to: train)
      let told = try runVerb([
        "train", "classifier", "--train", train, "--valid", train, "--output", path, "--target",
        "number", "--hidden", "6", "--cell", "gru", "--pooling", "last", "--one-direction",
        "--dropout", "0", "--learning-rate", "0.03", "--epochs", "20", "--judge", "loss",
        "--threads", "1",
      ]).results
      #expect(told.hasPrefix("\(path): validation loss 0.0"))
      #expect(try runVerb(["evaluate", path, train]).results.contains("R²                  0.9"))
      let values = try runVerb(["classify", path, train]).results.split(separator: "\n")
      #expect(values.count == 20 && values.allSatisfy { Double($0) != nil })
      // What labels say is not looked at.
      let unlabelled = folder + "/unlabelled.ts"
      try write(
        "@dimensions 2\n@classLabel true a\n@data\n"
          + rows.map { $0.split(separator: ":").prefix(2).joined(separator: ":") + ":?\n" }
          .joined(), to: unlabelled)
      #expect(
        try runVerb(["classify", path, unlabelled]).results.split(separator: "\n") == values)
      let table = folder + "/table.csv"
      try write("case,label,x,y\n1,a,0,5\n1,b,1,0\n", to: table)
      #expect(
        try runVerb(["classify", path, table]).results.split(separator: "\n") == [values[0]])
      try withheld(path, head + rows[0] + "\n# a comment\n\n", rows[1], in: folder)
      for (row, fault) in [
        ("1,2:3:4", "dimension 2 has 1 value, expected 2 as in dimension 1"),
        ("1,2:3,nan:4", "dimension 2: value 2 is missing (\"nan\"), expected a number"),
      ] {
        let bad = folder + "/bad.ts"
        try write(head + row + "\n", to: bad)
        #expect(failureLine { try runVerb(["classify", path, bad]) } == "\(bad):5: \(fault)")
      }
      #expect(
        failureLine { try runVerb(["classify", path, train, "--top", "2"]) }?
          .contains("says a number") == true)
    }
  }

  /// What stands before a comment is answered before anything stands behind it.
  private func withheld(
    _ model: String, _ first: String, _ last: String, in folder: String
  ) throws {
    let pipe = folder + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    // For reading too, so that it opens before anybody reads.
    let file = open(pipe, O_RDWR)
    try #require(file >= 0)
    let captured = CapturedConsole()
    let console = captured.console
    Thread {
      _ = try? (Unroll.parseAsRoot(["classify", model, pipe]) as? any Verb)?.run(console)
    }.start()
    let sender = FileHandle(fileDescriptor: file, closeOnDealloc: false)
    func answers(_ count: Int) -> Bool {
      for _ in 0..<2000 {
        if captured.results.count(where: { $0 == "\n" }) == count { return true }
        usleep(5000)
      }
      return false
    }
    try sender.write(contentsOf: Data(first.utf8))
    #expect(answers(1))
    try sender.write(contentsOf: Data(last.utf8))
    close(file)
    #expect(answers(2))
  }

  @Test("the last case of a label is not held out, and the same seed holds out the same cases")
  func heldOut() throws {
    let cases = (0..<20).map { LabelledCase("w\($0)", label: $0 < 17 ? "a" : "rare\($0)") }
    func split(
      _ share: Double, _ output: ClassifierOutput, seed: UInt64 = 1
    ) throws -> (training: [LabelledCase], heldOut: [LabelledCase]) {
      try ClassifierTraining.split(cases, share, output, seed: seed)
    }
    for seed in 1...5 as ClosedRange<UInt64> {
      let parts = try split(0.5, .classes, seed: seed)
      #expect(parts.heldOut.count == 10 && parts.training.count == 10)
      #expect(parts.heldOut.allSatisfy { $0.label == "a" })
      let again = try split(0.5, .classes, seed: seed)
      #expect(again.heldOut == parts.heldOut && again.training == parts.training)
    }
    // One case of each label stays, though more are asked for.
    #expect(try split(0.95, .classes).training.count == 4)
    // A number is no label: any case may be held out.
    #expect(try split(0.95, .number).training.count == 1)
    let pairs = [("x|y", 1), ("x", 2), ("y", 3), ("", 4)].map {
      LabelledCase("w", label: $0.0, line: $0.1)
    }
    for seed in 1...5 as ClosedRange<UInt64> {
      let kept = try ClassifierTraining.split(pairs, 0.75, .labels, seed: seed).training
      let labels = Set(kept.flatMap { ($0.label ?? "").split(separator: "|") })
      #expect(labels == ["x", "y"])
    }
    #expect(
      failureLine {
        _ = try ClassifierTraining.split(Array(cases.suffix(3)), 0.5, .classes, seed: 1)
      }?.hasPrefix("a share of 0.5 holds out no case") == true)
  }

  @Test("labels and numbers are written so that a line stays a line and no digit is lost")
  func answerLines() {
    let lines = ClassificationLines(labels: ["a\tb\nc", "don't \\"], top: 2, json: false)
    #expect(
      lines.line(.classes([0.75, 0.25])) == "a\\tb\\nc\t0.7500\tdon't \\\\\t0.2500\n")
    let numbers = ClassificationLines(labels: [], top: nil, json: false)
    #expect(numbers.line(.number(83_240_456)) == "83240456\n")
    #expect(numbers.line(.number(Double(Float(0.1)))) == "0.100000001\n")
  }

  @Test("a forecaster is trained, inspected, evaluated, and asked")
  func forecaster() throws {
    try withTemporaryFolder { folder in
      var text = "time,a,\"b, c\"\n"
      for step in 0..<80 { text += "t\(step),\(100 + step % 4),\(step % 2)\n" }
      let (train, path) = (folder + "/train.csv", folder + "/model.safetensors")
      try write(text, to: train)
      try runVerb([
        "train", "forecaster", "--train", train, "--valid-share", "0.3", "--variables", "a", "b, c",
        "--horizon", "3", "--output", path, "--hidden", "8", "--cell", "gru", "--bptt", "10",
        "--batch", "2", "--learning-rate", "0.02", "--epochs", "30", "--threads", "1",
      ])
      let json = try runVerb(["evaluate", path, train, "--json"]).results
      let found = try #require(
        try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      let (rmse, naive) = (found["rmse"] as? Double, found["naive_rmse"] as? Double)
      #expect(try #require(rmse) < 0.8 * (try #require(naive)))
      #expect(found["in_standard_deviations"] as? Bool == true)
      let evaluated = try runVerb(["evaluate", path, train]).results
      #expect(evaluated.contains("naive RMSE"))
      #expect(evaluated.contains("\nAll variables, in standard deviations:\nstep "))
      let lines = try runVerb(["forecast", path, train]).results.split(separator: "\n")
      #expect(lines.count == 4)
      #expect(lines[0] == "step,a,a low,a high,\"b, c\",\"b, c low\",\"b, c high\"")
      let one = try runVerb(["forecast", path, train, "--steps", "1", "--json"]).results
      #expect(one.hasPrefix(#"{"step":1,"a":{"mean":"#))
      #expect(
        failureLine { try runVerb(["forecast", path, train, "--steps", "4"]) }
          == "\(path) predicts 3 steps, not 4")
      #expect(
        try runVerb(["inspect", path]).results.contains("predicts    3 steps of 2 variables"))
      let bad = folder + "/bad.csv"
      try write("a,\"b, c\"\n1,2\n3,?\n", to: bad)
      #expect(
        failureLine { try runVerb(["forecast", path, bad]) }
          == "\(bad):3: column 2 (b, c) is missing (\"?\"), expected a number")
    }
  }
}
