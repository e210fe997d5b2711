import Foundation
import Tensors
import Testing

@testable import Learning

@Suite("The training loop")
struct TrainerTests {
  private func plan(
    epochs: Int = 3, stepLimit: Int? = nil, course: RateSchedule.Course = .constant,
    clipNorm: Double? = nil, patience: Int? = nil, validationInterval: Int? = nil
  ) -> TrainingPlan {
    TrainingPlan(
      epochs: epochs, stepLimit: stepLimit, seed: 7,
      schedule: RateSchedule(base: 0.05, course: course), clipNorm: clipNorm, patience: patience,
      validationInterval: validationInterval)
  }

  @Test("every step of every epoch is taken in order, with keys of its own")
  func order() throws {
    let task = ToyTask()
    let outcome = try Trainer(task, SGD(), plan()).run()
    #expect(task.positions.map(\.step) == Array(0..<15))
    #expect(task.positions.map(\.index) == (0..<15).map { $0 % 5 })
    #expect(task.positions.map(\.epoch) == (0..<15).map { $0 / 5 + 1 })
    #expect(Set(task.positions.map(\.key)).count == 15)
    #expect(outcome.summary.end == .complete)
    #expect(outcome.summary.epochs.map(\.epoch) == [1, 2, 3])
    #expect(outcome.summary.epochs.map(\.step) == [5, 10, 15])
  }

  @Test("a step is PyTorch's: clip, then update with the scheduled rate")
  func step() throws {
    let task = ToyTask()
    let twin = ToyTask()
    let clip = 0.5
    _ = try Trainer(
      task, SGD(), plan(epochs: 2, course: .exponential(decay: 0.5, afterEpoch: 1), clipNorm: clip)
    ).run()
    twin.hasValidation = false
    task.hasValidation = false
    var norms: [Double] = []
    for position in task.positions {
      if position.index == 0 {
        let key = RandomKey(seed: 7).child(-1).child(0).child(position.epoch)
        twin.beginEpoch(position.epoch, key: key)
      }
      _ = try twin.loss(at: position)
      let gradients = twin.parameters.map(\.denseGradient)
      let norm = gradients.flatMap(\.scalars).reduce(0) { $0 + Double($1) * Double($1) }
        .squareRoot()
      norms.append(norm)
      let factor = Float((position.epoch == 1 ? 0.05 : 0.025) * min(1, clip / (norm + 1e-6)))
      for (parameter, gradient) in zip(twin.parameters, gradients) {
        parameter.clearGradient()
        parameter.value = Tensor(
          shape: parameter.shape,
          scalars: zip(parameter.value.scalars, gradient.scalars).map { $0 - factor * $1 })
      }
    }
    #expect(norms.contains { $0 > clip })
    for (found, expected) in zip(task.parameters, twin.parameters) {
      for (a, b) in zip(found.value.scalars, expected.value.scalars) { #expect(abs(a - b) < 1e-6) }
    }
  }

  @Test("events tell the whole story in order")
  func events() throws {
    var story: [String] = []
    var snapshots: [ProgressSnapshot] = []
    let task = ToyTask()
    task.stepsPerEpoch = 2
    task.validationLosses = [3, 4]
    _ = try Trainer(task, SGD(), plan(epochs: 2)) { event in
      switch event {
      case .began(let start): story.append("began \(start.stepsDone) of \(start.totalSteps)")
      case .step(let snapshot):
        story.append("step \(snapshot.step)")
        snapshots.append(snapshot)
      case .validated(let record): story.append("validated \(record.loss)")
      case .improved(let record): story.append("improved \(record.loss)")
      case .epochEnded(let record): story.append("epoch \(record.epoch)")
      case .checkpointed: story.append("checkpointed")
      case .finished(let summary): story.append("finished \(summary.end)")
      }
    }.run()
    #expect(
      story == [
        "began 0 of 4", "step 1", "step 2", "validated 3.0", "improved 3.0", "epoch 1", "step 3",
        "step 4", "validated 4.0", "epoch 2", "finished complete",
      ])
    #expect(snapshots.map(\.stepInEpoch) == [1, 2, 1, 2])
    #expect(snapshots.allSatisfy { $0.epochs == 2 && $0.stepsPerEpoch == 2 && $0.rate == 0.05 })
    #expect(snapshots.allSatisfy { $0.gradientNorm > 0 && $0.loss.isFinite })
  }

  @Test("the best parameters are what is left, and early stopping ends the run")
  func bestAndPatience() throws {
    let task = ToyTask()
    task.validationLosses = [5, 3, 4, 3, 9]
    var best: Tensor?
    let outcome = try Trainer(task, Adam(), plan(epochs: 9, patience: 2)) { event in
      if case .improved = event { best = task.table.value }
    }.run()
    #expect(outcome.summary.end == .outOfPatience)
    #expect(outcome.summary.steps == 20)
    #expect(outcome.summary.best == ValidationRecord(epoch: 2, step: 10, loss: 3))
    #expect(task.table.value == best)
  }

  @Test("early stopping may strike within an epoch")
  func patienceWithinEpoch() throws {
    let task = ToyTask()
    task.validationLosses = [1, 2]
    let outcome = try Trainer(
      task, SGD(), plan(epochs: 9, patience: 1, validationInterval: 3)
    ).run()
    #expect(outcome.summary.steps == 6)
    #expect(outcome.summary.validations.map(\.step) == [3, 6])
    #expect(outcome.summary.epochs.map(\.step) == [5, 6])
  }

