import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Forecaster")
struct ForecasterTests {
  /// Two variables far from zero: a wave with noise, and the wave two steps later.
  private func table(_ steps: Int, seed: UInt64 = 1) -> SeriesTable {
    var random = Random(state: seed)
    let values = (0..<steps).flatMap { step -> [Float] in
      let wave = { (step: Int) in Float(sin(Double(step) * 0.5)) }
      let noise = { Float(random.below(1000)) / 5000 }
      return [500 + 10 * wave(step) + noise(), wave(step - 2) + noise()]
    }
    return SeriesTable(variables: ["a", "b"], series: Series(width: 2, values: values))
  }

  private func model(
    _ table: SeriesTable, horizon: Int = 2, cell: CellKind = .lstm, hidden: Int = 5,
    layers: Int = 1, dropout: NetworkDropout = 0.0, range: Float = 0.5
  ) throws -> Forecaster {
    try Forecaster(
      ForecasterConfiguration(
        horizon: horizon, cell: cell, hiddenSize: hidden, layers: layers,
        window: cell == .window ? 3 : CellKind.usualWindow,
        dropout: dropout),
      learningFrom: [table], initialization: .uniform(range), key: RandomKey(seed: 1))
  }

  @Test("it learns how a series goes on, better than its last value, and how sure it may be")
  func learns() throws {
    let (training, heldOut) = (table(400), table(120, seed: 7))
    let model = try model(training, horizon: 3, hidden: 10, range: 0.2)
    let task = try ForecasterTask(
      model, [training.series], validation: [heldOut.series], window: 25, batch: 4)
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(epochs: 40, seed: 1, schedule: RateSchedule(base: 0.02), clipNorm: 1))
    let summary = try trainer.run().summary
    let evaluation = model.evaluate([heldOut.series])
    for score in evaluation.byVariable + evaluation.byStep {
      #expect(score.rmse < 0.4 * score.naiveRMSE && score.mae < 0.4 * score.naiveMAE)
      #expect(score.coverage > 0.75)
    }
    #expect(abs(summary.best!.loss - task.validate()!) < 1e-9)
    #expect(evaluation.all.count == 2 * (119 + 118 + 117))
  }

  @Test("means, deviations and densities are those of the equations in Double")
  func equations() throws {
    let table = table(9)
    let model = try model(table, cell: .rnn)
    let scale = model.scale
    func values(_ name: String) -> [Double] {
      model.parameters.first { $0.name == name }!.value.scalars.map(Double.init)
    }
    let (wx, wh) = (values("rnn.weight_ih_l0"), values("rnn.weight_hh_l0"))
    let (bx, bh) = (values("rnn.bias_ih_l0"), values("rnn.bias_hh_l0"))
    let (w, b) = (values("output.weight"), values("output.bias"))
    var h = [Double](repeating: 0, count: 5)
    var expected: [[Forecast]] = []
    for step in 0..<9 {
      let x = (0..<2).map {
        (Double(table.series.values[2 * step + $0]) - Double(scale.means[$0]))
          / Double(scale.deviations[$0])
      }
      h = (0..<5).map { unit in
        var sum = bx[unit] + bh[unit]
        for j in 0..<2 { sum += wx[unit * 2 + j] * x[j] }
        for j in 0..<5 { sum += wh[unit * 5 + j] * h[j] }
        return tanh(sum)
      }
      let outputs = (0..<8).map { row in
        (0..<5).reduce(b[row]) { $0 + w[row * 5 + $1] * h[$1] }
      }
      expected = (0..<2).map { ahead in
        (0..<2).map { variable in
          let unit = Double(scale.deviations[variable])
          return Forecast(
            mean: (x[variable] + outputs[2 * ahead + variable]) * unit
              + Double(scale.means[variable]),
            deviation: (log1p(exp(outputs[4 + 2 * ahead + variable])) + 1e-3) * unit)
        }
      }
    }
    for (found, expected) in zip(
      model.forecast(after: table.series).joined(), expected.joined())
    {
      #expect(abs(found.mean - expected.mean) < 1e-5 * abs(expected.mean) + 1e-4)
      #expect(abs(found.deviation - expected.deviation) < 1e-5 * expected.deviation)
    }
    let normal = Forecast(mean: 1, deviation: 2)
    #expect(abs(normal.negativeLogDensity(at: 3) - (0.5 + log(2) + 0.9189385332046727)) < 1e-12)
    #expect(abs(normal.high - 4.289707253902943) < 1e-12)
    #expect(abs(normal.low + 2.289707253902943) < 1e-12)
  }

  @Test(
    "what a forecaster that diverges expects is judged too, and is no good",
    arguments: [Float.infinity, .nan])
  func diverged(value: Float) throws {
    let table = table(9)
    let model = try model(table)
    let bias = model.output.bias
    bias.value = Tensor(
      shape: bias.shape, scalars: [Float](repeating: value, count: bias.shape[0]))
    let forecast = model.forecast(after: table.series)[0][0]
    #expect(forecast.low.isNaN && !forecast.high.isFinite)
    #expect(!model.evaluate([table.series]).all.rmse.isFinite)
    let task = try ForecasterTask(
      model, [table.series], validation: [table.series], window: 4, batch: 2)
    #expect(task.validate()?.isFinite == false)
  }

  @Test("variables of different units are put together in deviations, a single one in its own unit")
  func units() throws {
    let table = table(60)
    let model = try model(table)
    let evaluation = model.evaluate([table.series])
    let unit = model.scale.deviations.map(Double.init)
    #expect(evaluation.isStandardized && unit[0] > 5 * unit[1])
    for (both, step) in zip(evaluation.byStep, evaluation.scores) {
      let squares = (0..<2).map { step[$0].rmse * step[$0].rmse / (unit[$0] * unit[$0]) }
      #expect(abs(both.rmse - ((squares[0] + squares[1]) / 2).squareRoot()) < 1e-9)
      let magnitudes = (0..<2).map { step[$0].mae / unit[$0] }
      #expect(abs(both.mae - (magnitudes[0] + magnitudes[1]) / 2) < 1e-9)
      let naive = (0..<2).map { step[$0].naiveMAE / unit[$0] }
      #expect(abs(both.naiveMAE - (naive[0] + naive[1]) / 2) < 1e-9)
    }
    let task = try ForecasterTask(
      model, [table.series], validation: [table.series], window: 9, batch: 2)
    #expect(abs(evaluation.all.negativeLogLikelihood - task.validate()!) < 1e-9)

    let one = SeriesTable(
      variables: ["a"],
      series: Series(width: 1, values: (0..<60).map { table.series.values[2 * $0] }))
    let alone = try self.model(one).evaluate([one.series])
    #expect(!alone.isStandardized && alone.all == alone.byVariable[0])
    #expect(alone.byStep == alone.scores.map { $0[0] })
  }

  @Test("the loss falls along its gradient, and is that of the evaluation", arguments: [40, 6])
  func gradient(window: Int) throws {
    let table = table(20)
    let model = try model(table, cell: .gru)
    let task = try ForecasterTask(model, [table.series], window: window, batch: 9)
    let position = StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: 1))
    func loss() throws -> Double {
      for parameter in model.parameters { parameter.clearGradient() }
      return try task.loss(at: position).mean
    }
    let mean = try loss()
    if window == 40 {
      let held = try ForecasterTask(
        model, [table.series], validation: [table.series], window: 40, batch: 9)
      #expect(abs(mean - held.validate()!) < 1e-4)
    }
    let gradients = model.parameters.map(\.denseGradient)
    for (index, parameter) in model.parameters.enumerated() {
      let direction = RandomKey(seed: 30 + UInt64(index)).uniform(parameter.shape, from: -1, to: 1)
      var (slope, squares) = (0.0, 0.0)
      for (gradient, direction) in zip(gradients[index].scalars, direction.scalars) {
        slope += Double(gradient) * Double(direction)
        squares += Double(gradient) * Double(gradient)
      }
      let (value, step) = (parameter.value, Float(0.004))
      func moved(_ sign: Float) throws -> Double {
        parameter.value = Tensor(
          shape: value.shape,
          scalars: zip(value.scalars, direction.scalars).map { $0 + sign * step * $1 })
        return try loss()
      }
      let difference = try (moved(1) - moved(-1)) / Double(2 * step)
      parameter.value = value
      #expect(abs(difference - slope) < 2e-3 * (squares.squareRoot() + 1), "\(parameter.name)")
    }
  }

  @Test(
    "a long series is read in pieces as if at once, for any cell",
    arguments: [CellKind.lstm, .window])
  func pieces(cell: CellKind) throws {
    let table = table(Forecaster.longestPiece + 7)
    let model = try model(table, cell: cell)
    let inputs = Tensor(
      shape: [table.series.steps, 1, 2], scalars: model.scale.standardized(table.series.values))
    let means = model.predict(inputs, mode: .prediction).means.value.scalars
    let found = model.forecast(after: table.series)
    for (index, forecast) in found.joined().enumerated() {
      let variable = index % 2
      let mean =
        Double(means[means.count - 4 + index]) * Double(model.scale.deviations[variable])
        + Double(model.scale.means[variable])
      #expect(forecast.mean == mean)
    }
  }

  /// Trains and writes the forecaster. False if it was interrupted.
  private func train(
    to path: String, hidden: Int = 5, checkpoints: CheckpointPolicy? = nil,
    resuming: Bool = false, interruption: Int? = nil
  ) throws -> Bool {
    let (training, other) = (table(90), table(40, seed: 3))
    let model = try model(training, hidden: hidden, layers: 2, dropout: 0.2)
    let task = try ForecasterTask(
      model, [training.series, other.series], validation: [other.series], window: 12, batch: 4)
    let interrupt = InterruptFlag()
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(
        epochs: 4, stepLimit: 11, seed: 9, schedule: RateSchedule(base: 0.02, course: .plateau()),
        clipNorm: 1, validationInterval: 2, checkpoints: checkpoints),
      interrupt: interrupt
    ) {
      if case .step(let progress) = $0, progress.step == interruption { interrupt.raise() }
    }
    guard case .finished = try trainer.run(resuming: resuming) else { return false }
    try model.save(to: path)
    return true
  }

  @Test("1, 2 and 3 threads write the same file, byte for byte")
  func threads() throws {
    try withTemporaryFolder { folder in
      let files = try [1, 2, 3].map { threads in
        try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
          let isComplete = try train(to: "\(folder)/\(threads)", hidden: 40)
          #expect(isComplete)
          return try contents("\(folder)/\(threads)")
        }
      }
      #expect(areEqual(files[1], files[0]) && areEqual(files[2], files[0]))
    }
  }

  @Test("a run that is interrupted and resumed ends as one that was not", arguments: [1, 5, 8])
  func resumed(step: Int) throws {
    try withTemporaryFolder { folder in
      let whole = try train(to: folder + "/whole")
      let policy = CheckpointPolicy(directory: folder + "/run")
      let part = try train(to: folder + "/parts", checkpoints: policy, interruption: step)
      #expect(whole && !part)
      let rest = try train(to: folder + "/parts", checkpoints: policy, resuming: true)
      #expect(rest)
      let files = try ["/whole", "/parts"].map { try contents(folder + $0) }
      #expect(areEqual(files[0], files[1]))
    }
  }

  @Test(
    "a forecaster that is saved and read is the same one; a damaged file is refused in one line")
  func files() throws {
    let table = table(30)
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      for cell in [CellKind.lstm, .window] {
        let model = try model(
          table, cell: cell,
          dropout: NetworkDropout(input: 0.1, output: 0.2, isVariational: true))
        try model.save(to: path)
        #expect(try ModelTask(ofFile: path) == .forecaster)
        let copy = try Forecaster(contentsOf: path)
        #expect(copy.configuration == model.configuration && copy.scale == model.scale)
        #expect(copy.variables == ["a", "b"])
        #expect(copy.forecast(after: table.series) == model.forecast(after: table.series))
        try copy.save(to: folder + "/second")
        #expect(areEqual(try contents(path), try contents(folder + "/second")))
        let expected = Forecaster.tensorShapes(model.blueprint)
        #expect(expected.map(\.name) == model.parameters.map(\.name))
        #expect(expected.map(\.shape) == model.parameters.map(\.shape))
      }
      let parts = try ModelParts(path)
      for (old, new) in [
        ("\"horizon\":2", "\"horizon\":3"), ("\"horizon\":2", "\"horizon\":0"),
        ("\"variables\":[\"a\",\"b\"]", "\"variables\":[\"a\"]"),
        ("\"variables\":[\"a\",\"b\"]", "\"variables\":[\"a\",\"a\"]"),
        ("\"deviations\":[", "\"deviations\":[-"), ("\"window\":3", "\"window\":4"),
      ] {
        var damaged = parts
        damaged.replace(old, new)
        try damaged.write(to: path)
        let error = #expect(throws: (any Error).self) { try Forecaster(contentsOf: path) }
        #expect(
          error.map(isReadingError) == true, "\(old) → \(new): \(error.map { "\($0)" } ?? "")")
      }
    }
  }

  @Test("what makes no forecaster, and nothing to predict")
  func refusals() throws {
    let table = table(5)
    #expect(throws: ModelError.self) { try model(table, horizon: 0) }
    #expect(throws: ModelError.self) { try model(table, hidden: 0) }
    #expect(throws: ModelError.self) {
      try model(table, dropout: NetworkDropout(embedding: 0.1))
    }
    #expect(throws: ModelError.self) {
      try Forecaster(
        ForecasterConfiguration(hiddenSize: 2), learningFrom: [], key: RandomKey(seed: 1))
    }
    var other = table
    other.variables = ["a", "c"]
    #expect(throws: ModelError.self) {
      try Forecaster(
        ForecasterConfiguration(hiddenSize: 2), learningFrom: [table, other],
        key: RandomKey(seed: 1))
    }
    let fresh = try model(table)
    #expect(throws: CorpusError.noSentences) {
      try ForecasterTask(fresh, [table.series[0..<1]], window: 4, batch: 2)
    }
    #expect(fresh.evaluate([table.series[0..<1]]).all.count == 0)
  }
}
