import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// A training run of a classifier of trees as the command line makes it.
struct TreeTraining: TrainingSetup {
  /// Where the trees come from.
  enum Source: Equatable {
    /// Files to learn from, and one to judge by.
    case files([String], validation: String?)
    /// ListOps: so many expressions an epoch, new ones in each, of at most so many words.
    case listOps(Int, longest: Int?)
  }

  var recipe: TreeRecipe
  var source: Source
  var files: RunFiles

  /// Expressions that the vocabulary is made from, and those that a net is judged by.
  static let listOpsSample = 1000
  static let listOpsHeldOut = 2000

  var inputs: [(role: String, path: String?)] {
    guard case .files(let training, let validation) = source else { return [] }
    return training.map { ("a file of --train", $0) } + [("the file of --valid", validation)]
  }

  var measure: LossMeasure { .errorRate }

  func run(_ console: Console) throws -> TrainingRun.Result<TreeClassifier> {
    var identity = recipe.identity
    let task: TreeClassifierTask
    switch source {
    case .files(let training, let validation):
      let bank = try TreeBank(training.map { try recipe.bank($0) })
      let heldOut = try validation.map { try recipe.bank($0) }
      identity["validation trees"] = heldOut?.fingerprint
      task = try TreeClassifierTask(
        model(bank), bank, validation: heldOut, batch: recipe.batch)
    case .listOps(let count, let longest):
      identity["listops"] = "\(count)"
      identity["listops-longest"] = longest.map { "\($0)" }
      let (seed, reading) = (recipe.seed, recipe.configuration.reading)
      var problem = ListOps()
      if let longest { problem.length = problem.length.lowerBound...longest }
      let made = problem
      let sample = made.bank(.training, count: Self.listOpsSample, seed: seed, reading)
      task = try TreeClassifierTask(
        model(sample),
        TreeGenerator(epochCount: count, name: "ListOps \(reading.rawValue)") {
          made.expression($0, .training, seed: seed).tree(reading)
        },
        validation: ListOps().bank(
          .validation, count: Self.listOpsHeldOut, seed: seed, reading),
        batch: recipe.batch)
    }
    var record = recipe.record
    for key in ["listops", "listops-longest"] { record[key] = identity[key] }
    let run = TrainingRun(
      files: files, learning: recipe.learning, seed: recipe.seed, identity: identity,
      record: record, opening: opening(task), measure: measure)
    return try run.run(task.model, task, console)
  }

  /// A fresh model for trees such as those of `bank`.
  private func model(_ bank: TreeBank) throws -> TreeClassifier {
    if let bare = bank.trees.firstIndex(where: { $0.labels[$0.root] == nil }) {
      throw bank.missingLabel(inTree: bare)
    }
    var configuration = recipe.configuration
    configuration.arity = try recipe.arity ?? bank.arity(for: configuration.cell)
    return try TreeClassifier(
      configuration, learningFrom: bank.trees,
      key: RandomKey(seed: recipe.seed).child(0))
  }

  private func opening(_ task: TreeClassifierTask) -> String {
    let model = task.model
    return "training \(model.configuration.summary), \(Format.count(model.parameterCount)) "
      + "parameters, on \(Format.count(task.trainingTokens)) trees"
      + (inputs.isEmpty ? " an epoch" : "")
      + " (\(Format.plural(model.labels.count, "label")), vocabulary "
      + "\(Format.count(model.vocabulary.count)))"
  }
}

extension TreeRecipe {
  /// The trees of a file, taken as asked for.
  fileprivate func bank(_ path: String) throws -> TreeBank {
    try (format ?? TreeFormat(ofFile: path)).read(file: path, as: configuration.reading)
  }
}

extension TreeBank {
  /// The most children of a node that a cell has weights for without being asked: their number grows with
  /// the square.
  static let usualArity = 16

  /// The children for which a cell of `kind` needs weights of their own; 1 where it needs none.
  ///
  /// - Throws: `TreeError` that names a tree with a node of too many.
  func arity(for kind: TreeCellKind) throws -> Int {
    guard kind != .childSum else { return 1 }
    let arities = trees.map(\.maximumArity)
    let widest = arities.indices.max { arities[$0] < arities[$1] } ?? 0
    guard arities[widest] <= Self.usualArity else {
      throw error(
        "a node with \(arities[widest]) children; expected --reading binary, --cell child-sum, or "
          + "--arity for a matrix for each", inTree: widest)
    }
    return max(1, arities[widest])
  }
}

extension TreeFormat {
  /// What the name of a file says.
  init(ofFile path: String) {
    self =
      switch path.split(separator: ".").last {
      case "conllu", "conll": .conllu
      case "json", "jsonl": .json
      default: .brackets
      }
  }
}
