import Foundation
import Tensors
import Testing

@testable import Learning

@Suite("Checkpoints that are refused")
struct RefusalTests {
  private func plan(
    _ folder: String, seed: UInt64 = 3, base: Double = 0.03, cell: String = "toy"
  ) -> TrainingPlan {
    TrainingPlan(
      epochs: 2, seed: seed, schedule: RateSchedule(base: base),
      checkpoints: CheckpointPolicy(directory: folder), identity: ["cell": cell])
  }

  private func saved(in folder: String) throws -> String {
    _ = try Trainer(ToyTask(), Adam(), plan(folder)).run()
    return Checkpoint.path(in: folder)
  }

  /// The line with which a resume is refused, after which nothing may have changed.
  private func refusal(
    _ task: ToyTask, _ optimizer: any Optimizer, _ plan: TrainingPlan
  ) -> String? {
    let before = task.parameters.map(\.value)
    let trainer = Trainer(task, optimizer, plan)
    var message: String?
    do { _ = try trainer.run(resuming: true) } catch { message = "\(error)" }
    #expect(task.parameters.map(\.value) == before)
    #expect(trainer.optimizer.state == OptimizerState())
    #expect(message?.contains("\n") == false)
    return message
  }

  @Test("that of another run is refused, and what differs is named")
  func foreign() throws {
    try withScratchFolder { folder in
      let path = try saved(in: folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(
        refusal(ToyTask(), Adam(), plan(folder, cell: "lstm"))
          == "\(path) belongs to another run: cell is toy in the checkpoint, lstm here")
      #expect(
        refusal(ToyTask(), Adam(), plan(folder, seed: 4))?.hasSuffix(
          "seed is 3 in the checkpoint, 4 here") == true)
      #expect(
        refusal(ToyTask(), Adam(), plan(folder, base: 0.1))?.hasSuffix(
          "learning rate is 0.03 in the checkpoint, 0.1 here") == true)
      #expect(
        refusal(ToyTask(), AdamW(weightDecay: 0), plan(folder))?.hasSuffix(
          "optimizer is adam in the checkpoint, adamw here") == true)
      #expect(
        refusal(ToyTask(), SGD(), plan(folder))?.contains(
          "momentum is not set in the checkpoint, 0.0 here") == true)
      #expect(
        refusal(ToyTask(rows: 7), Adam(), plan(folder))?.hasSuffix(
          "table is of shape [6, 4] in the checkpoint, of shape [7, 4] here") == true)
      let shorter = ToyTask()
      shorter.stepsPerEpoch = 4
      #expect(
        refusal(shorter, Adam(), plan(folder))?.hasSuffix(
          "steps per epoch is 5 in the checkpoint, 4 here") == true)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
  }

  @Test("one that is not there is named")
  func missing() throws {
    try withScratchFolder { folder in
      #expect(
        refusal(ToyTask(), Adam(), plan(folder))
          == "there is no checkpoint \(Checkpoint.path(in: folder)) to resume from")
      #expect(!Checkpoint.exists(in: folder))
      let nowhere = TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1))
      #expect(refusal(ToyTask(), Adam(), nowhere) != nil)
    }
  }

  @Test("one cut short anywhere is refused")
  func truncated() throws {
    try withScratchFolder { folder in
      let path = try saved(in: folder)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in stride(from: 0, to: whole.count, by: 97) {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(
          refusal(ToyTask(), Adam(), plan(folder))?.contains(path) == true, "\(length) bytes")
      }
    }
  }

  @Test("one with a single bit flipped anywhere is refused")
  func flipped() throws {
    try withScratchFolder { folder in
      let path = try saved(in: folder)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for offset in stride(from: 0, to: whole.count, by: 19) {
        var damaged = whole
        damaged[offset] ^= 1 << UInt8(offset % 8)
        try damaged.write(to: URL(fileURLWithPath: path))
        #expect(refusal(ToyTask(), Adam(), plan(folder)) != nil, "byte \(offset)")
      }
    }
  }

  @Test("one of a later format says so")
  func laterFormat() throws {
    try withScratchFolder { folder in
      let path = try saved(in: folder)
      var checkpoint = try Checkpoint(path: path)
      checkpoint.record.formatVersion = 99
      try checkpoint.write(to: path)
      #expect(
        refusal(ToyTask(), Adam(), plan(folder))
          == "\(path) is not a usable checkpoint: its format version is 99, expected 1")
    }
  }

  @Test("optimiser state that fits no parameter is refused")
  func misfit() throws {
    try withScratchFolder { folder in
      let path = try saved(in: folder)
      var checkpoint = try Checkpoint(path: path)
      checkpoint.optimizer["mean.table"] = Tensor(zeros: [1])
      try checkpoint.write(to: path)
      #expect(
        refusal(ToyTask(), Adam(), plan(folder))?.contains("optimizer.mean.table of shape [1]")
          == true)
    }
  }

  @Test("optimiser state is held to the shapes that the optimiser itself says")
  func ownShapes() throws {
    try withScratchFolder { folder in
      _ = try Trainer(ToyTask(), Shampoo(), plan(folder)).run()
      let path = Checkpoint.path(in: folder)
      for (name, shape) in [("left.table", [6, 4]), ("left.bias", [16]), ("other.table", [6, 4])] {
        var checkpoint = try Checkpoint(path: path)
        #expect(checkpoint.optimizer["left.table"]?.shape == [36])
        checkpoint.optimizer[name] = Tensor(zeros: shape)
        let damaged = "\(folder)/damaged"
        try FileManager.default.createDirectory(
          atPath: damaged, withIntermediateDirectories: true)
        try checkpoint.write(to: Checkpoint.path(in: damaged))
        #expect(
          refusal(ToyTask(), Shampoo(), plan(damaged))?.contains(
            "optimizer.\(name) of shape \(shape) fits no parameter") == true)
      }
    }
  }

  @Test("a folder that cannot be made or written to is found out before the first step")
  func unwritable() throws {
    try withScratchFolder { folder in
      let file = "\(folder)/file"
      try "content".write(toFile: file, atomically: true, encoding: .utf8)
      let blocked = "\(folder)/blocked"
      try FileManager.default.createDirectory(
        atPath: Checkpoint.path(in: blocked), withIntermediateDirectories: true)
      for directory in [file, "\(file)/deeper", blocked, "/proc/nowhere"] {
        let task = ToyTask()
        var message: String?
        do { _ = try Trainer(task, SGD(), plan(directory)).run() } catch { message = "\(error)" }
        #expect(message?.hasPrefix("cannot write \(directory)") == true)
        #expect(message?.contains("\n") == false)
        #expect(task.positions.isEmpty)
      }
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "content")
    }
  }
}
