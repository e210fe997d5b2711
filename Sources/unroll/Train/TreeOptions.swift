import ArgumentParser
import Corpora
import Models
import Recurrent

/// A classifier of trees's.
enum UsualTrees: UsualRecipe {
  static let hidden = 128
  static let embedding: Int? = 64
  static let sequence = "tree"
  static let schedule = ScheduleKind.cosine
}

/// The flags that say what a net for trees reads, and what it is. Each is also a key of a configuration file.
struct TreeOptions: ParsableArguments {
  @Option(
    help: """
      How trees are written: brackets, conllu, json or listops, as it is published (default: by the \
      file's name).
      """)
  var treeFormat: TreeFormat?
  @Option(
    help: """
      Take them as they are (trees), with two children a node at the most (binary), or as words from \
      left to right (sequence), as a net without trees would (default: trees).
      """)
  var reading: TreeReading?
  @Option(help: "Learn the label of the root, or of all nodes that have one (default: root).")
  var targets: TreeTargets?
  @Option(help: "The tree cell: child-sum, n-ary or recursive (default: child-sum).")
  var cell: TreeCellKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most children of a node, for n-ary and recursive (default: those of the data, up to 16).",
      valueName: "n"))
  var arity: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Units of a node's state (default: \(UsualTrees.hidden)).", valueName: "n"))
  var hidden: Int?
  @Flag(help: "Look words up in lower case.")
  var lowercase = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Words that occur less often are looked up as <unk> (default: 1, so none).", valueName: "n"))
  var minCount: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Probability with which a word that occurs once is looked up as <unk> in training (default: 0).",
      valueName: "x"))
  var dropoutWords: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the words' features that is dropped in training (default: 0).", valueName: "x"))
  var dropoutInput: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the states' features that is dropped before the softmax (default: 0).",
      valueName: "x"))
  var dropoutOutput: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Trees side by side (default: 32).", valueName: "n"))
  var batch: Int?
}

/// Everything about the training of a classifier of trees that its result depends on, checked.
struct TreeRecipe: Equatable {
  var format: TreeFormat?
  /// Its arity is that of the data where none is given.
  var configuration: TreeClassifierConfiguration
  var arity: Int?
  var batch: Int
  var learning: LearningRecipe
  var seed: UInt64
}

extension TrainTrees {
  /// The recipe that the flags and the configuration file make. Throws `Failure` for values that make no
  /// sense by themselves or together.
  func recipe(_ settings: inout Settings, seed: UInt64) throws -> TreeRecipe {
    let encoder = try words.encoder(&settings)
    let cell = try settings.value("cell", trees.cell, default: .childSum)
    let arity = try settings.value("arity", trees.arity, .upTo(1000))
    if arity != nil, cell == .childSum {
      throw Failure.usage(
        "--arity is for --cell n-ary and recursive; a child-sum cell takes any number of children")
    }
    let configuration = TreeClassifierConfiguration(
      words: encoder, lowercases: try settings.isOn("lowercase", trees.lowercase),
      minimumCount: try settings.value("min-count", trees.minCount, default: 1, .atLeast(1)),
      wordDropout: Float(
        try settings.value("dropout-words", trees.dropoutWords, default: 0, .belowOne)),
      reading: try settings.value("reading", trees.reading, default: .trees), cell: cell,
      hiddenSize: try settings.value(
        "hidden", trees.hidden, default: UsualTrees.hidden, .upTo(1_000_000)),
      arity: arity ?? 1,
      targets: try settings.value("targets", trees.targets, default: .root),
      inputDropout: Float(
        try settings.value("dropout-input", trees.dropoutInput, default: 0, .belowOne)),
      outputDropout: Float(
        try settings.value("dropout-output", trees.dropoutOutput, default: 0, .belowOne)))
    let recipe = TreeRecipe(
      format: try settings.value("tree-format", trees.treeFormat), configuration: configuration,
      arity: arity, batch: try settings.value("batch", trees.batch, default: 32, .upTo(1_000_000)),
      learning: try learning.recipe(&settings, optimizer, schedule), seed: seed)
    try recipe.learning.refuseObjectives(for: "classifiers of trees")
    return recipe
  }
}

extension TreeRecipe {
  /// The recipe as it stands in the model's record: options and their values, as on the command line.
  var record: [String: String] { identity.merging(learning.options) { $1 } }

  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String] {
    var identity = configuration.words.options
    identity["reading"] = configuration.reading.rawValue
    identity["targets"] = configuration.targets.rawValue
    identity["cell"] = configuration.cell.rawValue
    identity["hidden"] = "\(configuration.hiddenSize)"
    identity["batch"] = "\(batch)"
    identity["arity"] = arity.map { "\($0)" }
    if configuration.lowercases { identity["lowercase"] = "true" }
    if configuration.minimumCount > 1 { identity["min-count"] = "\(configuration.minimumCount)" }
    for (name, rate) in [
      ("dropout-words", configuration.wordDropout), ("dropout-input", configuration.inputDropout),
      ("dropout-output", configuration.outputDropout),
    ] where rate > 0 {
      identity[name] = "\(rate)"
    }
    return identity
  }
}
