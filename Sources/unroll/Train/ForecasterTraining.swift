import Corpora
import Learning
import Models
import Tensors

/// A training run of a forecaster as the command line makes it.
struct ForecasterTraining: TrainingSetup {
  var configuration: ForecasterConfiguration
  /// The columns that are read; none for all.
  var variables: [String]
  /// Steps of a window, and windows side by side.
  var bptt: Int
  var batch: Int
  var learning: LearningRecipe
  var start: StartRecipe
  var seed: UInt64
  var training: [String]
  var heldOut: HeldOut
  var files: RunFiles

  var inputs: [(role: String, path: String?)] {
    training.map { ("a file of --train", $0) } + [("the file of --valid", heldOut.path)]
  }

  var measure: LossMeasure { .loss }

  func run(_ console: Console) throws -> TrainingRun.Result<Forecaster> {
    let (tables, validation) = try read()
    let model = try Forecaster(
      configuration, learningFrom: tables, initialization: start.initialization,
      key: RandomKey(seed: seed).child(0))
    let task = try ForecasterTask(
      model, tables.map(\.series), validation: validation, window: bptt, batch: batch)
    var identity = configuration.options(model.blueprint.stack)
    identity.merge(start.options) { $1 }
    identity["variables"] = variables.isEmpty ? nil : variables.joined(separator: " ")
    identity["bptt"] = "\(bptt)"
    identity["batch"] = "\(batch)"
    identity["valid-share"] = heldOut.share.map { "\($0)" }
    let record = identity.merging(learning.options) { $1 }
    if heldOut != .nothing {
      identity["validation series"] = fingerprint(
        validation.lazy.flatMap(\.values).map { Int32(bitPattern: $0.bitPattern) })
    }
    let run = TrainingRun(
      files: files, learning: learning, seed: seed, identity: identity, record: record,
      opening: "training a \(model.blueprint.stack.summary), "
        + "\(Format.count(model.parameterCount)) parameters, on "
        + "\(Format.count(task.trainingTokens)) values of "
        + Format.plural(tables[0].variables.count, "variable"),
      measure: measure)
    return try run.run(model, task, console)
  }

  /// The series that are learned from, and those that are held out.
  private func read() throws -> (training: [SeriesTable], heldOut: [Series]) {
    let chosen = variables.isEmpty ? nil : variables
    let tables = try training.map { try SeriesTable(contentsOf: $0, variables: chosen) }
    switch heldOut {
    case .nothing: return (tables, [])
    case .file(let path):
      return (tables, [try SeriesTable(contentsOf: path, variables: tables[0].variables).series])
    case .share(let share):
      let parts = try zip(training, tables).map { try split($1, share, name: $0) }
      return (parts.map(\.0), parts.map(\.1))
    }
  }

  /// The beginning of a series, which is learned from, and its end.
  private func split(
    _ table: SeriesTable, _ share: Double, name: String
  ) throws -> (SeriesTable, Series) {
    let steps = table.series.steps
    let count = Int((share * Double(steps)).rounded())
    guard count > 1, steps - count > 1 else {
      throw Failure(
        "\(name): a share of \(share) of \(Format.plural(steps, "step")) leaves nothing to learn from or "
          + "to judge by")
    }
    return (
      SeriesTable(variables: table.variables, series: table.series[0..<steps - count]),
      table.series[steps - count..<steps]
    )
  }
}
