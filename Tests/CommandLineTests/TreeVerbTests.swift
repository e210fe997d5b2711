import Foundation
import Testing

@testable import unroll

@Suite("Verbs of trees")
struct TreeVerbTests {
  /// Trees whose label says whether the first leaf is an `a`.
  private let text = (0..<40).map { index in
    index % 2 == 0 ? "(x (x a) (y b\(index % 3)))" : "(y ((y b) (x a\(index % 3))) (x a))"
  }.joined(separator: "\n")

  private func members(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  @Test("a classifier of trees is trained, judged and shown")
  func files() throws {
    try withTemporaryFolder { folder in
      try write(text, to: folder + "/train.txt")
      let model = folder + "/m.safetensors"
      let trained = try members(
        runVerb([
          "train", "trees", "--train", folder + "/train.txt", "--valid", folder + "/train.txt",
          "--output", model, "--cell", "n-ary", "--targets", "nodes", "--hidden", "6",
          "--embedding",
          "4", "--batch", "10", "--epochs", "12", "--learning-rate", "0.05", "--lowercase",
          "--min-count", "2", "--dropout-output", "0.1", "--json", "--threads", "1",
        ]).results)
      #expect(trained["steps"] as? Int == 48)
      #expect(try #require(trained["validation_accuracy"] as? Double) > 0.9)

      let found = try members(
        runVerb(["evaluate", model, folder + "/train.txt", "--json", "--threads", "1"]).results)
      #expect(
        found["trees"] as? Int == 40 && Set(found["labels"] as? [String] ?? []) == ["x", "y"])
      #expect(found["labelled_nodes"] as? Int == 140)
      #expect(
        abs(
          try #require(found["accuracy"] as? Double) - (trained["validation_accuracy"] as! Double))
          < 1e-12)
      let said = try runVerb(["evaluate", model, folder + "/train.txt", "--threads", "1"]).results
      #expect(said.contains("accuracy of nodes") && said.contains("macro F1"))

      let shown = try runVerb(["inspect", model]).results
      #expect(shown.contains("classifier of trees: a 2-ary Tree-LSTM, 6 units"))
      #expect(shown.contains("--targets nodes") && shown.contains("validation accuracy"))

      // Asked tree by tree, it is right as often.
      let answers = try runVerb(["classify", model, folder + "/train.txt", "--threads", "1"])
        .results.split(separator: "\n").map { $0.split(separator: "\t") }
      let right = zip(answers, text.split(separator: "\n")).count { answer, tree in
        tree.hasPrefix("(\(answer[0]) ")
      }
      #expect(answers.count == 40 && answers.allSatisfy { $0.count == 2 })
      #expect(Double(right) / 40 == found["accuracy"] as? Double)
      try write(#"{"label": "x", "value": ["a", "b"]}"#, to: folder + "/t.json")
      let one = try members(
        runVerb(["classify", model, folder + "/t.json", "--json", "--threads", "1"]).results)
      #expect((one["probabilities"] as? [String: Double])?.count == 2)

      // What goes wrong says where.
      func refused(_ trees: String, _ more: [String] = []) throws -> String? {
        try write(trees, to: folder + "/t.txt")
        return failureLine {
          _ = try runVerb(["evaluate", model, folder + "/t.txt", "--threads", "1"] + more)
        }
      }
      #expect(try refused("(x (x a)\n  (y b)") == "\(folder)/t.txt:1:1: \"(\" is never closed")
      #expect(try refused("(x a))") == "\(folder)/t.txt:1:6: \")\" closes nothing")
      #expect(
        try refused("(x a)\n(new a)")
          == "\(folder)/t.txt:2: the label \"new\" does not occur in the training data, expected one of "
          + "its 2")
      #expect(try refused("(new a)\n(x a)", ["--unseen-labels"]) == nil)
      let some = try members(
        runVerb([
          "evaluate", model, folder + "/t.txt", "--unseen-labels", "--json", "--threads", "1",
        ]).results)
      #expect(some["trees"] as? Int == 2 && some["labelled_nodes"] as? Int == 2)
      #expect(
        try refused("(x a a a)")
          == "\(folder)/t.txt:1: a node with 3 children, expected at most 2, which the model has weights "
          + "for")
      let deep =
        String(repeating: "(x ", count: 10_000) + "(x a)" + String(repeating: ")", count: 10_000)
      #expect(try refused(deep) == nil)
    }
  }

  @Test("ListOps is learned from expressions that are made, and judged by others")
  func listOps() throws {
    try withTemporaryFolder { folder in
      let model = folder + "/m.safetensors"
      let trained = try runVerb([
        "train", "trees", "--listops", "30", "--listops-longest", "20", "--reading", "binary",
        "--cell", "recursive", "--output", model, "--hidden", "4", "--embedding", "3", "--epochs",
        "1", "--words", "both", "--character-hidden", "3", "--character-embedding", "2",
        "--threads",
        "1",
      ])
      #expect(trained.messages.contains("30 trees an epoch (10 labels, vocabulary 16)"))
      let found = try runVerb(["evaluate", model, "--listops", "20", "--threads", "1"]).results
      #expect(found.hasPrefix("trees               20\n"))
      #expect(
        failureLine {
          _ = try runVerb(["evaluate", model, "--listops", "20", "--tree-format", "json"])
        } == "--listops makes its trees; it takes no --tree-format beside it")

      // Its files are read as it reads what it makes.
      try write("9\t[MAX 2 9 [MIN 4 7 ] 0 ]\n1\t[SM 5 6 ]\n", to: folder + "/ops.txt")
      let said = try runVerb(["classify", model, folder + "/ops.txt", "--threads", "1"]).results
      #expect(said.split(separator: "\n").count == 2)
      let judged = try runVerb(["evaluate", model, folder + "/ops.txt", "--threads", "1"]).results
      #expect(judged.hasPrefix("trees               2\n"))
    }
  }

  @Test("what makes no sense is said in a line")
  func refusals() throws {
    try withTemporaryFolder { folder in
      func refused(_ arguments: [String]) -> String? {
        failureLine {
          _ = try runVerb(
            ["train", "trees", "--output", folder + "/m", "--threads", "1"] + arguments)
        }
      }
      #expect(refused([]) == "no trees to learn from: --train FILE or --listops N")
      #expect(
        refused(["--listops", "9", "--valid", "x"])
          == "--listops makes its trees; it takes no --train or --valid beside it")
      #expect(
        refused(["--listops", "9", "--arity", "3"])
          == "--arity is for --cell n-ary and recursive; a child-sum cell takes any number of children"
      )
      try write(#"{"value": 1}"#, to: folder + "/bare.json")
      #expect(
        refused(["--train", folder + "/bare.json"])?.hasPrefix(
          "\(folder)/bare.json:1: a tree without a label at its root, expected one") == true)
      let wide = "(x \((0..<20).map { "w\($0)" }.joined(separator: " ")))"
      try write(wide, to: folder + "/wide.txt")
      #expect(
        refused(["--train", folder + "/wide.txt", "--cell", "n-ary"])
          == "\(folder)/wide.txt:1: a node with 20 children; expected --reading binary, --cell child-sum, "
          + "or --arity for a matrix for each")
    }
  }
}
