import Learning
import Testing

@Suite("Schedules and patience")
struct ScheduleTests {
  private func rates(
    _ course: RateSchedule.Course, base: Double = 1, warmup: Int = 0,
    at places: [(epoch: Int, step: Int)], of totalSteps: Int = 100
  ) -> [Double] {
    let schedule = RateSchedule(base: base, course: course, warmupSteps: warmup)
    return places.map { schedule.rate(epoch: $0.epoch, step: $0.step, totalSteps: totalSteps) }
  }

  @Test("constant is constant")
  func constant() {
    #expect(rates(.constant, base: 0.3, at: [(1, 0), (9, 99)]) == [0.3, 0.3])
  }

  @Test("exponential: N epochs at the full rate, then a factor more in each")
  func exponential() {
    let places = (1...7).map { (epoch: $0, step: 10 * $0) }
    #expect(
      rates(.exponential(decay: 0.5, afterEpoch: 4), at: places) == [1, 1, 1, 1, 0.5, 0.25, 0.125])
    #expect(rates(.exponential(decay: 0.5, afterEpoch: 0), at: [(1, 0)]) == [0.5])
  }

  @Test("cosine falls from the base to the floor over the whole run")
  func cosine() {
    let found = rates(
      .cosine(floor: 0.2), at: [(1, 0), (1, 25), (1, 50), (1, 100), (1, 150)])
    // 0.2 + 0.4 (1 + cos(π/4)) a quarter of the way.
    for (rate, expected) in zip(found, [1, 0.882842712474619, 0.6, 0.2, 0.2]) {
      #expect(abs(rate - expected) < 1e-12)
    }
  }

  @Test("warm-up is linear, and the cosine starts after it")
  func warmup() {
    #expect(
      rates(.constant, warmup: 4, at: [(1, 0), (1, 1), (1, 3), (1, 4)]) == [0.25, 0.5, 1, 1])
    let found = rates(.cosine(), warmup: 20, at: [(1, 9), (1, 20), (1, 60), (1, 100)])
    for (rate, expected) in zip(found, [0.5, 1, 0.5, 0]) { #expect(abs(rate - expected) < 1e-12) }
    #expect(
      rates(.exponential(decay: 0.1, afterEpoch: 1), warmup: 2, at: [(2, 0)]) == [0.05])
  }

  @Test("the rate is halved at each plateau of the loss")
  func plateau() {
    let schedule = RateSchedule(base: 8, course: .plateau())
    var plateau = Plateau(patience: 0)
    let rates = [5.0, 4, 4.5, 3, 3, 3.5].map { loss in
      plateau.record(loss)
      return schedule.rate(epoch: 1, step: 0, totalSteps: 1, plateaus: plateau.count)
    }
    // An equal loss is no improvement.
    #expect(rates == [8, 8, 4, 4, 2, 1])
  }

  @Test("a patient plateau lets failures pass and then counts anew")
  func patientPlateau() {
    var plateau = Plateau(patience: 2)
    let found = [1.0, 2, 2, 2, 2, 2, 0.5, 2, 2, 2].map { plateau.record($0) }
    #expect(found == [false, false, false, true, false, false, false, false, false, true])
    #expect(plateau.count == 2)
  }

  @Test("early stopping waits for the given number of failures in a row")
  func earlyStopping() {
    var stopping = EarlyStopping(patience: 2)
    let found = [3.0, 4, 2, 2, 1, 5, 6].map { stopping.record($0) }
    #expect(found == [false, false, false, false, false, false, true])
    #expect(stopping.watch.best == 1)
  }

  @Test("NaN is never an improvement")
  func notANumber() {
    var watch = LossWatch()
    let found = [.nan, 2, .nan].map { watch.record($0) }
    #expect(found == [false, true, false])
    #expect(watch.best == 2 && watch.failures == 1)
  }

  @Test(
    "numbers that make no sense are refused with a reason",
    arguments: [
      (TrainingPlan(epochs: 0, seed: 1, schedule: RateSchedule(base: 1)), "epochs"),
      (TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 0)), "learning rate"),
      (TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: .nan)), "learning rate"),
      (
        TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1), clipNorm: -1),
        "norm to clip"
      ),
      (
        TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1), clipValue: 0),
        "value to clip"
      ),
      (
        TrainingPlan(epochs: 1, accumulation: 0, seed: 1, schedule: RateSchedule(base: 1)),
        "batches of a step"
      ),
      (TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1), patience: 0), "patience"),
      (
        TrainingPlan(
          epochs: 1, seed: 1,
          schedule: RateSchedule(base: 1, course: .exponential(decay: 2, afterEpoch: 1))),
        "(0, 1], not 2.0"
      ),
      (
        TrainingPlan(
          epochs: 1, seed: 1, schedule: RateSchedule(base: 1, course: .cosine(floor: 2))),
        "floor"
      ),
      (
        TrainingPlan(
          epochs: 1, seed: 1, schedule: RateSchedule(base: 1, course: .plateau(factor: 1))),
        "plateau"
      ),
      (
        TrainingPlan(epochs: 1, seed: 1, schedule: RateSchedule(base: 1, warmupSteps: -1)),
        "warm-up"
      ),
    ])
  func invalidPlan(_ plan: TrainingPlan, _ word: String) {
    let error = #expect(throws: TrainingError.self) {
      try Trainer(ToyTask(), SGD(), plan).run()
    }
    #expect(error?.description.contains(word) == true)
  }
}