  @Test("without held-out data the training loss decides, and the last parameters stay")
  func noValidation() throws {
    let task = ToyTask()
    task.hasValidation = false
    task.reportedLoss = { step in step < 10 ? 1 : 2 }
    let outcome = try Trainer(task, SGD(), plan(epochs: 9, patience: 2)).run()
    #expect(outcome.summary.best == nil)
    // Epoch 1 is the best; 2 and 3 are no better.
    #expect(outcome.summary.epochs.map(\.trainingLoss) == [1, 1, 2])
    #expect(outcome.summary.epochs.allSatisfy { $0.validationLoss == nil })
  }

  @Test("the plateau schedule sees the validation losses")
  func plateau() throws {
    let task = ToyTask()
    task.validationLosses = [3, 4, 2, 2, 1]
    let outcome = try Trainer(task, SGD(), plan(epochs: 6, course: .plateau())).run()
    #expect(outcome.summary.epochs.map(\.rate) == [0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125])
  }

  @Test("a limit of steps ends the run within an epoch, and validates there")
  func stepLimit() throws {
    let task = ToyTask()
    let outcome = try Trainer(task, SGD(), plan(epochs: 9, stepLimit: 7)).run()
    #expect(outcome.summary.steps == 7)
    #expect(outcome.summary.validations.map(\.step) == [5, 7])
    #expect(outcome.summary.end == .complete)
  }

  @Test("a raised flag ends the run after the step in progress")
  func interruption() throws {
    let flag = InterruptFlag()
    let task = ToyTask()
    task.beforeStep = { if $0.step == 7 { flag.raise() } }
    let outcome = try Trainer(task, SGD(), plan(), interrupt: flag).run()
    guard case .interrupted(let summary, nil) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(summary.steps == 8 && summary.end == .interrupted)
  }

  @Test("a loss or a gradient that is no number stops the run before the update")
  func notANumber() throws {
    let byLoss = ToyTask()
    byLoss.reportedLoss = { $0 == 6 ? .nan : nil }
    #expect {
      try Trainer(byLoss, SGD(), plan()).run()
    } throws: { error in
      guard case .diverged(.loss(let loss), 7, 2, nil) = error as? TrainingError else {
        return false
      }
      return loss.isNaN && "\(error)".contains("step 7 (epoch 2)")
    }

    let byGradient = ToyTask()
    byGradient.gradientFactor = { $0 == 3 ? .infinity : 1 }
    var before: Tensor?
    byGradient.beforeStep = { _ in before = byGradient.table.value }
    #expect {
      try Trainer(byGradient, SGD(), plan()).run()
    } throws: { error in
      guard case .diverged(.gradientNorm, 4, 1, nil) = error as? TrainingError else { return false }
      return true
    }
    #expect(byGradient.table.value == before)
    #expect(byGradient.table.value.scalars.allSatisfy { $0.isFinite })
  }

  @Test("where a gradient overflows, the parameters shrink by the share that the plan says")
  func overflow() throws {
    let task = ToyTask()
    task.gradientFactor = { $0 == 3 ? .infinity : 1 }
    var values: [Tensor] = []
    task.beforeStep = { _ in values.append(task.table.value) }
    var plan = plan()
    plan.overflowDecay = 0.5
    #expect(try Trainer(task, SGD(), plan).run().summary.end == .complete)
    let factor = 1 - Float(0.5 * plan.schedule.base)
    #expect(values[4].scalars == values[3].scalars.map { $0 * factor })
    #expect(values[5] != values[4])

    plan.overflowDecay = 0
    #expect(throws: TrainingError.self) { try plan.validate() }
  }

  @Test("a loss that stays far above a uniform guess stops the run; one outlier does not")
  func highLoss() throws {
    let outlier = ToyTask()
    outlier.uniformLoss = 2
    outlier.reportedLoss = { $0 == 4 ? 20 : 2 }
    #expect(try Trainer(outlier, SGD(), plan()).run().summary.end == .complete)

    let risen = ToyTask()
    risen.uniformLoss = 2
    risen.reportedLoss = { $0 < 4 ? 2 : 20 }
    #expect {
      try Trainer(risen, SGD(), plan()).run()
    } throws: { error in
      // The mean is 2, 3.8, 5.42, 6.878: above 6 at the third high loss.
      guard case .diverged(.highLoss(_, 6), 7, 2, nil) = error as? TrainingError else {
        return false
      }
      return true
    }
  }

  @Test("a validation loss that is no number stops the run")
  func validationNotANumber() {
    let task = ToyTask()
    task.validationLosses = [.infinity]
    #expect(
      throws: TrainingError.diverged(
        .validationLoss(.infinity), step: 5, epoch: 1, lastCheckpoint: nil)
    ) { try Trainer(task, SGD(), plan()).run() }
  }

  @Test("data without a single step is refused")
  func noSteps() {
    let task = ToyTask()
    task.stepsPerEpoch = 0
    #expect(throws: TrainingError.self) { try Trainer(task, SGD(), plan()).run() }
  }
}
