import CKernels
import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

/// A training run that can be started again and again.
struct Run: Sendable, CustomTestStringConvertible {
  var unit = TextUnit.stream
  var optimizer = OptimizerKind.adam
  var cell = CellKind.lstm
  var text = randomText(lines: 60, seed: 21)
  var size = 5
  var batch = 3
  var window = 6
  var steps: Int? = 17
  var epochs = 3
  var seed: UInt64 = 9

  var settings: OptimizerSettings {
    optimizer == .sgd ? OptimizerSettings(momentum: 0.9, nesterov: true) : OptimizerSettings()
  }

  var testDescription: String { "\(optimizer) on \(unit.rawValue)s, \(cell.rawValue)" }

  /// Trains, resuming if there is a checkpoint, and writes the model to `path`. Returns false if it
  /// was interrupted, after `interruption` steps.
  func train(
    to path: String, checkpoints: CheckpointPolicy? = nil, resuming: Bool = false,
    interruption: Int? = nil, observer: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Bool {
    var model = try makeModel(
      text, unit: unit, cell: cell, embedding: size, hidden: size, layers: 2, dropout: 0.3,
      tied: true, range: 0.3)
    let task = try LanguageModelTask(
      model, text: text, validation: randomText(lines: 5), batch: batch, window: window)
    let plan = TrainingPlan(
      epochs: epochs, stepLimit: steps, seed: seed,
      schedule: RateSchedule(base: 0.05, course: .plateau(), warmupSteps: 3), clipNorm: 1,
      validationInterval: 4, checkpoints: checkpoints)
    let interrupt = InterruptFlag()
    if interruption == 0 { interrupt.raise() }
    let trainer = Trainer(
      task, optimizer.make(settings), plan, interrupt: interrupt
    ) { event in
      if case .step(let progress) = event, progress.step == interruption { interrupt.raise() }
      observer(event)
    }
    guard case .finished(let summary) = try trainer.run(resuming: resuming) else { return false }
    model.trainingRecord = TrainingRecord(
      recipe: [:], seed: plan.seed, trainingTokens: task.trainingTokens,
      trainingFingerprint: task.trainingFingerprint, steps: summary.steps, epochs: summary.epochs,
      best: summary.best)
    try model.save(to: path)
    return true
  }
}

@Suite("The same run by another way")
struct SameRunTests {
  /// Large enough for everything that threads share to be split: products, dropout, softmax rows
  /// and the optimiser's blocks.
  static let wide: [Run] = {
    let text = randomText(lines: 600, words: 1200, seed: 22)
    return TextUnit.allCases.map { unit in
      Run(unit: unit, text: text, size: 64, batch: 13, window: 12, steps: 3, epochs: 1)
    }
  }()
  /// Fewer sequences than threads, and a recurrent matrix wide enough for its columns to be split.
  static let narrow = Run(
    optimizer: .sgd, text: randomText(lines: 40, seed: 23), size: 184, batch: 2, window: 4,
    steps: 3, epochs: 1)

  @Test(
    "1, 2 and 3 threads write the same model file, byte for byte", arguments: wide + [narrow])
  func threads(run: Run) throws {
    try withTemporaryFolder { folder in
      let files = try [1, 2, 3].map { threads in
        try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
          let isComplete = try run.train(to: "\(folder)/\(threads)")
          #expect(isComplete)
          return try contents("\(folder)/\(threads)")
        }
      }
      #expect(areEqual(files[1], files[0]))
      #expect(areEqual(files[2], files[0]))
    }
  }

  @Test(
    "kernels 16 floats wide write the same model file as those 8 wide",
    .enabled(if: unroll_isa_available(UNROLL_ISA_WIDE_TEST)), arguments: wide + [narrow])
  func widths(run: Run) throws {
    let previous = unroll_isa_current()
    defer { _ = unroll_isa_override(previous) }
    try withTemporaryFolder { folder in
      let files = try [UNROLL_ISA_AVX2, UNROLL_ISA_WIDE_TEST].map { isa in
        // The choice holds for this thread, which works alone.
        try ThreadTeam.$current.withValue(ThreadTeam(threads: 1)) {
          #expect(unroll_isa_override(isa))
          _ = try run.train(to: folder + "/model")
          return try contents(folder + "/model")
        }
      }
      #expect(areEqual(files[0], files[1]))
    }
  }

  static let small: [Run] = TextUnit.allCases.flatMap { unit in
    [OptimizerKind.sgd, .adam].map {
      Run(unit: unit, optimizer: $0, cell: $0 == .sgd ? .gru : .lstm)
    }
  }

  @Test("a run that is interrupted and resumed ends as one that was not", arguments: small)
  func interrupted(run: Run) throws {
    try withTemporaryFolder { folder in
      #expect(try run.train(to: folder + "/whole"))
      let whole = try contents(folder + "/whole")
      var checkpoints = CheckpointPolicy(directory: folder + "/run")
      // At the start, within epochs, at the ends of some, and at the last step.
      for stops in [[0], [1], [5, 6], [4, 11, 12], [16]] {
        checkpoints.directory += "+"
        for (index, stop) in stops.enumerated() {
          let isComplete = try run.train(
            to: folder + "/none", checkpoints: checkpoints, resuming: index > 0,
            interruption: stop)
          #expect(!isComplete)
        }
        // Goes on with other threads too.
        let isComplete = try ThreadTeam.$current.withValue(ThreadTeam(threads: 2)) {
          try run.train(to: folder + "/resumed", checkpoints: checkpoints, resuming: true)
        }
        #expect(isComplete)
        #expect(areEqual(try contents(folder + "/resumed"), whole), "stopped at \(stops)")
      }
    }
  }

  @Test(
    "a run that is killed goes on from any of its checkpoints to the same end", arguments: small)
  func killed(run: Run) throws {
    try withTemporaryFolder { folder in
      var saved = 0
      let checkpoints = CheckpointPolicy(directory: folder + "/run", everySteps: 1)
      let isComplete = try run.train(to: folder + "/whole", checkpoints: checkpoints) { event in
        guard case .checkpointed(let path, _) = event else { return }
        let copy = "\(folder)/\(saved)"
        try! FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
        try! FileManager.default.copyItem(atPath: path, toPath: Checkpoint.path(in: copy))
        saved += 1
      }
      #expect(isComplete)
      // Each step, and once more at the end of each epoch.
      #expect(saved >= run.steps! + 1)
      let whole = try contents(folder + "/whole")
      for index in stride(from: 0, to: saved, by: 2) {
        let checkpoints = CheckpointPolicy(directory: "\(folder)/\(index)")
        #expect(try run.train(to: folder + "/resumed", checkpoints: checkpoints, resuming: true))
        #expect(areEqual(try contents(folder + "/resumed"), whole), "from checkpoint \(index)")
      }
    }
  }

  @Test("another seed gives another model")
  func seeds() throws {
    try withTemporaryFolder { folder in
      let files = try [1, 2].map { (seed: UInt64) in
        var run = Run()
        run.seed = seed
        _ = try run.train(to: folder + "/model")
        return try contents(folder + "/model")
      }
      #expect(!areEqual(files[0], files[1]))
    }
  }
}
