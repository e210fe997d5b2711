import Foundation
import Tensors
import Testing

@testable import Learning

/// What stands for the process being killed.
private struct PowerCut: Error {}

@Suite("Checkpoints")
struct ResumeTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let optimizer: any Optimizer
    let course: RateSchedule.Course
    var validationInterval: Int?
    /// Every how many steps the run is interrupted.
    var stride = 3
    /// Whether the validation loss goes up and down.
    var isRough = false

    func task() -> ToyTask {
      let task = ToyTask()
      task.isRough = isRough
      return task
    }

    /// 6 epochs of 5 steps.
    func plan(_ folder: String?, everySteps: Int? = nil, everySeconds: Double? = nil)
      -> TrainingPlan
    {
      TrainingPlan(
        epochs: 6, seed: 3, schedule: RateSchedule(base: 0.03, course: course, warmupSteps: 4),
        clipNorm: 1, patience: 20, validationInterval: validationInterval,
        checkpoints: folder.map {
          CheckpointPolicy(directory: $0, everySteps: everySteps, everySeconds: everySeconds)
        }, identity: ["cell": "toy"], logInterval: 2)
    }
  }

  static let recipes = [
    Recipe(
      testDescription: "Nesterov, plateau", optimizer: SGD(momentum: 0.9, nesterov: true),
      course: .plateau(), stride: 1),
    Recipe(testDescription: "Adam, cosine", optimizer: Adam(), course: .cosine(floor: 0.001)),
    Recipe(
      testDescription: "AdamW, exponential, validation within epochs", optimizer: AdamW(),
      course: .exponential(decay: 0.5, afterEpoch: 2), validationInterval: 4),
    Recipe(
      testDescription: "centred RMSProp with momentum",
      optimizer: RMSProp(rho: 0.9, momentum: 0.5, isCentred: true), course: .constant, stride: 7),
    Recipe(
      testDescription: "Adagrad with a falling rate", optimizer: Adagrad(rateDecay: 0.1),
      course: .constant, stride: 7),
    Recipe(testDescription: "Adadelta", optimizer: Adadelta(), course: .constant, stride: 7),
    Recipe(
      testDescription: "Shampoo, roots every 3 steps",
      optimizer: Shampoo(blockSize: 3, rootInterval: 3, momentum: 0.5), course: .plateau()),
    // With averages for about half of its steps; see `AveragingTests`.
    Recipe(
      testDescription: "NT-ASGD", optimizer: AveragedOptimizer(SGD(), patience: 3),
      course: .constant, validationInterval: 2, stride: 1, isRough: true),
  ]

  /// The bits of everything that a run leaves behind.
  private func trace(_ task: ToyTask, _ outcome: TrainingOutcome) -> String {
    let numbers = (task.parameters.map(\.value) + [task.state]).map { $0.scalars.map(\.bitPattern) }
    return "\(numbers) \(outcome)"
  }

  private func neverStopped(_ recipe: Recipe) throws -> String {
    let task = recipe.task()
    return trace(task, try Trainer(task, recipe.optimizer, recipe.plan(nil)).run())
  }

  @Test("a run killed and resumed is the very same run", arguments: recipes)
  func killed(_ recipe: Recipe) throws {
    let expected = try neverStopped(recipe)
    // With checkpoints every three steps and at the ends of epochs: at once after one, later, last.
    for lastStep in [3, 7, 14, 16, 29] {
      try withScratchFolder { folder in
        let plan = recipe.plan(folder, everySteps: 3)
        let killed = recipe.task()
        killed.beforeStep = { if $0.step == lastStep { throw PowerCut() } }
        #expect(throws: PowerCut.self) { try Trainer(killed, recipe.optimizer, plan).run() }
        let resumed = recipe.task()
        let outcome = try Trainer(resumed, recipe.optimizer, plan).run(resuming: true)
        #expect(trace(resumed, outcome) == expected, "killed before step \(lastStep)")
        #expect(try #require(resumed.positions.first).step >= lastStep - 3)
      }
    }
  }

  @Test("a run interrupted after any step and resumed is the very same run", arguments: recipes)
  func interrupted(_ recipe: Recipe) throws {
    let expected = try neverStopped(recipe)
    for lastStep in stride(from: 0, to: 30, by: recipe.stride) {
      try withScratchFolder { folder in
        let plan = recipe.plan(folder)
        let flag = InterruptFlag()
        let first = recipe.task()
        first.beforeStep = { if $0.step == lastStep { flag.raise() } }
        let outcome = try Trainer(first, recipe.optimizer, plan, interrupt: flag).run()
        #expect(outcome.summary.steps == lastStep + 1)
        guard case .interrupted(_, let path?) = outcome else {
          Issue.record("\(outcome)")
          return
        }
        #expect(path == Checkpoint.path(in: folder))
        let second = recipe.task()
        let end = try Trainer(second, recipe.optimizer, plan).run(resuming: true)
        #expect(trace(second, end) == expected, "interrupted after step \(lastStep + 1)")
        #expect(second.positions.first?.step == (lastStep < 29 ? lastStep + 1 : nil))
      }
    }
  }

  @Test("a run stopped again and again, at every step, is the very same run")
  func manyStops() throws {
    let recipe = Self.recipes[1]
    try withScratchFolder { folder in
      var task = ToyTask()
      // Raised from the start, a flag stops a run before its first epoch.
      let raised = InterruptFlag()
      raised.raise()
      var outcome = try Trainer(task, recipe.optimizer, recipe.plan(folder), interrupt: raised)
        .run()
      #expect(task.positions.isEmpty)
      var runs = 0
      while outcome.summary.end == .interrupted, runs < 100 {
        let flag = InterruptFlag()
        task = ToyTask()
        task.beforeStep = { _ in flag.raise() }
        outcome = try Trainer(task, recipe.optimizer, recipe.plan(folder), interrupt: flag)
          .run(resuming: true)
        runs += 1
      }
      #expect(runs == 31)
      let expected = try neverStopped(recipe)
      #expect(trace(task, outcome) == expected)
    }
  }

  @Test("checkpoints by the clock change nothing")
  func clock() throws {
    let recipe = Self.recipes[0]
    try withScratchFolder { folder in
      let task = ToyTask()
      var saves = 0
      let trainer = Trainer(task, recipe.optimizer, recipe.plan(folder, everySeconds: 10)) {
        if case .checkpointed = $0 { saves += 1 }
      }
      var time = 0.0
      trainer.now = {
        time += 1.7
        return time
      }
      let outcome = try trainer.run()
      let expected = try neverStopped(recipe)
      #expect(trace(task, outcome) == expected)
      #expect(saves > 6)
    }
  }

  @Test("the checkpoint of a resumed run has the bytes of one never stopped")
  func bytes() throws {
    let recipe = Self.recipes[0]
    func bytes(stoppingBefore step: Int?) throws -> Data {
      try withScratchFolder { folder in
        let plan = recipe.plan(folder, everySteps: 4)
        if let step {
          let killed = ToyTask()
          killed.beforeStep = { if $0.step == step { throw PowerCut() } }
          #expect(throws: PowerCut.self) { try Trainer(killed, recipe.optimizer, plan).run() }
        }
        _ = try Trainer(ToyTask(), recipe.optimizer, plan).run(resuming: step != nil)
        return try Data(contentsOf: URL(fileURLWithPath: Checkpoint.path(in: folder)))
      }
    }
    #expect(try bytes(stoppingBefore: 13) == bytes(stoppingBefore: nil))
  }

  @Test("a finished run resumed is finished at once, with the best parameters")
  func finishedAgain() throws {
    let recipe = Self.recipes[0]
    try withScratchFolder { folder in
      let first = ToyTask()
      let end = try Trainer(first, recipe.optimizer, recipe.plan(folder)).run()
      let again = ToyTask()
      let endAgain = try Trainer(again, recipe.optimizer, recipe.plan(folder)).run(resuming: true)
      #expect(trace(again, endAgain) == trace(first, end))
      #expect(again.positions.isEmpty)
    }
  }

  @Test("a run can be prolonged where the rate does not depend on its length")
  func prolonged() throws {
    try withScratchFolder { folder in
      func plan(epochs: Int) -> TrainingPlan {
        TrainingPlan(
          epochs: epochs, seed: 3, schedule: RateSchedule(base: 0.03),
          checkpoints: CheckpointPolicy(directory: folder))
      }
      _ = try Trainer(ToyTask(), Adam(), plan(epochs: 2)).run()
      let task = ToyTask()
      let end = try Trainer(task, Adam(), plan(epochs: 4)).run(resuming: true)
      #expect(task.positions.map(\.step) == Array(10..<20))
      let straight = ToyTask()
      let straightEnd = try Trainer(straight, Adam(), plan(epochs: 4)).run()
      #expect(trace(task, end) == trace(straight, straightEnd))
    }
  }

  @Test("numbers survive to the last bit")
  func exactNumbers() throws {
    let recipe = Self.recipes[0]
    try withScratchFolder { folder in
      let trainer = Trainer(ToyTask(), recipe.optimizer, recipe.plan(folder))
      trainer.record.epochLoss = 0.1 + 0.2
      trainer.record.recentLoss = .leastNonzeroMagnitude
      trainer.record.best = ValidationRecord(epoch: 1, step: .max, loss: 1 / 3)
      trainer.record.validations = (0..<500).map {
        ValidationRecord(
          epoch: $0, step: $0,
          loss: Double(bitPattern: UInt64($0) &* 0x9E37_79B9_7F4A_7C15 >> 2))
      }
      let path = Checkpoint.path(in: folder)
      let checkpoint = try trainer.checkpoint()
      try checkpoint.write(to: path)
      let read = try Checkpoint(path: path)
      #expect(read.record == checkpoint.record)
      #expect(read.parameters == checkpoint.parameters)
      #expect(read.carried == checkpoint.carried)
    }
  }

  @Test("divergence names the last checkpoint, which is still good")
  func divergence() throws {
    try withScratchFolder { folder in
      let plan = TrainingPlan(
        epochs: 3, seed: 3, schedule: RateSchedule(base: 0.03),
        checkpoints: CheckpointPolicy(directory: folder, everySteps: 2))
      let task = ToyTask()
      task.gradientFactor = { $0 == 8 ? .nan : 1 }
      #expect {
        try Trainer(task, SGD(momentum: 0.9), plan).run()
      } throws: { error in
        guard case .diverged(.gradientNorm, 9, 2, let path) = error as? TrainingError else {
          return false
        }
        return path == Checkpoint.path(in: folder)
      }
      let checkpoint = try Checkpoint(path: Checkpoint.path(in: folder))
      #expect(checkpoint.record.run.step == 8)
      #expect(checkpoint.parameters.values.allSatisfy { $0.scalars.allSatisfy { $0.isFinite } })
    }
  }

  @Test("parameters that have overflowed never replace a good checkpoint")
  func overflow() throws {
    try withScratchFolder { folder in
      let plan = TrainingPlan(
        epochs: 3, seed: 3, schedule: RateSchedule(base: 1e3),
        checkpoints: CheckpointPolicy(directory: folder, everySteps: 1))
      let task = ToyTask()
      task.gradientFactor = { $0 == 3 ? 1e37 : 1e-9 }
      #expect {
        try Trainer(task, SGD(), plan).run()
      } throws: { error in
        guard case .diverged(.parameter, 4, 1, _?) = error as? TrainingError else { return false }
        return true
      }
      let checkpoint = try Checkpoint(path: Checkpoint.path(in: folder))
      #expect(checkpoint.record.run.step == 3)
    }
  }
}
