import Tensors
import Testing

@testable import Learning

@Suite("Averages of the iterates")
struct AveragingTests {
  /// After which of the validation losses the trigger goes off.
  private func trigger(_ losses: [Double], patience: Int) -> Int? {
    var optimizer = AveragedOptimizer(SGD(), patience: patience)
    for (index, loss) in losses.enumerated() {
      optimizer.observe(validationLoss: loss)
      if optimizer.isTriggered { return index }
    }
    return nil
  }

  /// The same, read off the definition.
  private func expectedTrigger(_ losses: [Double], patience n: Int) -> Int? {
    losses.indices.first { t in t > n && losses[t] > losses[0..<t - n].min()! }
  }

  @Test("the trigger is the paper's: worse than the best of those more than n validations ago")
  func definition() {
    #expect(trigger([5, 4, 3, 2, 1], patience: 0) == nil)
    #expect(trigger([5, 4, 4.5, 3], patience: 0) == 2)
    // 4.5 is compared with 5 alone, since 4 is one of the last two.
    #expect(trigger([5, 4, 4.5, 4.2, 3], patience: 1) == 3)
    #expect(trigger([5, 5, 5, 5, 5], patience: 0) == nil)
    for seed in 0..<200 {
      let losses = RandomKey(seed: UInt64(seed)).uniform(30).enumerated().map {
        Double($1) - 0.02 * Double($0)
      }
      let patience = seed % 8
      #expect(
        trigger(losses, patience: patience) == expectedTrigger(losses, patience: patience))
    }
  }

  @Test("from the trigger on the average is the plain mean of the iterates, whatever makes them")
  func mean() {
    for base: any Optimizer in [SGD(), SGD(momentum: 0.9), Adam()] {
      var plain = base
      var averaged = AveragedOptimizer(base, patience: 0)
      let (first, second) = (Parameter("w", Tensor(zeros: [9])), Parameter("w", Tensor(zeros: [9])))
      var sum = [Double](repeating: 0, count: 9)
      for step in 0..<30 {
        let gradient = Parameter.Gradient.dense(RandomKey(seed: 6).child(step).normal([9]))
        for parameter in [first, second] { parameter.setGradient(gradient) }
        plain.step(parameters: [first], rate: 0.1, gradientScale: 1)
        averaged.step(parameters: [second], rate: 0.1, gradientScale: 1)
        if step < 10 {
          #expect(averaged.averages(of: [second]) == nil)
          averaged.observe(validationLoss: step < 9 ? -Double(step) : 0)
        } else {
          sum = zip(sum, first.value.scalars).map { $0 + Double($1) }
        }
      }
      // The iterates themselves know nothing of it.
      #expect(first.value == second.value)
      let average = averaged.averages(of: [second])?[0].scalars ?? []
      #expect(average.count == 9)
      // Twenty roundings of numbers near 1.
      #expect(zip(average, sum).allSatisfy { abs(Double($0) - $1 / 20) < 1e-6 })
    }
  }

  @Test("what has no gradient has no average, and stands for itself")
  func noGradient() {
    var optimizer = AveragedOptimizer(SGD(), patience: 0)
    let moving = Parameter("a", Tensor(zeros: [2]))
    let resting = Parameter("b", Tensor(repeating: 3, shape: [2]))
    for loss in [1.0, 2] { optimizer.observe(validationLoss: loss) }
    moving.setGradient(.dense(Tensor(repeating: 1, shape: [2])))
    optimizer.step(parameters: [moving, resting], rate: 1, gradientScale: 1)
    #expect(optimizer.averages(of: [moving, resting]) == [moving.value, resting.value])
    #expect(optimizer.state.tensors.keys.sorted() == ["average.a"])
  }

  private func plan(checkpoints: String? = nil) -> TrainingPlan {
    TrainingPlan(
      epochs: 6, seed: 3, schedule: RateSchedule(base: 0.03, warmupSteps: 4), clipNorm: 1,
      patience: 20, validationInterval: 2,
      checkpoints: checkpoints.map { CheckpointPolicy(directory: $0) })
  }

  @Test("it is the averages that a run validates, keeps if they are the best, and leaves")
  func run() throws {
    let task = ToyTask()
    // The trigger goes off at the fourth validation, step 8; the last is the best.
    task.validationLosses = [9, 8, 7, 8.5, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1]
    let twin = ToyTask()
    twin.validationLosses = task.validationLosses
    var iterates: [Tensor] = []
    var validated: [Tensor] = []
    task.beforeValidation = { validated.append(task.table.value) }
    let trainer = Trainer(task, AveragedOptimizer(SGD(), patience: 1), plan()) {
      if case .step = $0 { iterates.append(task.table.value) }
    }
    let outcome = try trainer.run()
    #expect(outcome.summary.best?.step == 30)
    _ = try Trainer(twin, SGD(), plan()) { event in
      if case .step(let progress) = event {
        // Averages do not change the steps.
        #expect(twin.table.value == iterates[progress.step - 1])
      }
    }.run()
    #expect(validated.count == 15)
    for (index, value) in validated.enumerated() {
      let step = 2 * (index + 1)
      let range = step <= 8 ? step - 1..<step : 8..<step
      let sums = iterates[range].reduce([Double](repeating: 0, count: 24)) {
        zip($0, $1.scalars).map { $0 + Double($1) }
      }
      #expect(
        zip(value.scalars, sums).allSatisfy { abs(Double($0) - $1 / Double(range.count)) < 1e-6 },
        "step \(step)")
    }
    #expect(task.table.value == validated.last)
  }

  @Test("a run that ends after its best validation leaves the averages of that moment")
  func best() throws {
    let task = ToyTask()
    task.validationLosses = [9, 8, 7, 8.5, 8, 8, 1, 8, 8, 8, 8, 8, 8, 8, 8]
    var validated: [Tensor] = []
    task.beforeValidation = { validated.append(task.table.value) }
    _ = try Trainer(task, AveragedOptimizer(SGD(), patience: 1), plan()).run()
    #expect(task.table.value == validated[6])
  }

  @Test("averages that are the best at the moment of a checkpoint are in it")
  func checkpoint() throws {
    try withScratchFolder { folder in
      func task() -> ToyTask {
        let task = ToyTask()
        task.validationLosses = [9, 8, 7, 8.5, 1, 8]
        return task
      }
      let straight = task()
      _ = try Trainer(straight, AveragedOptimizer(SGD(), patience: 1), plan()).run()
      let interrupt = InterruptFlag()
      let first = task()
      _ = try Trainer(
        first, AveragedOptimizer(SGD(), patience: 1), plan(checkpoints: folder),
        interrupt: interrupt
      ) {
        if case .improved(let record) = $0, record.step == 10 { interrupt.raise() }
      }.run()
      let saved = try Checkpoint(path: Checkpoint.path(in: folder))
      #expect(saved.record.run.best?.step == 10 && saved.record.run.step == 10)
      #expect(saved.best["table"] != nil && saved.best["table"] != saved.parameters["table"])
      let second = task()
      second.validationLosses = [8]
      _ = try Trainer(
        second, AveragedOptimizer(SGD(), patience: 1), plan(checkpoints: folder)
      ).run(resuming: true)
      #expect(second.table.value == straight.table.value)
    }
  }

  @Test(
    "the recipe with averages that checkpoints are tested with begins without them and ends with them"
  )
  func recipe() throws {
    let recipe = try #require(ResumeTests.recipes.first { $0.testDescription == "NT-ASGD" })
    let trainer = Trainer(recipe.task(), recipe.optimizer, recipe.plan(nil))
    _ = try trainer.run()
    let averaged = trainer.optimizer.state.numbers["average.count.bias"] ?? 0
    #expect((10...20).contains(averaged))
  }
}
