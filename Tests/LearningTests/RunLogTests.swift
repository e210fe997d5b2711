import Foundation
import Learning
import Testing

@Suite("The log of a run")
struct RunLogTests {
  private struct PowerCut: Error {}

  private func plan(_ folder: String) -> TrainingPlan {
    TrainingPlan(
      epochs: 3, seed: 3, schedule: RateSchedule(base: 0.03),
      checkpoints: CheckpointPolicy(directory: folder, everySteps: 4),
      identity: ["a \"quoted\"\n\u{1}name": "Käse\\"], logInterval: 2)
  }

  private func lines(_ path: String) throws -> [[String: Any]] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.hasSuffix("\n"))
    return try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// Event and step of each line that is neither a start nor a checkpoint.
  private func story(_ lines: [[String: Any]]) -> [String] {
    lines.compactMap { line in
      guard let event = line["event"] as? String, let step = line["step"] as? Int,
        !["start", "resume", "checkpoint", "interrupted"].contains(event)
      else { return nil }
      return "\(event) \(step)"
    }
  }

  @Test("each line is a JSON object; steps, validations and epochs are told")
  func story() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/log.jsonl"
      _ = try Trainer(ToyTask(), SGD(), plan(folder), log: RunLog(path: path)).run()
      let lines = try lines(path)
      #expect(lines.first?["event"] as? String == "start")
      let configuration = lines.first?["configuration"] as? [String: String]
      #expect(configuration?["a \"quoted\"\n\u{1}name"] == "Käse\\")
      #expect(configuration?["learning rate"] == "0.03")
      #expect(
        story(lines) == [
          "step 2", "step 4", "validation 5", "epoch 5", "step 6", "step 8", "step 10",
          "validation 10", "epoch 10", "step 12", "step 14", "validation 15", "epoch 15", "end 15",
        ])
      #expect(lines.filter { $0["event"] as? String == "checkpoint" }.count == 6)
      #expect(lines.allSatisfy { $0["seconds"] is Double || $0["seconds"] is Int })
    }
  }

  @Test("a killed and resumed run tells each step once", arguments: Array(5..<15))
  func resumed(lastStep: Int) throws {
    try withScratchFolder { folder in
      let path = "\(folder)/log.jsonl"
      _ = try Trainer(ToyTask(), SGD(), plan(folder), log: RunLog(path: path)).run()
      let expected = try story(lines(path))

      let killed = ToyTask()
      killed.beforeStep = { if $0.step == lastStep { throw PowerCut() } }
      #expect(throws: PowerCut.self) {
        try Trainer(killed, SGD(), plan(folder), log: RunLog(path: path)).run()
      }
      // What was being written when the machine stopped: longer than all that follows, which must not
      // merely overwrite it.
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"event\":\"\(String(repeating: "x", count: 9999))".utf8))
      try handle.close()
      _ = try Trainer(ToyTask(), SGD(), plan(folder), log: RunLog(path: path)).run(resuming: true)
      let lines = try lines(path)
      #expect(story(lines) == expected)
      #expect(lines.filter { $0["event"] as? String == "resume" }.count == 1)
    }
  }

  @Test("a log that was lost meanwhile starts anew")
  func lost() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/log.jsonl"
      _ = try Trainer(ToyTask(), SGD(), plan(folder), log: RunLog(path: path)).run()
      try FileManager.default.removeItem(atPath: path)
      _ = try Trainer(ToyTask(), SGD(), plan(folder), log: RunLog(path: path)).run(resuming: true)
      #expect(try lines(path).map { $0["event"] as? String } == ["resume", "end"])
    }
  }

  @Test("divergence is the last line")
  func diverged() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/log.jsonl"
      let task = ToyTask()
      task.reportedLoss = { $0 == 4 ? .nan : nil }
      #expect(throws: TrainingError.self) {
        try Trainer(task, SGD(), plan(folder), log: RunLog(path: path)).run()
      }
      let last = try #require(try lines(path).last)
      #expect(last["event"] as? String == "diverged")
      #expect((last["reason"] as? String)?.contains("step 5 (epoch 1): the loss is nan") == true)
    }
  }

  @Test("a log that cannot be written is one clear line, before the first step")
  func unwritable() throws {
    try withScratchFolder { folder in
      for path in [folder, "\(folder)/none/log.jsonl"] {
        let task = ToyTask()
        #expect {
          try Trainer(task, SGD(), plan(folder), log: RunLog(path: path)).run()
        } throws: { error in
          guard case .unwritable(path, let reason) = error as? TrainingError else { return false }
          return !reason.isEmpty && !"\(error)".contains("\n")
        }
        #expect(task.positions.isEmpty)
      }
    }
  }
}
