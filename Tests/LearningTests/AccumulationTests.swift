import Tensors
import Testing

@testable import Learning

@Suite("Gradients of several batches, and clipping by value")
struct AccumulationTests {
  private func plan(
    _ accumulation: Int, epochs: Int = 3, stepLimit: Int? = nil, clipValue: Double? = nil,
    clipNorm: Double? = nil, course: RateSchedule.Course = .constant,
    checkpoints: CheckpointPolicy? = nil
  ) -> TrainingPlan {
    TrainingPlan(
      epochs: epochs, accumulation: accumulation, stepLimit: stepLimit, seed: 7,
      schedule: RateSchedule(base: 0.05, course: course, warmupSteps: 2), clipValue: clipValue,
      clipNorm: clipNorm, validationInterval: 2, checkpoints: checkpoints)
  }

  @Test("a step has N batches, the last of an epoch what is left, and all is counted in steps")
  func counting() throws {
    let task = ToyTask()
    var steps: [ProgressSnapshot] = []
    var start: RunStart?
    let outcome = try Trainer(task, SGD(), plan(2)) {
      if case .step(let progress) = $0 { steps.append(progress) }
      if case .began(let run) = $0 { start = run }
    }.run()
    #expect(task.positions.map(\.step) == Array(0..<15))
    #expect(task.positions.map(\.index) == (0..<15).map { $0 % 5 })
    #expect(Set(task.positions.map(\.key)).count == 15)
    #expect(start?.totalSteps == 9 && start?.stepsPerEpoch == 3 && start?.epochs == 3)
    #expect(steps.map(\.step) == Array(1...9))
    #expect(steps.map(\.stepInEpoch) == (0..<9).map { $0 % 3 + 1 })
    #expect(steps.map(\.rate) == [0.025] + Array(repeating: 0.05, count: 8))
    #expect(outcome.summary.epochs.map(\.step) == [3, 6, 9])
    #expect(outcome.summary.validations.map(\.step) == [2, 4, 6, 8, 9])
    let short = ToyTask()
    _ = try Trainer(short, SGD(), plan(2, stepLimit: 4)).run()
    #expect(short.positions.map(\.step) == Array(0..<7))
  }

  @Test("a batch gets the same key and the same place however many make a step")
  func places() throws {
    let (one, three) = (ToyTask(), ToyTask())
    _ = try Trainer(one, SGD(), plan(1)).run()
    _ = try Trainer(three, SGD(), plan(3)).run()
    #expect(one.positions == three.positions)
  }

  @Test(
    "the update is that of the mean gradient, clipped by value and then by norm",
    arguments: [(nil, nil), (0.3, nil), (nil, 0.5), (0.3, 0.5)] as [(Double?, Double?)])
  func update(clipValue: Double?, clipNorm: Double?) throws {
    let (task, twin) = (ToyTask(), ToyTask())
    task.hasValidation = false
    _ = try Trainer(task, SGD(), plan(2, epochs: 2, clipValue: clipValue, clipNorm: clipNorm)).run()
    var (clipped, shortened) = (0, 0)
    var group: [StepPosition] = []
    var steps = 0
    for position in task.positions {
      if position.index == 0 {
        twin.beginEpoch(
          position.epoch, key: RandomKey(seed: 7).child(-1).child(0).child(position.epoch))
      }
      _ = try twin.loss(at: position)
      group.append(position)
      guard group.count == 2 || position.index == 4 else { continue }
      var gradients = twin.parameters.map { parameter in
        parameter.denseGradient.scalars.map { Double($0) / Double(group.count) }
      }
      if let clipValue {
        clipped += gradients.joined().count { abs($0) > clipValue }
        gradients = gradients.map { $0.map { min(max($0, -clipValue), clipValue) } }
      }
      let norm = gradients.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
      let factor = clipNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
      if factor < 1 { shortened += 1 }
      let rate = steps == 0 ? 0.025 : 0.05
      for (parameter, gradient) in zip(twin.parameters, gradients) {
        parameter.clearGradient()
        parameter.value = Tensor(
          shape: parameter.shape,
          scalars: zip(parameter.value.scalars, gradient).map {
            Float(Double($0) - rate * factor * $1)
          })
      }
      group = []
      steps += 1
    }
    #expect(steps == 6)
    #expect((clipped > 0) == (clipValue != nil) && (shortened > 0) == (clipNorm != nil))
    for (found, expected) in zip(task.parameters, twin.parameters) {
      #expect(
        zip(found.value.scalars, expected.value.scalars).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test("gradients of rows are clipped by value as dense ones are")
  func rows() {
    let rows = RowGradient([4, 1], Tensor(shape: [2, 3], scalars: [1, -2, 0.5, -0.5, 0.1, 3]))
    let (sparse, dense) = (
      Parameter("w", Tensor(zeros: [5, 3])), Parameter("w", Tensor(zeros: [5, 3]))
    )
    sparse.setGradient(.rows(rows))
    dense.setGradient(.dense(rows.dense(shape: [5, 3])))
    GradientValues.clip([sparse, dense], limit: 0.5)
    #expect(sparse.denseGradient == dense.denseGradient)
    #expect(Array(sparse.denseGradient.scalars[12...]) == [0.5, -0.5, 0.5])
    guard case .rows = sparse.gradient else {
      Issue.record("the gradient of rows has become dense")
      return
    }
  }

  @Test("a run of steps of several batches, interrupted after any, resumes bit for bit")
  func resumed() throws {
    func bits(_ task: ToyTask) -> [[UInt32]] {
      (task.parameters.map(\.value) + [task.state]).map { $0.scalars.map(\.bitPattern) }
    }
    let straight = ToyTask()
    _ = try Trainer(straight, Adam(), plan(2, clipValue: 0.3, course: .cosine())).run()
    for last in 1...9 {
      try withScratchFolder { folder in
        let plan = plan(
          2, clipValue: 0.3, course: .cosine(), checkpoints: CheckpointPolicy(directory: folder))
        let interrupt = InterruptFlag()
        _ = try Trainer(ToyTask(), Adam(), plan, interrupt: interrupt) {
          if case .step(let progress) = $0, progress.step == last { interrupt.raise() }
        }.run()
        let second = ToyTask()
        _ = try Trainer(second, Adam(), plan).run(resuming: true)
        #expect(bits(second) == bits(straight), "interrupted after step \(last)")
      }
    }
  }
}
