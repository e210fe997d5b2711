import Corpora
import Learning
import Models
import Tensors

/// A training run of a classifier as the command line makes it.
struct ClassifierTraining: TrainingSetup {
  var configuration: ClassifierConfiguration
  var choice: ClassifierChoice
  var learning: LearningRecipe
  var start: StartRecipe
  var seed: UInt64
  var training: [String]
  var heldOut: HeldOut
  var files: RunFiles

  var inputs: [(role: String, path: String?)] {
    training.map { ("a file of --train", $0) } + [("the file of --valid", heldOut.path)]
  }

  var measure: LossMeasure { configuration.output.measure(choice.criterion) }

  func run(_ console: Console) throws -> TrainingRun.Result<Classifier> {
    let (cases, validation) = try read()
    let model = try Classifier(
      configuration, learningFrom: cases, initialization: start.initialization,
      key: RandomKey(seed: seed).child(0))
    let task = try ClassifierTask(
      model, cases, validation: validation, weights: choice.weights, criterion: choice.criterion,
      batch: choice.batch)
    var identity = configuration.options(model.blueprint.stack)
    identity.merge(start.options) { $1 }
    identity["batch"] = "\(choice.batch)"
    identity["class-weights"] = choice.weights == .none ? nil : choice.weights.option
    identity["judge"] = choice.criterion == .error ? nil : choice.criterion.rawValue
    identity["valid-share"] = heldOut.share.map { "\($0)" }
    let record = identity.merging(learning.options) { $1 }
    identity["validation cases"] = validation.isEmpty ? nil : LabelledCase.fingerprint(validation)
    let run = TrainingRun(
      files: files, learning: learning, seed: seed, identity: identity, record: record,
      opening: opening(model, cases.count), measure: measure)
    return try run.run(model, task, console)
  }

  /// The cases that are learned from, and those that are held out.
  private func read() throws -> (training: [LabelledCase], heldOut: [LabelledCase]) {
    var cases: [LabelledCase] = []
    for path in training { cases += try CaseFormat(path: path).read(path) }
    switch heldOut {
    case .nothing: return (cases, [])
    case .file(let path): return (cases, try CaseFormat(path: path).read(path))
    case .share(let share):
      return try Self.split(cases, share, configuration.output, seed: seed)
    }
  }

  /// Draws a share of `cases` to hold out. The last case of a label stays: what is learned has to have all
  /// labels. So fewer may be held out.
  static func split(
    _ cases: [LabelledCase], _ share: Double, _ output: ClassifierOutput, seed: UInt64
  ) throws -> (training: [LabelledCase], heldOut: [LabelledCase]) {
    let count = Int((share * Double(cases.count)).rounded())
    guard count > 0, count < cases.count else {
      throw Failure(
        "a share of \(share) of \(Format.plural(cases.count, "case")) leaves nothing to learn from or "
          + "to judge by")
    }
    let drawn = RandomKey(seed: seed).child(-1).uniform(cases.count)
    let order = cases.indices.sorted { (drawn[$0], $0) < (drawn[$1], $1) }
    let names = cases.map { labels(of: $0, output) }
    var left: [String: Int] = [:]
    for label in names.joined() { left[label, default: 0] += 1 }
    var chosen: Set<Int> = []
    for index in order where chosen.count < count {
      guard names[index].allSatisfy({ left[$0, default: 0] > 1 }) else { continue }
      for label in names[index] { left[label, default: 0] -= 1 }
      chosen.insert(index)
    }
    guard !chosen.isEmpty else {
      throw Failure(
        "a share of \(share) holds out no case, as each is the only one of a label; expected more cases "
          + "to a label, or --valid with a file")
    }
    return (
      cases.indices.filter { !chosen.contains($0) }.map { cases[$0] },
      cases.indices.filter(chosen.contains).map { cases[$0] }
    )
  }

  /// The labels that a case has, each once; none for a number. What is wrong with them is found out later.
  private static func labels(of item: LabelledCase, _ output: ClassifierOutput) -> Set<String> {
    let label = item.label ?? ""
    switch output {
    case .classes: return [label]
    case .labels: return Set(label.split(separator: Classifier.labelSeparator).map(String.init))
    case .number: return []
    }
  }

  private func opening(_ model: Classifier, _ cases: Int) -> String {
    let labels = model.labels.map {
      ", \(Format.count($0.count)) \(model.configuration.output.rawValue)"
    }
    return "training a \(model.blueprint.stack.summary), "
      + "\(Format.count(model.parameterCount)) parameters, on \(Format.plural(cases, "case"))"
      + (labels ?? "")
  }
}
