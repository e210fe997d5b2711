import ArgumentParser
import Corpora
import Models
import Recurrent

/// The flags of the recipe of a classifier of trees. Each is also a key of a configuration file.
struct TreeOptions: ParsableArguments {
  @Option(help: "How trees are written: brackets, conllu or json (default: by the file's name).")
  var format: TreeFormat?
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
    help: ArgumentHelp("Features of a word's vector (default: 64).", valueName: "n"))
  var embedding: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Units of a node's state (default: 128).", valueName: "n"))
  var hidden: Int?
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
  @OptionGroup var learning: LearningOptions
}

/// Everything about the training of a classifier of trees that its result depends on, checked.
struct TreeRecipe: Equatable {
  var format: TreeFormat?
  var reading: TreeReading
  var targets: TreeTargets
  var cell: TreeCellKind
  var arity: Int?
  var embedding: Int
  var hidden: Int
  var inputDropout: Double
  var outputDropout: Double
  var batch: Int
  var learning: LearningRecipe
  var seed: UInt64

  /// The most children of a node that a cell has weights for without being asked: their number grows with
  /// the square.
  static let usualArity = 16
}

extension TreeOptions {
  /// The recipe that the flags and the configuration file make. Throws `Failure` for values that make no
  /// sense by themselves or together.
  func recipe(_ settings: inout Settings, seed: UInt64) throws -> TreeRecipe {
    let recipe = TreeRecipe(
      format: try settings.value("format", format),
      reading: try settings.value("reading", reading, default: .trees),
      targets: try settings.value("targets", targets, default: .root),
      cell: try settings.value("cell", cell, default: .childSum),
      arity: try settings.value("arity", arity, .upTo(1000)),
      embedding: try settings.value("embedding", embedding, default: 64, .upTo(1_000_000)),
      hidden: try settings.value("hidden", hidden, default: 128, .upTo(1_000_000)),
      inputDropout: try settings.value("dropout-input", dropoutInput, default: 0, .belowOne),
      outputDropout: try settings.value("dropout-output", dropoutOutput, default: 0, .belowOne),
      batch: try settings.value("batch", batch, default: 32, .upTo(1_000_000)),
      learning: try learning.recipe(&settings), seed: seed)
    if recipe.arity != nil, recipe.cell == .childSum {
      throw Failure.usage(
        "--arity is for --cell n-ary and recursive; a child-sum cell takes any number of children")
    }
    if recipe.learning.optimizer.kind.takesObjective {
      throw Failure.usage(
        "--optimizer \(recipe.learning.optimizer.kind.rawValue) is for language models, expected a rule "
          + "that takes gradients alone")
    }
    return recipe
  }
}

extension TreeRecipe {
  /// The architecture for data whose nodes have up to `arity` children.
  func configuration(arity found: Int) -> TreeClassifierConfiguration {
    TreeClassifierConfiguration(
      words: WordEncoderConfiguration(lookUpSize: embedding), reading: reading, cell: cell,
      hiddenSize: hidden, arity: arity ?? max(1, found), targets: targets,
      inputDropout: Float(inputDropout), outputDropout: Float(outputDropout))
  }

  /// The recipe as it stands in the model's record: options and their values, as on the command line.
  var record: [String: String] { identity.merging(learning.options) { $1 } }

  /// What a checkpoint must agree with, beside what the trainer compares by itself.
  var identity: [String: String] {
    var identity = [
      "reading": reading.rawValue, "targets": targets.rawValue, "cell": cell.rawValue,
      "embedding": "\(embedding)", "hidden": "\(hidden)", "batch": "\(batch)",
    ]
    identity["arity"] = arity.map { "\($0)" }
    identity["dropout-input"] = inputDropout > 0 ? "\(inputDropout)" : nil
    identity["dropout-output"] = outputDropout > 0 ? "\(outputDropout)" : nil
    return identity
  }
}
